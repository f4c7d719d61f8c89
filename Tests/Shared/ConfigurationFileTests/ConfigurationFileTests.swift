import ConfigurationFile
import TestSupport
import Testing

/// What `read` reports of `text`.
func complaints(_ text: String, _ read: (inout MappingReader) -> Void) throws -> [String] {
    let problems = Problems()
    var reader = MappingReader(try YAMLDocument(text, name: "agent.yaml").root, problems)
    read(&reader)
    reader.finish()
    do {
        try problems.throwIfAny()
        return []
    } catch {
        return error.errors.map(\.description)
    }
}

func syntaxComplaint(_ text: String, limits: YAMLDocument.Limits = .init()) -> String? {
    do {
        _ = try YAMLDocument(text, name: "agent.yaml", limits: limits)
        return nil
    } catch {
        return error.description
    }
}

struct YAMLDocumentTests {
    @Test func readsNodesWithTheirPlaces() throws {
        let document = try YAMLDocument(
            """
            # comment
            members:
              - name: m1
                url: "http://a:2379"
              - {name: m2, url: http://b:2379}
            text: |
              two
              lines
            """, name: "agent.yaml")
        let members = try #require(document.root["members"]?.elements)
        #expect(members.map { $0["name"]?.text } == ["m1", "m2"])
        #expect(members[0]["url"]?.line == 4 && members[0]["url"]?.column == 10)
        #expect(members[1].line == 5 && members[1].column == 5)
        #expect(document.root["text"]?.text == "two\nlines")
    }

    @Test func takesAnEmptyFileAsNothing() throws {
        for text in ["", "# only a comment\n", "---\n", "~"] {
            #expect(try YAMLDocument(text, name: "x").root.isNull)
            let found = try complaints(text) { reader in _ = reader.int("a", default: 1, in: 0...9) }
            #expect(found == [])
        }
    }

    @Test func tellsQuotedNullFromNothing() throws {
        let root = try YAMLDocument("a: 'null'\nb: null\nc: !!str null\nd: ''\n", name: "x").root
        #expect(root["a"]?.isNull == false && root["b"]?.isNull == true)
        #expect(root["c"]?.isNull == false && root["d"]?.isNull == false)
    }

    @Test(arguments: [
        ("a: [1, 2", "agent.yaml:2:1: not YAML: did not find expected ',' or ']' while parsing a flow sequence"),
        ("a: b: c", "agent.yaml:1:5: not YAML: mapping values are not allowed in this context"),
        (
            "a:\n\tb: 1",
            "agent.yaml:2:1: not YAML: found character that cannot start any token while scanning for the next token"
        ),
        ("a: 1\nb: 2\na: 3", "agent.yaml:3:1: the key \"a\" stands here again; keep this one or line 1"),
        ("a: *b", "agent.yaml:1:4: no anchor &b above; define it before it is used"),
        ("a: 1\n---\nb: 2", "agent.yaml:2:1: a second document; keep one document in the file"),
        ("? [1]\n: 2", "agent.yaml:1:3: a key that is a list; write a word, then a colon"),
    ])
    func complainsWithPlaceAndRemedy(text: String, complaint: String) {
        #expect(syntaxComplaint(text)?.hasPrefix(complaint) == true, "\(syntaxComplaint(text) ?? "nothing")")
    }

    @Test func replacesAliases() throws {
        let root = try YAMLDocument("a: &x {k: [1, 2]}\nb: *x\n", name: "x").root
        #expect(root["b"]?["k"]?.elements?.map(\.text) == ["1", "2"])
        #expect(root["b"]?.line == 2)
    }

    @Test func boundsAliasBombs() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            text +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
                + "]\n"
        }
        #expect(syntaxComplaint(text)?.contains("more than 200000 values") == true)
    }

    @Test func refusesAnAliasWithinItself() {
        #expect(syntaxComplaint("a: &a [*a]")?.contains("no anchor &a above") == true)
    }

    @Test func boundsDepthAndSize() throws {
        let directory = try TemporaryDirectory()
        #expect(syntaxComplaint(String(repeating: "[", count: 10_000))?.contains("nested more than 32 levels") == true)
        let path = try directory.write(String(repeating: "#", count: 2000), to: "big.yaml")
        #expect { try YAMLDocument(file: path, limits: .init(bytes: 1000)) } throws: {
            "\($0)" == "\(path): larger than 1000 bytes; is it the right file?"
        }
    }

    @Test func saysWhyAFileCannotBeRead() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("none.yaml")
        #expect { try YAMLDocument(file: path) } throws: {
            "\($0)" == "\(path): cannot be read: No such file or directory; create it, or name another file"
        }
        #expect { try YAMLDocument(file: directory.path) } throws: {
            "\($0)".hasSuffix("Is a directory; name a file in it")
        }
        let latin = try directory.write([0x61, 0x3a, 0x20, 0xe9, 0x0a], to: "latin.yaml")
        #expect { try YAMLDocument(file: latin) } throws: { "\($0)".hasSuffix("write the file in UTF-8") }
        #expect(try YAMLDocument(file: directory.write("a: 1", to: "good.yaml")).root["a"]?.text == "1")
    }

    @Test func survivesAnyBytes() throws {
        let seed = Array("a: &x [1, 'b', \"c\\n\"]\nd: {e: *x, f: |\n  g}\n- h\n? i\n: !!str j # k\n--- >-\n".utf8)
        let alphabet = Array("[]{}:,-?&*!|>'\"%@` \n\t#a\\".utf8) + [0xff, 0xc3, 0]
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = alphabet.randomElement(using: &random) ?? 0
            }
            // Only that it ends, one way or the other.
            _ = try? YAMLDocument(String(decoding: bytes, as: UTF8.self), name: "x")
        }
    }
}

struct MappingReaderTests {
    @Test func readsTypedValues() throws {
        let found = try complaints(
            """
            name: m1
            interval: 1m30s
            limit: 64MiB
            count: 7
            ratio: 0.5
            enabled: yes
            listen: "[::1]:8379"
            urls: [http://a, http://b]
            single: http://c
            labels: {team: infra}
            tls:
              ca: /etc/ca.pem
            """
        ) { reader in
            // #expect cannot call what mutates: values first, then what is expected of them.
            let (name, interval) = (
                reader.string("name"), reader.duration("interval", default: .zero, in: .zero ... .seconds(100))
            )
            let (limit, count) = (
                reader.bytes("limit", default: 0, in: 0...(1 << 30)), reader.int("count", default: 0, in: 0...10)
            )
            let (ratio, isEnabled) = (
                reader.double("ratio", default: 0, in: 0...1), reader.bool("enabled", default: false)
            )
            let listen = reader.address("listen", default: nil)
            let (urls, single) = (reader.strings("urls", default: []), reader.strings("single", default: []))
            let labels = reader.texts("labels")
            var tls = reader.mapping("tls")
            let ca = tls?.string("ca")
            tls?.finish()
            let isAbsent = reader.mapping("absent") == nil
            let other = reader.string("other", default: "x")
            #expect(name == "m1" && interval == .seconds(90) && limit == 64 << 20 && count == 7 && ratio == 0.5)
            #expect(isEnabled && listen == NetworkAddress(host: "::1", port: 8379))
            #expect(urls == ["http://a", "http://b"] && single == ["http://c"])
            #expect(labels.map(\.0) == ["team"] && labels.map(\.1) == ["infra"])
            #expect(ca == "/etc/ca.pem" && isAbsent && other == "x")
        }
        #expect(found == [])
    }

    @Test func collectsSeveralProblemsInTheOrderOfTheFile() throws {
        let found = try complaints("intervall: 5s\ncount: 70\nlimit: 64 MB/s\nflag: \"true\"\nurls: {a: b}\n") {
            reader in
            _ = reader.string("name")
            _ = reader.duration("interval", default: .seconds(5), in: .seconds(1) ... .seconds(60))
            _ = reader.bytes("limit", default: 0, in: 0...100)
            _ = reader.int("count", default: 0, in: 1...10)
            _ = reader.bool("flag", default: false)
            _ = reader.strings("urls", default: [])
        }
        #expect(
            found == [
                #"agent.yaml:1:1: "name" is missing; add `name: …`"#,
                #"agent.yaml:1:1: unknown key "intervall"; did you mean "interval"?"#,
                #"agent.yaml:2:8: count: "70" cannot be used; write a whole number from 1 to 10"#,
                #"agent.yaml:3:8: limit: "64 MB/s" cannot be used; write a size from 0 to 100 bytes, such as "64MiB""#,
                #"agent.yaml:4:7: flag: "true" cannot be used; write true or false"#,
                #"agent.yaml:5:7: urls: a mapping cannot be used; write a list of texts"#,
            ])
    }

    @Test func namesTheKnownKeysWhenNoneIsNear() throws {
        let found = try complaints("zzz: 1") { reader in
            _ = reader.string("b", default: "")
            _ = reader.string("a", default: "")
            _ = reader.string("b", default: "")
        }
        #expect(found == [#"agent.yaml:1:1: unknown key "zzz"; known here: a, b"#])
    }

    @Test func refusesAListWhereKeysShouldBe() throws {
        let found = try complaints("- a") { _ in }
        #expect(found == ["agent.yaml:1:1: a list where keys and values should be; write `key: value` lines"])
    }

    enum Level: String, CaseIterable { case info, warning }

    @Test func readsChoices() throws {
        var level = Level.info
        let found = try complaints("level: warning") { reader in level = reader.choice("level", default: Level.info) }
        #expect(found == [] && level == .warning)
        let refused = try complaints("level: loud") { reader in _ = reader.choice("level", default: Level.info) }
        #expect(refused == [#"agent.yaml:1:8: level: "loud" cannot be used; write one of "info", "warning""#])
    }
}

struct ScalarTextTests {
    @Test(arguments: [
        ("250ms", Duration.milliseconds(250)), ("5s", .seconds(5)), ("1m", .seconds(60)), ("1h30m", .seconds(5400)),
        ("2d", .seconds(172_800)), ("1w", .seconds(604_800)), ("0", .zero), ("0s", .zero), ("1m0s", .seconds(60)),
    ])
    func readsDurations(text: String, duration: Duration) {
        #expect(ScalarText.duration(text) == duration)
    }

    @Test(arguments: [
        "", "5", "s", "5 s", "-5s", "1.5s", "5s1m", "5s5s", "5S", "99999999999999999999s", "9223372036854775807y",
    ])
    func refusesDurations(text: String) {
        #expect(ScalarText.duration(text) == nil)
    }

    @Test(arguments: [
        ("0", 0), ("100", 100), ("100B", 100), ("1KiB", 1024), ("64MiB", 64 << 20), ("64 MiB", 64 << 20),
        ("2GB", 2_000_000_000),
    ])
    func readsSizes(text: String, bytes: Int) {
        #expect(ScalarText.bytes(text) == bytes)
    }

    @Test(arguments: ["", "MiB", "-1", "1.5GiB", "1Mb", "1 MiB ", "99999999999TiB"]) func refusesSizes(text: String) {
        #expect(ScalarText.bytes(text) == nil)
    }

    @Test(arguments: [
        ("a:1", "a:1"), ("127.0.0.1:8379", "127.0.0.1:8379"), ("[::1]:80", "[::1]:80"), ("a", "a:8379"),
        ("[::1]", "[::1]:8379"),
    ])
    func readsAddresses(text: String, address: String) {
        #expect(NetworkAddress(text, defaultPort: 8379)?.description == address)
    }

    @Test(arguments: ["", ":80", "a:", "a:65536", "a:-1", "::1", "[::1", "[::1]80", "a b:1", "a:1:2"])
    func refusesAddresses(text: String) {
        #expect(NetworkAddress(text) == nil)
    }

    @Test func suggestsTheNearestName() {
        #expect(nearestName(to: "intervall", among: ["interval", "internal"]) == "interval")
        #expect(nearestName(to: "spoollimit", among: ["spool-limit", "interval"]) == "spool-limit")
        #expect(nearestName(to: "xyz", among: ["interval"]) == nil)
        #expect(nearestName(to: "a", among: []) == nil)
    }
}
