import JSON
import Testing

struct JSONParserTests {
    @Test(
        arguments: [
            ("null", JSONValue.null), (" true ", true), ("false", false), ("0", .number("0")), ("-0", .number("-0")),
            ("-12.50e+3", .number("-12.50e+3")), ("18446744073709551615", .number("18446744073709551615")),
            (#""""#, ""), (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{c}\n\r\t"), (#""\u00e9\u20AC""#, "é€"),
            (#""\ud83d\ude00""#, "😀"), ("\"😀\u{7f}\"", "😀\u{7f}"), ("[]", []), ("[1, [true]]", [1, [true]]),
            ("{}", [:]),
            (#"{"a":1,"b":{"c":null}}"#, ["a": 1, "b": ["c": nil]]), ("\t[\r\n]\n", []), (#""\u0000""#, "\0"),
        ] as [(String, JSONValue)])
    func reads(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "nulls", "True", "01", "-", "1.", ".5", "1e", "1e+", "+1", "0x10", "NaN", "\"", "\"\\",
        "\"\\x\"",
        "\"\\u12\"", "\"\\u12g4\"", "\"a\nb\"", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "]", "{", "{\"a\"",
        "{\"a\":",
        "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:2}", "1 2", "[] []", "'a'", "\u{feff}1", "//\n1", "--1",
        "1-",
    ])
    func refuses(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    @Test(arguments: [#""\ud800""#, #""\udc00""#, #""\ud800\ud800""#, #""\ud800x""#, #""\ud800\n""#])
    func refusesUnpairedSurrogates(text: String) {
        #expect { try JSONValue(parsing: text) } throws: { ($0 as? JSONError)?.code == .encoding }
    }

    @Test(arguments: [
        [0x22, 0xff, 0x22], [0x22, 0xc3, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0x22, 0xc0, 0x80, 0x22],
    ])
    func refusesStringsThatAreNotUTF8(bytes: [UInt8]) {
        #expect { try JSONValue(parsing: bytes) } throws: { ($0 as? JSONError)?.code == .encoding }
    }

    @Test func boundsDepthAndSize() throws {
        let nested = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        _ = try JSONValue(parsing: nested)
        #expect { try JSONValue(parsing: "[\(nested)]") } throws: { ($0 as? JSONError)?.code == .tooDeep }
        let bomb = String(repeating: "{\"a\":", count: 1_000_000)
        #expect { try JSONValue(parsing: bomb) } throws: { ($0 as? JSONError)?.code == .tooDeep }
        #expect { try JSONValue(parsing: "[1,2]", limits: .init(bytes: 4)) } throws: {
            ($0 as? JSONError)?.code == .tooLarge
        }
    }

    @Test func saysWhereTheProblemIs() {
        #expect { try JSONValue(parsing: #"{"a":1"b"}"#) } throws: {
            ($0 as? JSONError)?.description == "JSON at byte 6: a comma or } should follow the member"
        }
    }

    @Test func readsEtcdsGatewayNumbers() throws {
        let answer = try JSONValue(
            parsing: #"{"header":{"member_id":"10276657743932975437","raft_term":"2","revision":7},"leader":true}"#)
        #expect(answer["header"]?["member_id"]?.uint64 == 10_276_657_743_932_975_437)
        #expect(answer["header"]?["member_id"]?.int64 == nil)
        #expect(answer["header"]?["raft_term"]?.int == 2)
        #expect(answer["header"]?["revision"]?.uint64 == 7)
        #expect(answer["leader"]?.bool == true)
        #expect(answer["nothing"]?.string == nil)
        #expect(answer["header"]?[0] == nil)
    }

    @Test(arguments: ["+1", "-1", " 1", "1.0", "18446744073709551616", ""])
    func takesNoOddTextsForUnsignedNumbers(text: String) {
        #expect(JSONValue.string(text).uint64 == nil)
    }

    @Test func takesTheLastOfRepeatedKeys() throws {
        #expect(try JSONValue(parsing: #"{"a":1,"a":2}"#)["a"]?.int == 2)
    }

    @Test func survivesAnyBytes() throws {
        let seeds = [
            #"{"header":{"cluster_id":"14841639068965178418"},"members":[{"ID":"1","clientURLs":["http://a:2379"]}]}"#,
            #"[1.5e-7,-0,"\ud83d\ude00\n",{"a":[[],{}]},null,true]"#,
        ].map { Array($0.utf8) }
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("{}[]\",:\\u0019eE+-.tfn ".utf8) + [0xff, 0x00, 0xc3]
        var accepted = 0
        for round in 0..<100_000 {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[at] = alphabet.randomElement(using: &random) ?? 0
                case 1: bytes.remove(at: at)
                case 2: bytes.insert(alphabet.randomElement(using: &random) ?? 0, at: at)
                default: bytes = Array(bytes.prefix(at))
                }
            }
            // What is accepted must survive a round trip.
            if let value = try? JSONValue(parsing: bytes) {
                accepted += 1
                #expect(try JSONValue(parsing: value.serialized()) == value)
            }
        }
        #expect(accepted > 0)
    }
}

struct JSONWriterTests {
    @Test func writesCompactJSON() {
        var json = JSONWriter()
        json.object {
            $0.member("status", "success")
            $0.key("data")
            $0.array {
                $0.number(1)
                $0.array { _ in }
                $0.object { _ in }
                $0.null()
                $0.object { $0.member("a", UInt64.max) }
            }
            $0.member("none", String?.none)
            $0.member("ratio", 0.25)
            $0.member("yes", true)
        }
        #expect(
            String(decoding: json.bytes, as: UTF8.self)
                == #"{"status":"success","data":[1,[],{},null,{"a":18446744073709551615}],"none":null,"ratio":0.25,"yes":true}"#
        )
    }

    @Test func escapesWhatMustBeEscaped() throws {
        let text = "\"\\/\u{1}\n\r\t\u{1f}é😀\u{2028}\0"
        var json = JSONWriter()
        json.string(text)
        #expect(
            String(decoding: json.bytes, as: UTF8.self) == #""\"\\/\u0001\n\r\t\u001fé😀"# + "\u{2028}" + #"\u0000""#)
        #expect(try JSONValue(parsing: json.bytes) == .string(text))
    }

    @Test(
        arguments: [
            (0.0, "0"), (-0.0, "-0"), (1, "1"), (-3, "-3"), (0.1, "0.1"), (1e21, "1e+21"), (1e-7, "1e-07"),
            (1.5e300, "1.5e+300"),
            (123_456_789_012_345_680, "1.2345678901234568e+17"), (9_007_199_254_740_991, "9007199254740991"),
            (.leastNonzeroMagnitude, "5e-324"),
            (.infinity, "null"), (.nan, "null"),
        ] as [(Double, String)])
    func writesTheShortestNumberThatReadsBack(value: Double, text: String) throws {
        var json = JSONWriter()
        json.number(value)
        #expect(String(decoding: json.bytes, as: UTF8.self) == text)
        if value.isFinite { #expect(try JSONValue(parsing: json.bytes).double == value) }
    }

    @Test func readsBackRandomNumbers() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let value = Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            var json = JSONWriter()
            json.number(value)
            #expect(try JSONValue(parsing: json.bytes).double == value)
            var digits: [UInt8] = []
            let whole = Int64(bitPattern: random.next())
            DecimalText.append(whole, to: &digits)
            #expect(String(decoding: digits, as: UTF8.self) == String(whole))
        }
    }
}
