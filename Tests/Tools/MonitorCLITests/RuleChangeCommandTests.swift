import TestSupport
import Testing

/// `rules list`, `override` and `reload`, against a server that answers as the aggregator does.
@Suite struct RuleChangeCommandTests {
    private static let rules = #"""
        {"groups": [{"name": "g", "rules": [
          {"id": "f.yaml/g/Slow/0", "kind": "alert", "name": "Slow", "severity": "warning",
           "parameters": [{"name": "share", "value": 0.05}, {"name": "count", "value": 3}],
           "clusters": [{"cluster": "prod", "state": "firing"}, {"cluster": "test", "state": "missing"}],
           "overrides": [{"cluster": "prod", "enabled": true, "parameters": {"share": 0.2}, "reason": "old disks",
                          "by": "ann", "at": 60000}]},
          {"id": "f.yaml/g/Odd/1", "kind": "alert", "name": "Odd", "severity": "info", "parameters": [],
           "clusters": [], "overrides": []},
          {"id": "f.yaml/g/r/2", "kind": "record", "name": "r", "overrides": []}]}],
         "problems": []}
        """#
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func run(_ server: StubHTTPServer, _ arguments: String...) async throws -> (ChildProcess.Exit, String) {
        let token = try directory.write("secret\n", to: "token")
        // What a second run says would follow the first one's words.
        let output = directory.file("output-\(UInt64.random(in: 0...UInt64.max))")
        let child = try await ChildProcess.start(
            ProgramUnderTest.path("etcd-monitor"),
            ["rules"] + arguments + ["--url", server.url, "--token-file", token], output: output)
        return (await child.waitForExit(), child.output)
    }

    @Test func listTellsStatesAndWhoSetWhatWhen() async throws {
        let server = try StubHTTPServer { _ in .json(Self.rules) }
        #expect(
            try await run(server, "list", "--cluster", "prod") == (
                .status(0),
                """
                warning   Slow  share=0.05  count=3  firing: prod  missing: test
                  on prod: share=0.2, by ann at 1970-01-01 00:01:00 UTC: old disks
                info      Odd

                """
            ))
        #expect(server.requests.first?.target == "/api/v1/rules?cluster=prod")
        #expect(try await run(server, "list", "--overridden").1.contains("Odd") == false)
        #expect(try await run(server, "list", "--cluster", "a/b") == (.status(2), "no cluster is called a/b\n"))
    }

    @Test func listTellsThatFilesCouldNotBeRead() async throws {
        let server = try StubHTTPServer { _ in
            .json(
                #"{"groups": [], "problems": [{"file": "f.yaml", "line": 3, "column": 7, "problem": "odd", "remedy": "mend it"}]}"#
            )
        }
        #expect(try await run(server, "list") == (.status(1), "f.yaml:3:7: odd; mend it\n"))
    }

    @Test func overrideSetsAndTellsWhatStandsThere() async throws {
        let server = try StubHTTPServer { $0.method == "GET" ? .json(Self.rules) : .answer(status: 204) }
        let (exit, output) = try await run(
            server, "override", "Slow", "--cluster", "prod", "--set", "share=0.2", "--reason", "old disks")
        #expect(exit == .status(0))
        #expect(output == "Slow on prod: share=0.2, by ann at 1970-01-01 00:01:00 UTC: old disks\n")
        let put = try #require(server.requests.first)
        #expect(put.method == "PUT" && put.target == "/api/v1/clusters/prod/rule-overrides")
        #expect(put.text == #"{"rule":"Slow","enabled":true,"parameters":{"share":0.2},"reason":"old disks"}"#)
        #expect(try await run(server, "override", "Slow", "--cluster", "prod", "--disable").0 == .status(0))
        #expect(server.requests[2].text == #"{"rule":"Slow","enabled":false}"#)
    }

    @Test func removeNamesTheRuleInTheURL() async throws {
        let server = try StubHTTPServer { _ in .answer(status: 204) }
        let (exit, output) = try await run(server, "override", "f.yaml/g é/Slow/0", "--cluster", "prod", "--remove")
        #expect(exit == .status(0) && output == "f.yaml/g é/Slow/0 on prod: as in its file\n")
        let request = try #require(server.requests.first)
        #expect(request.method == "DELETE")
        #expect(request.target == "/api/v1/clusters/prod/rule-overrides?rule=f.yaml%2Fg%20%C3%A9%2FSlow%2F0")
    }

    @Test func overrideWantsOneThingToDo() async throws {
        let server = try StubHTTPServer { _ in .answer(status: 204) }
        #expect(try await run(server, "override", "Slow", "--cluster", "prod").0 == .status(64))
        #expect(
            try await run(server, "override", "Slow", "--cluster", "prod", "--remove", "--disable").0 == .status(64))
        #expect(try await run(server, "override", "Slow", "--cluster", "prod", "--set", "share").0 == .status(2))
        #expect(server.requests.isEmpty)
    }

    @Test func reloadTellsAllThatIsWrong() async throws {
        let server = try StubHTTPServer { _ in
            .json(#"{"detail": "a.yaml:3:5: odd\nb.yaml:1:1: odder"}"#, status: 422)
        }
        #expect(
            try await run(server, "reload") == (
                .status(2), "\(server.url) answers 422: a.yaml:3:5: odd\nb.yaml:1:1: odder\n"
            ))
        let other = try StubHTTPServer { _ in .json(#"{"groups": 2, "rules": 7}"#) }
        #expect(try await run(other, "reload") == (.status(0), "groups: 2, rules: 7\n"))
    }
}
