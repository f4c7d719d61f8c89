import ConfigurationFile
import HTTPClient
import HostCollectors
import TestSupport
import Testing

@testable import etcd_monitor_agent

@Suite struct AgentConfigurationTests {
    static let good = """
        aggregators: [https://one:8379, "https://[::1]:8379"]
        cluster: prod-1
        node: etcd-1.example.org
        members:
          - name: m1
            client_url: http://127.0.0.1:2379
            data_dir: /var/lib/etcd/

        """

    private func problems(_ text: String) -> [ConfigurationError] {
        do throws(ConfigurationErrors) {
            _ = try AgentConfiguration(text, name: "agent.yaml")
            return []
        } catch {
            return error.errors
        }
    }

    @Test func whatIsNotSaidHasItsDefault() throws {
        let configuration = try AgentConfiguration(Self.good, name: "agent.yaml")
        #expect(configuration.aggregators == ["https://one:8379", "https://[::1]:8379"])
        #expect(configuration.node == "etcd-1.example.org")
        #expect(configuration.stateDirectory == "/var/lib/etcd-monitor/agent")
        #expect(configuration.spoolDirectory == "/var/lib/etcd-monitor/agent/spool")
        #expect(configuration.scrapeInterval == .seconds(5))
        #expect(configuration.statusInterval == .seconds(1))
        #expect(configuration.commands.isEmpty, "nothing is allowed unless it is said")
        let member = try #require(configuration.members.first)
        #expect(member.clientPort == 2379)
        #expect(member.dataDirectory == "/var/lib/etcd")
        #expect(member.watched.walDirectory == "/var/lib/etcd/member/wal")
    }

    @Test func everythingCanBeSaid() throws {
        let directory = try TemporaryDirectory()
        for name in ["ca", "cert", "key"] { try directory.write("x", to: name) }
        let text = """
            aggregators: [https://one]
            cluster: c
            state_directory: /s
            members:
              - name: m1
                client_url: https://etcd.example.org:2379
                metrics_url: http://127.0.0.1:2381
                tls: {ca: \(directory.file("ca")), cert: \(directory.file("cert")), key: \(directory.file("key"))}
                data_dir: /d
                wal_dir: /w
            intervals: {scrape: 1s, status: 500ms}
            host: false
            spool: {directory: /q, limit: 64MiB}
            commands: [console-read, snapshot]

            """
        let configuration = try AgentConfiguration(text, name: "agent.yaml")
        #expect(configuration.members[0].metricsURL == "http://127.0.0.1:2381")
        #expect(configuration.members[0].tls.clientCertificateFile == directory.file("cert"))
        #expect(configuration.members[0].walDirectory == "/w")
        #expect(configuration.scrapeInterval == .seconds(1))
        #expect(!configuration.watchesHost)
        #expect(configuration.spoolDirectory == "/q")
        #expect(configuration.spoolLimitBytes == 64 << 20)
        #expect(configuration.commands == [.consoleRead, .snapshot])
        #expect(!configuration.node.isEmpty, "the host's own name")
    }

    @Test func theDefaultFileOfThePackageIsGood() throws {
        let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let configuration = try AgentConfiguration(file: root + "/packaging/config/agent.yaml")
        #expect(configuration.members.count == 1)
    }

    @Test func everyProblemIsToldAtOnceWithItsPlaceAndRemedy() {
        let found = problems(
            """
            aggregators: [http://one:8379, https://two/path]
            cluster: Prod
            members:
              - name: m1
                client_url: 127.0.0.1:2379
                data_dir: relative
                tsl: {}
            intervals: {scrape: 100ms, status: 2m}
            spool: {limit: 1MiB}
            commands: [rm]
            interval: 5s

            """)
        #expect(found.map(\.line) == [1, 1, 2, 5, 6, 7, 8, 8, 9, 10, 11])
        #expect(found.allSatisfy { !$0.remedy.isEmpty })
        #expect(
            found.last?.description == #"agent.yaml:11:1: unknown key "interval"; did you mean "intervals"?"#)
        #expect(found[5].remedy == #"did you mean "tls"?"#)
    }

    @Test func whatIsMissingIsNamed() {
        let words = problems("{}").map(\.problem)
        #expect(words == [#""aggregators" is missing"#, #""cluster" is missing"#, #""members" is missing"#])
        let member = problems(
            "aggregators: [https://a]\ncluster: c\nmembers:\n  - tls: {cert: /none}\n"
        ).map(\.problem)
        #expect(member.contains(#""name" is missing"#))
        #expect(member.contains(#""client_url" is missing"#))
        #expect(member.contains(#""data_dir" is missing"#))
        #expect(member.contains("cert: /none: No such file or directory"))
        #expect(member.contains("only one of cert and key"))
    }

    @Test func membersAreToldApartByNameAndPort() {
        let one = "  - {name: m1, client_url: 'http://a:2379', data_dir: /d}\n"
        let found = problems("aggregators: [https://a]\ncluster: c\nmembers:\n" + one + one)
        #expect(found.map(\.line) == [5, 5])
    }

    @Test func tlsFilesForAMemberWithoutTLSAreAMistake() {
        let found = problems(
            "aggregators: [https://a]\ncluster: c\nmembers:\n  - name: m\n    client_url: http://a:1\n"
                + "    data_dir: /d\n    tls: {}\n    metrics_url: http://a:2\n")
        #expect(found.map(\.line) == [7])
    }

    @Test(arguments: [
        ("http://h:1", "http://h:1", 1, ""), ("https://h", "https://h", 443, ""),
        ("https://h/p/q", "https://h", 443, "p/q"),
        ("https://[fe80::1]:2379", "https://[fe80::1]:2379", 2379, ""),
    ]) func addressesAreTakenApart(text: String, origin: String, port: Int, path: String) throws {
        let address = try #require(WebAddress(text))
        #expect(address.origin == origin)
        #expect(address.port == port)
        #expect(address.path == path)
    }

    @Test(arguments: ["", "h:1", "ftp://h", "https://", "https://u@h", "https://h:0", "https://h:70000", "https://h?q"])
    func whatIsNoAddressIsNone(text: String) {
        #expect(WebAddress(text) == nil)
    }
}

@Suite struct AgentInvocationTests {
    @Test func commandsAndTheirOptionsAreRead() throws {
        #expect(try AgentInvocation(["run"]) == .run(configuration: "/etc/etcd-monitor/agent.yaml"))
        #expect(try AgentInvocation(["run", "--config=/a"]) == .run(configuration: "/a"))
        #expect(try AgentInvocation(["check-config", "--config", "/a"]) == .checkConfiguration("/a"))
        let enrolment = AgentInvocation.Enrolment(
            server: "https://s", fingerprint: "f", tokenFile: "-", configuration: "/c")
        #expect(
            try AgentInvocation([
                "enrol", "--token-file", "-", "--config", "/c", "--server=https://s", "--ca-fingerprint", "f",
            ]) == .enrol(enrolment))
        #expect(try AgentInvocation(["--version"]) == .version)
        #expect(try AgentInvocation(["enrol", "--help"]) == .help)
    }

    @Test(arguments: [
        [], ["walk"], ["run", "--config"], ["run", "x"], ["run", "--config", "a", "--config", "b"],
        ["enrol", "--server", "s", "--token-file", "-"], ["enrol", "--token", "emt_x"], ["version", "x"],
    ]) func anythingElseIsMisuse(arguments: [String]) {
        #expect(throws: AgentInvocation.Misuse.self) { try AgentInvocation(arguments) }
    }
}
