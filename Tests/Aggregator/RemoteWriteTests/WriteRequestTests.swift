import Model
import Testing

@testable import RemoteWrite

/// The wire: snappy and protobuf, from friends and from others.
struct WriteRequestTests {
    private static var request: WriteRequest {
        var request = WriteRequest()
        request.series = (0..<50).map { number in
            let samples = (0..<4).map {
                Sample(Timestamp(milliseconds: 1_790_000_000_000 + $0 * 15_000), Double(number) / 7 - Double($0))
            }
            return WriteRequest.Series(
                labels: Labels(metric: "a_total", [Label("instance", "n\(number)"), Label("öl", "ü\"\\\n")]),
                samples: samples)
        }
        request.series[3].samples = [
            Sample(Timestamp(milliseconds: -5), .stale), Sample(Timestamp(milliseconds: 0), 0),
        ]
        request.families = MetricType.allCases.map { MetricFamily(name: "f_\($0)", type: $0, help: "What it is.") }
        return request
    }

    @Test func readsWhatItWrites() throws {
        let request = Self.request
        let read = try WriteRequest(decoding: request.encoded())
        #expect(read.families == request.families)
        #expect(read.series.map(\.labels) == request.series.map(\.labels))
        for (mine, theirs) in zip(request.series, read.series) {
            #expect(mine.samples.map(\.timestamp) == theirs.samples.map(\.timestamp))
            #expect(mine.samples.map(\.value.bitPattern) == theirs.samples.map(\.value.bitPattern))
        }
    }

    /// Drawn by hand after the `.proto` files: up{job="a"} 1.5 at 1000 ms, and an exemplar and a histogram that are skipped.
    @Test func readsTheMessageAsProtobufDrawsIt() throws {
        let label1: [UInt8] = [0x0a, 0x0e, 0x0a, 0x08] + Array("__name__".utf8) + [0x12, 0x02] + Array("up".utf8)
        let label2: [UInt8] = [0x0a, 0x08, 0x0a, 0x03] + Array("job".utf8) + [0x12, 0x01] + Array("a".utf8)
        let sample: [UInt8] = [0x12, 0x0c, 0x09, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x10, 0xe8, 0x07]
        let more: [UInt8] = [0x1a, 0x00, 0x22, 0x00]
        let series = label1 + label2 + sample + more
        let read = try WriteRequest(decoding: [0x0a, UInt8(series.count)] + series)
        #expect(read.series.count == 1 && read.series[0].labels == ["__name__": "up", "job": "a"])
        #expect(read.series[0].samples == [Sample(Timestamp(milliseconds: 1000), 1.5)])
        #expect(read.histograms == 1)
    }

    @Test func snappyGivesBackWhatItTook() throws {
        for count in [0, 1, 100, 100_000] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 3) }
            let back = try Snappy.decompress(Snappy.compress(bytes), limit: 1 << 20)
            #expect(back == bytes)
        }
    }

    @Test func bombsAreRefusedBeforeTheyGoOff() {
        func code(_ body: [UInt8]) -> RemoteWriteError.Code? {
            do throws(RemoteWriteError) {
                _ = try Snappy.decompress(body, limit: 32 << 20)
                return nil
            } catch {
                return error.code
            }
        }
        // 2 GiB, then 20 MiB, in a few bytes.
        #expect(code([0xff, 0xff, 0xff, 0xff, 0x07, 0, 0]) == .tooLarge)
        #expect(code([0x80, 0x80, 0x80, 0x0a, 0xfe, 1, 0, 0xfe, 1, 0]) == .malformed)
        #expect(code([]) == .malformed)
        #expect(code([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]) == .malformed)
    }

    @Test func boundsWhatOneRequestHolds() {
        func code(_ change: (inout WriteRequest.Limits) -> Void) -> RemoteWriteError.Code? {
            var limits = WriteRequest.Limits()
            change(&limits)
            do throws(RemoteWriteError) {
                _ = try WriteRequest(decoding: Self.request.encoded(), limits: limits)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(code { _ in } == nil)
        #expect(code { $0.samples = 100 } == .tooLarge)
        #expect(code { $0.families = 2 } == .tooLarge)
        #expect(code { $0.labels = 2 } == .malformed)
        #expect(code { $0.nameBytes = 5 } == .malformed)
        #expect(code { $0.valueBytes = 2 } == .malformed)
    }

    @Test func seriesThatAreNoneAreRefused() {
        func refuses(_ series: [Label]) -> Bool {
            var writer = ProtobufWriter()
            writer.message(1) { message in
                for label in series {
                    message.message(1) {
                        $0.text(1, label.name)
                        $0.text(2, label.value)
                    }
                }
                message.message(2) { $0.double(1, 1) }
            }
            do throws(RemoteWriteError) {
                _ = try WriteRequest(decoding: writer.bytes)
                return false
            } catch {
                return error.code == .malformed
            }
        }
        let name = Label("__name__", "up")
        #expect(!refuses([name]))
        #expect(refuses([]))
        #expect(refuses([Label("job", "a")]))
        #expect(refuses([name, Label("a", "1"), Label("a", "2")]))
        #expect(refuses([name, Label("", "2")]))
    }

    /// Decoding is total: whatever comes gives a request or an error.
    @Test func damagedMessagesGiveValuesOrErrors() {
        let seed = Self.request.encoded()
        var random = SystemRandomNumberGenerator()
        var refused = 0
        for _ in 0..<3000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
            do throws(RemoteWriteError) {
                _ = try WriteRequest(decoding: bytes)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 0)
    }

    @Test func theEndOfASeriesIsToldOnce() {
        var liveness = SeriesLiveness()
        func told(_ values: [Double]) -> [Double] {
            let series = SampledSeriesStub.series(values)
            return liveness.samples(of: series).map(\.value)
        }
        #expect(told([.stale, .stale]).isEmpty)
        #expect(told([1, 2]) == [1, 2])
        let end = told([3, .stale, .stale])
        #expect(end.count == 2 && end[1].isStale)
        #expect(told([.stale, .stale]).isEmpty)
        #expect(told([.stale, 5]) == [5])
    }
}
