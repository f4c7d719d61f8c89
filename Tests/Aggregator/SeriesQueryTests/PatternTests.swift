import Model
import SeriesQuery
import Testing

/// The pattern engine: RE2's syntax, whole-text matching, bounded cost.
struct PatternTests {
    @Test(arguments: [
        ("abc", ["abc"], ["ab", "abcd", "xabc", ""]),
        ("", [""], ["a"]),
        (".*", ["", "x", "a\nb"], []),
        (".+", ["x", "\n"], [""]),
        ("a|b|cd", ["a", "b", "cd"], ["c", "ab", ""]),
        ("a(b|c)d", ["abd", "acd"], ["ad", "abcd"]),
        ("pro.*", ["pro", "production"], ["apro"]),
        (".*ion", ["ion", "production"], ["ions"]),
        (".*duc.*", ["duc", "production"], ["du"]),
        ("pro.+ion", ["production"], ["proion"]),
        ("a{2,3}", ["aa", "aaa"], ["a", "aaaa"]),
        ("a{2}", ["aa"], ["a", "aaa"]),
        ("a{2,}", ["aa", "aaaaa"], ["a"]),
        ("a{,2}", ["a{,2}"], ["a", "aa"]),
        ("x{", ["x{"], []),
        ("[a-c]+", ["abcabc"], ["abd", ""]),
        ("[^a-c]", ["d", "é", "\n"], ["a", "dd"]),
        ("[]a]", ["]", "a"], ["b"]),
        ("[a\\]-]+", ["a]-"], ["b"]),
        ("[[:alpha:]_]+", ["ab_"], ["1"]),
        ("\\d+\\.\\d", ["10.5"], ["105"]),
        ("\\w+\\s\\S", ["a_1 é"], ["a-1 x"]),
        ("(?i)abc", ["ABC", "aBc"], ["abd"]),
        ("(?i:PRO)duction", ["production", "PROduction"], ["PRODuction"]),
        (".*?(?i:PRO).*", ["production", "xPro"], ["prx"]),
        ("(?i)straße", ["STRAßE"], ["strasse"]),
        ("(?-s)a.b", ["axb"], ["a\nb"]),
        ("a.b", ["a\nb", "aéb"], ["ab"]),
        ("^abc$", ["abc"], ["abcd"]),
        ("(^a|b)c", ["ac", "bc"], ["aac"]),
        ("\\babc\\b", ["abc"], ["abcd"]),
        ("(?m)a$\n^b", ["a\nb"], ["a b"]),
        ("\\pL+", ["abcé"], ["a1"]),
        ("\\p{Lu}\\P{Lu}", ["Ab"], ["AB"]),
        ("\\x41\\x{e9}\\101", ["AéA"], []),
        ("\\Qa.b\\E+", ["a.b", "a.bb"], ["axb"]),
        ("(a*)*b", ["b", "aaab"], ["a"]),
        ("(?P<x>a)(?<y>b)", ["ab"], ["a"]),
        ("(|a)+", ["", "aaa"], ["b"]),
        ("a?b??c*?", ["", "a", "b", "abcc"], ["ba"]),
    ])
    func matchesWholeTexts(pattern: String, yes: [String], no: [String]) throws {
        let compiled = try Pattern(pattern)
        for text in yes { #expect(compiled.matches(text), "\(pattern) on \(text)") }
        for text in no { #expect(!compiled.matches(text), "\(pattern) on \(text)") }
        // The machine that captures must agree with the one that only answers.
        for text in yes { #expect(compiled.expand("", matching: text) != nil, "\(pattern) on \(text)") }
        for text in no { #expect(compiled.expand("", matching: text) == nil, "\(pattern) on \(text)") }
    }

    @Test(arguments: [
        ("(", "missing closing ): `(`", 0),
        ("a)", "unexpected )", 1),
        ("[a", "missing closing ]: `[a`", 0),
        ("*a", "missing argument to repetition operator: `*`", 0),
        ("a**", "invalid nested repetition operator: `**`", 1),
        ("é{1001}", "invalid repeat count: `{1001}`", 2),
        ("a{3,2}", "invalid repeat count", 1),
        ("\\", "trailing backslash at end of expression", 0),
        ("\\y", "invalid escape sequence: `\\y`", 0),
        ("[b-a]", "invalid character class range: `b-a`", 1),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`", 0),
        ("(?<n>a)(?<n>b)", "duplicate capture group name: `n`", 7),
        ("\\1", "invalid escape sequence: `\\1`", 0),
        ("((a{1000}){1000}){1000}", "expression too large", 0),
    ])
    func mistakesNameTheirPlace(pattern: String, message: String, position: Int) {
        do throws(PatternError) {
            _ = try Pattern(pattern)
            Issue.record("compiled \(pattern)")
        } catch {
            #expect(error.message.hasPrefix(message), "\(error.message)")
            #expect(error.code == .tooLarge || error.position == position || message.hasPrefix("invalid repeat"))
        }
    }

    @Test(arguments: [
        ("(.*)-(.*)", "$2-$1", "a-b-c", "c-a-b"),
        ("(.*?)-(.*)", "$2-$1", "a-b-c", "b-c-a"),
        ("(?P<host>[^:]+):(?P<port>\\d+)", "${port} on $host", "m1:2379", "2379 on m1"),
        ("(a)|(b)", "[$1$2]", "b", "[b]"),
        ("(.*)", "$1x-$$-$", "v", "-$-$"),
        ("abc", "$0", "abc", "abc"),
        ("(a+)(a*)", "$1,$2", "aaa", "aaa,"),
    ])
    func expandsTemplates(pattern: String, template: String, text: String, result: String) throws {
        #expect(try Pattern(pattern).expand(template, matching: text) == result)
    }

    @Test func alternationsOfLiteralsAreKnownToTheIndex() throws {
        #expect(try LabelMatcher.matches("job", "etcd|node").candidates == ["etcd", "node"])
        #expect(try LabelMatcher.matches("job", "etc(d|x)").candidates == ["etcd", "etcx"])
        #expect(LabelMatcher.equal("job", "etcd").candidates == ["etcd"])
        #expect(try LabelMatcher.matches("job", "etcd.*").candidates == nil)
        #expect(try LabelMatcher.doesNotMatch("job", "etcd").candidates == nil)
    }

    @Test func matchersCompareBytes() throws {
        let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}")
        #expect(LabelMatcher.equal("a", composed).matches(composed))
        #expect(!LabelMatcher.equal("a", composed).matches(decomposed))
        #expect(LabelMatcher.notEqual("a", composed).matches(decomposed))
        #expect(LabelMatcher.equal("a", composed) != LabelMatcher.equal("a", decomposed))
    }

    @Test func matchersTreatAbsentLabelsAsEmpty() throws {
        let labels = Labels(metric: "up", [Label("job", "etcd")])
        #expect(LabelMatcher.equal("cluster", "").matches(labels))
        #expect(LabelMatcher.notEqual("cluster", "a").matches(labels))
        #expect(try LabelMatcher.matches("cluster", ".*").matches(labels))
        #expect(try !LabelMatcher.matches("cluster", ".+").matches(labels))
        #expect(try LabelMatcher.doesNotMatch("job", "node|agent").matches(labels))
    }

    /// What takes a backtracking engine exponential time, and what would fill memory with automaton states.
    @Test(arguments: [
        "(a*)*b", "(a|a)*b", "(a|aa)+b", "(.*)(.*)(.*)(.*)(.*)b", "(x+x+)+y", "((a?){50}a{50})c",
        "(?:a|b)*a(?:a|b){100}c",
        "(?:(?:(?:){1000}){1000}){1000}b", ".{500}.{500}b", "[ab]*a[ab]{14}z",
    ])
    func hostilePatternsStayCheap(pattern: String) throws {
        let compiled = try Pattern(pattern)
        let text = String(repeating: "ab", count: 1000) + String(repeating: "a", count: 1000)
        #expect(!compiled.matches(text))
        #expect(compiled.expand("$1", matching: String(repeating: "a", count: 300)) == nil)
    }

    @Test func randomPatternsNeverCrash() {
        let alphabet = Array("ab|()[]{}*+?.^$\\dwsbQE,1290:-imsU<P>é")
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let text = String(
                (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                    alphabet[Int.random(in: alphabet.indices, using: &generator)]
                })
            guard let pattern = try? Pattern(text) else { continue }
            for value in ["", "a", "ab", "aabb", "é1 -"] {
                #expect(pattern.matches(value) == (pattern.expand("", matching: value) != nil), "\(text) on \(value)")
            }
        }
    }
}
