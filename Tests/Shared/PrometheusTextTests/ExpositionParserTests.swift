import Model
import PrometheusText
import Testing

/// A parser and its board, scrape after scrape.
private struct Target {
    var parser = ExpositionParser()
    var board = SampleBoard()

    mutating func scrape(_ text: String) throws {
        try scrape(Array(text.utf8))
    }

    mutating func scrape(_ bytes: [UInt8]) throws {
        board.begin()
        try parser.parse(bytes, into: &board)
        board.end()
    }

    /// Every series that has a value, as the text format writes it.
    var values: [String: Double] {
        var result: [String: Double] = [:]
        for (series, value) in zip(board.series, board.values) where !value.isStale {
            result[series.labels.description] = value
        }
        return result
    }
}

private func values(of text: String) throws -> [String: Double] {
    var target = Target()
    try target.scrape(text)
    return target.values
}

@Suite struct ExpositionParserTests {
    @Test func readsNamesLabelsAndValues() throws {
        #expect(
            try values(of: "up 1\na{b=\"c\",d=\"e\"} 2.5\na_b:c {x = \"y\" , } 3e2 1700000000000\n")
                == ["up": 1, "a{b=\"c\",d=\"e\"}": 2.5, "a_b:c{x=\"y\"}": 300])
    }

    @Test func readsEscapesInLabelValues() throws {
        var target = Target()
        try target.scrape(#"a{path="C:\\dir",text="say \"hi\"\nnow",odd="\q"} 1"# + "\n")
        let labels = try #require(target.board.series.first?.labels)
        #expect(labels["path"] == #"C:\dir"#)
        #expect(labels["text"] == "say \"hi\"\nnow")
        #expect(labels["odd"] == #"\q"#)
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", -0.0), ("1", 1), ("+7", 7), ("1e3", 1000), ("1E-3", 0.001), (".5", 0.5), ("5.", 5),
            ("9007199254740993", 9_007_199_254_740_992), ("0.1", 0.1),
            ("1.2345678900000001e-05", 1.2345678900000001e-05),
            ("123456789012345678901234567890", 1.2345678901234568e29), ("4.9e-324", .leastNonzeroMagnitude),
            ("1e400", .infinity),
            ("-1e400", -.infinity), ("1e-400", 0), ("+Inf", .infinity), ("-inf", -.infinity), ("Infinity", .infinity),
            ("0000000000000000000000000000001.5", 1.5), ("0.00000000000000000000000000000015", 1.5e-31),
            ("1.7976931348623157e308", .greatestFiniteMagnitude), ("8.589934592e+09", 8_589_934_592),
        ] as [(String, Double)])
    func readsNumbersToTheNearestDouble(text: String, expected: Double) throws {
        let value = try #require(try values(of: "a \(text)\n")["a"])
        #expect(value.bitPattern == expected.bitPattern)
    }

    @Test func readsNaN() throws {
        #expect(try values(of: "a NaN\nb nan\n").values.allSatisfy { $0.isNaN && !$0.isStale })
    }

    @Test func readsRandomNumbersAsTheStandardLibraryDoes() throws {
        for _ in 0..<20_000 {
            let value = Double(bitPattern: UInt64.random(in: 0...UInt64.max))
            guard value.isFinite else { continue }
            #expect(try values(of: "a \(value)\n")["a"] == value)
            let plain = "\(Int64.random(in: -99_999...99_999)).\(UInt32.random(in: 0...999_999_999))"
            #expect(try values(of: "a \(plain)\n")["a"] == Double(plain))
        }
    }

    @Test func knowsFamiliesByTypeAndHelp() throws {
        var target = Target()
        try target.scrape(
            """
            # HELP lat How long\\nit takes.
            # TYPE lat histogram
            lat_bucket{le="1"} 1
            lat_bucket{le="+Inf"} 2
            lat_sum 3
            lat_count 2
            # TYPE gc summary
            gc{quantile="0.5"} 1
            gc_sum 1
            gc_count 1
            # TYPE lat_count_total counter
            # just a comment
            lat_count_total 9
            other_sum 4

            """)
        #expect(
            target.board.families == [
                MetricFamily(name: "lat", type: .histogram, help: "How long\nit takes."),
                MetricFamily(name: "gc", type: .summary, help: ""),
                MetricFamily(name: "lat_count_total", type: .counter, help: ""),
                MetricFamily(name: "other_sum", type: .unknown, help: ""),
            ])
        #expect(target.board.series.map(\.family) == [0, 0, 0, 0, 1, 1, 1, 2, 3])
    }

    @Test func acceptsABodyWithoutItsLastLineFeedAndReadsItAnew() throws {
        var target = Target()
        try target.scrape("a 1\nb 1")
        try target.scrape("a 1\nb 12")
        #expect(target.values == ["a": 1, "b": 12])
        try target.scrape("")
        #expect(target.values.isEmpty)
    }

    @Test func followsValuesThatChangeTheirLength() throws {
        var target = Target()
        try target.scrape("a 1\nb{x=\"1\"} 9\nc 3\n")
        try target.scrape("a 100\nb{x=\"1\"} 10\nc 3\n")
        #expect(target.values == ["a": 100, "b{x=\"1\"}": 10, "c": 3])
        try target.scrape("a 100\nb{x=\"1\"} 1e1 1700000000000\nc 3\n")
        #expect(target.values == ["a": 100, "b{x=\"1\"}": 10, "c": 3])
    }

    @Test func seriesMayComeGoAndReturnUnderTheirNumbers() throws {
        var target = Target()
        try target.scrape("a 1\nb 2\nc 3\n")
        try target.scrape("a 1\nc 3\nd 4\n")
        #expect(target.values == ["a": 1, "c": 3, "d": 4])
        #expect(target.board.values[1].isStale)
        try target.scrape("b 5\na 1\nc 3\n")
        #expect(target.values == ["a": 1, "b": 5, "c": 3])
        #expect(target.board.series.map(\.labels.metric) == ["a", "b", "c", "d"])
    }

    @Test func theOrderMayChangeAtAnyTime() throws {
        var target = Target()
        let lines = (0..<200).map { "m\($0 % 7){i=\"\($0)\"} \($0)" }
        for round in 0..<20 {
            let text = lines.shuffled().joined(separator: "\n") + "\n# round \(round)\n"
            try target.scrape(text)
            #expect(target.values == (try values(of: text)))
        }
        #expect(target.board.series.count == 200)
    }

    @Test func anythingThatChangesGivesWhatAFreshParserGives() throws {
        var random = SystemRandomNumberGenerator()
        var target = Target()
        var lines = (0..<60).map { "m\($0){l=\"\($0 % 3)\"} \($0)" }
        for _ in 0..<2000 {
            let at = Int.random(in: 0..<lines.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: lines.remove(at: at)
            case 1: lines.insert("n\(Int.random(in: 0..<40)) \(Int.random(in: 0..<5))", at: at)
            case 2: lines.swapAt(at, Int.random(in: 0..<lines.count))
            case 3: lines.insert("# comment \(Int.random(in: 0..<3))", at: at)
            case 4: lines[at] = "p\(Int.random(in: 0..<40)) \(Int.random(in: 0..<5))"
            default: lines[at] = lines[at].prefix { $0 != " " } + " \(Int.random(in: 0..<3000))"
            }
            lines = lines.filter { !$0.hasPrefix("# comment") || Bool.random() }
            let text = lines.filter { !$0.hasPrefix("#") || $0.hasPrefix("# ") }.joined(separator: "\n") + "\n"
            try target.scrape(text)
            #expect(target.values == (try values(of: text)))
            if lines.count < 20 { lines += (100..<140).map { "q\($0) \($0)" } }
        }
    }

    @Test func ofTwoLinesOfOneSeriesTheFirstCounts() throws {
        var target = Target()
        try target.scrape("a 1\na 2\n")
        #expect(target.values == ["a": 1])
        try target.scrape("a 3\na 2\n")
        #expect(target.values == ["a": 3])
    }

    @Test(
        arguments: [
            ("a 1\n1b 2\n", 2, .badName), ("a\n", 1, .badName), ("a{b} 1\n", 1, .badLabels),
            ("a{b=c} 1\n", 1, .badLabels),
            ("a{b=\"c} 1\n", 1, .badLabels), ("a{b=\"c\"", 1, .badLabels), ("a{b=\"c\"}\n", 1, .badValue),
            ("a{b=\"c\\", 1, .badLabels), ("a one\n", 1, .badValue), ("a 0x10\n", 1, .badValue),
            ("a 1_0\n", 1, .badValue),
            ("a 1e\n", 1, .badValue), ("a .\n", 1, .badValue), ("a -\n", 1, .badValue), ("a -NaN\n", 1, .badValue),
            ("a 1 x\n", 1, .badTimestamp), ("a 1 2 3\n", 1, .badText), ("a{b=\"1\",b=\"2\"} 1\n", 1, .badLabels),
            ("\n\n# TYPE a thing\n", 3, .badComment), ("# TYPE a gauge x\n", 1, .badComment), (" a 1\n", 1, .badText),
            ("<html>\n", 1, .badName), ("a{__name__=\"x\"} 1\n", 1, .badLabels),
        ] as [(String, Int, ExpositionError.Code)])
    func errorsNameTheLine(text: String, line: Int, code: ExpositionError.Code) throws {
        let error = #expect(throws: ExpositionError.self) { try values(of: text) }
        #expect(error?.line == line)
        #expect(error?.code == code)
    }

    @Test func afterAnErrorTheNextScrapeIsReadWhole() throws {
        var target = Target()
        try target.scrape("a 1\nb 2\n")
        #expect(throws: ExpositionError.self) { try target.scrape("a 5\n!\n") }
        target.board.begin()
        target.board.end()
        #expect(target.values.isEmpty)
        try target.scrape("a 1\nb 2\n")
        #expect(target.values == ["a": 1, "b": 2])
    }

    @Test func refusesWhatIsLargerThanItsLimits() throws {
        var limits = ExpositionLimits()
        limits.bodyBytes = 100
        limits.series = 5
        limits.textBytes = 10
        var target = Target(parser: ExpositionParser(limits: limits))
        for (text, code) in [
            (String(repeating: "a 1\n", count: 26), .bodyTooLarge),
            ((0..<6).map { "a\($0) 1\n" }.joined(), .tooManySeries),
            ("a{b=\"12345678901\"} 1\n", .badLabels),
        ] as [(String, ExpositionError.Code)] {
            let error = #expect(throws: ExpositionError.self) { try target.scrape(text) }
            #expect(error?.code == code)
        }
    }

    @Test func anyBytesGiveValuesOrAnError() {
        let seed = Array("# HELP a b\n# TYPE a counter\na{b=\"c\\n\",d=\"e\"} 1.5e3 17\nb NaN\nc{} +Inf\n".utf8)
        var target = Target()
        for round in 0..<30_000 {
            var bytes = seed
            for _ in 0..<(round % 4 + 1) {
                let at = Int.random(in: 0..<bytes.count)
                switch Int.random(in: 0..<4) {
                case 0: bytes[at] = UInt8.random(in: 0...255)
                case 1: bytes.remove(at: at)
                case 2: bytes.insert(Array("\n\"{}\\ #=,-+.eE0".utf8).randomElement() ?? 0, at: at)
                default: bytes.removeLast(Int.random(in: 0..<min(8, bytes.count)))
                }
                if bytes.isEmpty { bytes = seed }
            }
            // Either way is right; the test is that it ends.
            try? target.scrape(bytes)
        }
    }
}
