import PromQL
import Testing

/// Messages with their places, and the printer.
struct ParserTests {
    @Test(arguments: [
        ("", "1:1: parse error: no expression found in input"),
        ("sum(", "1:5: parse error: "),
        ("a + ", "1:5: parse error: unexpected end of input"),
        ("rate(x)", "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector"),
        ("rate(x[5m], 1)", "1:1: parse error: expected 1 argument(s) in call to \"rate\", got 2"),
        ("nope(x)", "1:1: parse error: unknown function with name \"nope\""),
        ("x[5m", "1:5: parse error: unexpected end of input in subquery or range"),
        ("x[0s]", "1:3: parse error: duration must be greater than 0"),
        ("x{a=b}", "1:5: parse error: unexpected identifier \"b\" in label matching, expected string"),
        ("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"),
        ("x{a=~\"(\"}", "1:6: parse error: error parsing regexp: missing closing ): `(`"),
        ("x{__name__=\"y\"}", "1:1: parse error: metric name must not be set twice: \"x\" or \"y\""),
        ("1 > 2", "1:3: parse error: comparisons between scalars must use BOOL modifier"),
        ("a + bool b", "1:3: parse error: bool modifier can only be used on comparison operators"),
        ("a and on(x) group_left b", "1:3: parse error: no grouping allowed for \"and\" operation"),
        ("1 and 2", "1:3: parse error: set operator \"and\" not allowed in binary scalar expression"),
        ("a * on(x) group_left(x) b", "1:3: parse error: label \"x\" must not occur in ON and GROUP clause at once"),
        ("topk(x)", "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1"),
        ("-\"a\"", "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector"),
        ("(x)[5m]", "1:1: parse error: ranges only allowed for vector selectors"),
        ("x offset 5m offset 5m", "1:1: parse error: offset may not be set multiple times"),
        ("sum(x) offset 5m", "1:1: parse error: offset modifier must be preceded by"),
        ("x @ start() @ end()", "1:1: parse error: @ <timestamp> may not be set multiple times"),
        ("5m1h", "1:1: parse error: not a valid duration string: \"5m1h\""),
        ("1x", "1:1: parse error: bad number or duration syntax: \"1x\""),
        ("a\n + $", "2:4: parse error: unexpected character: '$'"),
        ("\"abc", "1:1: parse error: unterminated quoted string"),
        ("a b", "1:3: parse error: unexpected identifier \"b\""),
        (
            "mad_over_time(x[5m])",
            "1:1: parse error: function \"mad_over_time\" is not enabled"
        ),
    ])
    func mistakesNameTheirPlace(query: String, message: String) {
        do throws(QueryError) {
            _ = try Query(query)
            Issue.record("parsed \(query)")
        } catch {
            #expect(error.message.hasPrefix(message), "\(error.message)")
            #expect(error.kind == .badData)
        }
    }

    @Test(arguments: [
        ("SUM(x)BY(a,b)", "sum by (a, b) (x)"),
        ("sum without() (x)", "sum without () (x)"),
        ("a+b*c^-d", "a + b * c ^ -d"),
        ("a/on(x)group_left(y)b", "a / on (x) group_left (y) b"),
        ("a/ignoring(x)group_right b", "a / ignoring (x) group_right () b"),
        ("a == bool 1", "a == bool 1"),
        ("a and b or c unless on() d", "a and b or c unless on () d"),
        ("x{b!='c',a=~`.\\d`}[90m:30s]@1.5 offset -1h", "x{b!=\"c\",a=~\".\\\\d\"}[1h30m:30s] @ 1.500 offset -1h"),
        ("rate(x[1w])@start()", ""),
        ("quantile_over_time(.5,x[5m] @ end())", "quantile_over_time(0.5, x[5m] @ end())"),
        ("{\"a.b\",\"c d\"=\"e\"}", "{\"a.b\",\"c d\"=\"e\"}"),
        ("by + on_time{by=\"by\"} # comment", "by + on_time{by=\"by\"}"),
        ("-1h", "-1h"),
        ("1e6 + 0x10 + Inf", "1000000 + 16 + +Inf"),
        ("x[5m:] offset 1d", "x[5m:] offset 1d"),
        ("topk(5, x)", "topk(5, x)"),
        ("time ()", "time()"),
        ("a atan2 b", "a atan2 b"),
    ])
    func printsWhatItRead(query: String, printed: String) throws {
        guard !printed.isEmpty else {
            #expect(throws: QueryError.self) { try Query(query) }
            return
        }
        let text = try Query(query).expression.description
        #expect(text == printed)
        #expect(try Query(text).expression.description == printed)
    }

    @Test func deepNestingIsRefusedNotFatal() {
        let queries = [
            String(repeating: "(", count: 20_000) + "1" + String(repeating: ")", count: 20_000),
            String(repeating: "-", count: 20_000) + "x",
            "x" + String(repeating: " + x", count: 20_000),
            String(repeating: "abs(", count: 20_000) + "x",
        ]
        for query in queries { #expect(throws: QueryError.self) { try Query(query) } }
    }

    /// Every prefix of a rich query, and every query with one byte changed, is parsed or refused, never fatal.
    @Test func damagedQueriesNeverCrash() {
        let query = Array(
            "sum by (a) (rate(x{b=~\"c|d.*\",'e'!=\"\\u00e9\"}[5m:1m] @ 1e3 offset -1h)) / on(a) group_left(b) -{\"y\"} > bool 0x1f # end"
                .utf8)
        var generator = SystemRandomNumberGenerator()
        for length in query.indices { _ = try? Query(String(decoding: query[..<length], as: UTF8.self)) }
        for _ in 0..<4_000 {
            var damaged = query
            damaged[Int.random(in: damaged.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            damaged.swapAt(
                Int.random(in: damaged.indices, using: &generator), Int.random(in: damaged.indices, using: &generator))
            _ = try? Query(String(decoding: damaged, as: UTF8.self))
        }
    }
}
