import Model
import PrometheusText
import Testing

@Suite struct ExpositionWriterTests {
    @Test func writesFamiliesAndEscapes() {
        var writer = ExpositionWriter()
        writer.family("a_total", .counter, help: "One\\two\nthree \"four\".")
        writer.sample("a_total", [(name: "x", value: "C:\\ \"q\"\n")], 12)
        writer.sample("a_total", [(name: "x", value: "y"), (name: "z", value: "ü")], 0.25)
        writer.family("b", .gauge, help: "")
        writer.sample("b", [], .infinity)
        #expect(
            String(decoding: writer.bytes, as: UTF8.self) == #"""
                # HELP a_total One\\two\nthree "four".
                # TYPE a_total counter
                a_total{x="C:\\ \"q\"\n"} 12
                a_total{x="y",z="ü"} 0.25
                # TYPE b gauge
                b +Inf

                """#)
    }

    @Test func whatItWritesIsReadBackBitByBit() throws {
        var board = SampleBoard()
        let odd: [Double] = [
            0, -0.0, 1, 1e21, 1e-7, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity, -.infinity, 1 / 3,
        ]
        board.begin()
        for (at, value) in odd.enumerated() {
            board.set("v", ["at": "\(at)", "text": "\\\"\n"], to: value, .gauge, help: "Odd \\ ones\n.")
        }
        board.set("gone", to: .stale, .counter, help: "")
        board.end()
        var writer = ExpositionWriter()
        writer.board(board)

        var read = SampleBoard()
        var parser = ExpositionParser()
        read.begin()
        try parser.parse(writer.bytes, into: &read)
        read.end()
        #expect(read.values.map(\.bitPattern) == odd.map(\.bitPattern))
        #expect(read.series.map(\.labels) == board.series.map(\.labels).dropLast())
        #expect(read.families == [MetricFamily(name: "v", type: .gauge, help: "Odd \\ ones\n.")])
    }
}
