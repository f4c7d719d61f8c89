// swift-tools-version: 6.2
import PackageDescription

// A folder is a room, a room is a target, arrows point down. `Shared` imports neither half; `Agent` and
// `Aggregator` never import each other; nothing imports `Tools`. Tests/ArchitectureTests keeps it so.

let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// A room: `library("Shared", "Model")` is the target `Model` in `Shared/Model`.
func library(
    _ half: String, _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [],
    resources: [Resource] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "\(half)/\(name)", exclude: exclude, resources: resources,
        swiftSettings: swiftSettings)
}

/// A program: one of the two Assembly files, or a tool.
func program(_ name: String, at path: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: swiftSettings)
}

/// A C library of the system: a module map and `shim.h`, nothing else.
func system(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(
        name: name, path: "Shared/CLibraries/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

/// Headers of the C library itself that the Glibc module leaves out.
func header(_ name: String) -> Target {
    .systemLibrary(name: name, path: "Shared/CLibraries/\(name)")
}

/// The tests of a room, in `Tests/<half>/<name>Tests`.
func tests(_ half: String, _ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name), "TestSupport"] + dependencies,
        path: "Tests/\(half)/\(name)Tests", swiftSettings: swiftSettings)
}

let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdHTTP2: Target.Dependency = .product(name: "HummingbirdHTTP2", package: "hummingbird")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let structuredFields: Target.Dependency = .product(
    name: "RawStructuredFieldValues", package: "swift-http-structured-headers")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")

let package = Package(
    name: "etcd-monitor",
    products: [
        .executable(name: "etcd-monitor", targets: ["etcd-monitor"]),
        .executable(name: "etcd-monitor-agent", targets: ["etcd-monitor-agent"]),
        .executable(name: "etcd-monitor-aggregator", targets: ["etcd-monitor-aggregator"]),
        .executable(name: "taskmaster", targets: ["taskmaster"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-structured-headers", exact: "1.7.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2", traits: []),
    ],
    targets: [
        // MARK: C libraries
        system("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
        system("COpenSSL", pkgConfig: "libcrypto", apt: "libssl-dev"),
        system("CLibPQ", pkgConfig: "libpq", apt: "libpq-dev"),
        system("CSystemd", pkgConfig: "libsystemd", apt: "libsystemd-dev"),
        system("CYAML", pkgConfig: "yaml-0.1", apt: "libyaml-dev"),
        system("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),
        system("CSnappy", pkgConfig: "snappy", apt: "libsnappy-dev"),
        header("CFallocate"),
        header("CMalloc"),
        header("CTimex"),

        // MARK: Shared
        library("Shared", "Model"),
        library("Shared", "AsyncSupport"),
        library("Shared", "DurableFiles", ["CFallocate"]),
        library("Shared", "JSON"),
        library("Shared", "PrometheusText", ["Model"]),
        library("Shared", "Cryptography", ["COpenSSL"]),
        library("Shared", "HTTPClient", ["CCurl", "AsyncSupport"]),
        library("Shared", "MessageSignatures", ["Cryptography", structuredFields]),
        library("Shared", "FrameCodec", ["Model", "PrometheusText", "Cryptography", "CZstd"]),
        library("Shared", "AgentProtocol", ["Model", "FrameCodec", "JSON", "Cryptography"]),
        library("Shared", "ConfigurationFile", ["CYAML"]),
        library("Shared", "ServiceRuntime", ["CSystemd", "AsyncSupport", logging]),

        // MARK: Agent
        library("Agent", "EtcdClient", ["Model", "HTTPClient", "JSON", "PrometheusText"]),
        library("Agent", "HostCollectors", ["Model", "PrometheusText", "ConfigurationFile", "CTimex"]),
        library(
            "Agent", "WALProbe", ["HostCollectors", "Model", "DurableFiles", "AsyncSupport", logging]),
        library(
            "Agent", "DiskChecks", ["HostCollectors", "Model", "JSON", "DurableFiles", "AsyncSupport"]),
        library(
            "Agent", "Orders",
            ["AgentProtocol", "Cryptography", "DurableFiles", "Model", "JSON", "AsyncSupport", logging]),
        library("Agent", "Spool", ["DurableFiles", "FrameCodec", "Model", "AsyncSupport"]),
        library(
            "Agent", "Uplink",
            [
                "Spool", "AgentProtocol", "MessageSignatures", "HTTPClient", "DurableFiles", "AsyncSupport",
                "Cryptography", "JSON", logging,
            ]),
        library(
            "Agent", "Emergency",
            ["Model", "HTTPClient", "ConfigurationFile", "DurableFiles", "AsyncSupport", "JSON", logging]),
        program(
            "etcd-monitor-agent", at: "Agent/Daemon",
            [
                "EtcdClient", "HostCollectors", "WALProbe", "DiskChecks", "Orders", "Spool", "Uplink", "Emergency",
                "ConfigurationFile", "ServiceRuntime",
                "AgentProtocol",
                "FrameCodec", "PrometheusText", "Model", "AsyncSupport", "JSON", "HTTPClient", "Cryptography",
                "DurableFiles", "CMalloc", logging,
            ]),

        // MARK: Aggregator
        library("Aggregator", "Postgres", ["CLibPQ", "AsyncSupport", "Model", logging]),
        library("Aggregator", "EmbeddedPostgres", ["Postgres", "DurableFiles", "AsyncSupport", logging, lifecycle]),
        library(
            "Aggregator", "Schema", ["Postgres", "Cryptography", logging], resources: [.embedInCode("Migrations")]),
        library("Aggregator", "BlockCodec", ["Model", "FrameCodec"]),
        library(
            "Aggregator", "SeriesStore",
            [
                "Model", "SeriesQuery", "FrameCodec", "BlockCodec", "Postgres", "Cryptography", "AsyncSupport", logging,
                lifecycle,
            ]),
        library("Aggregator", "SeriesQuery", ["Model"]),
        library("Aggregator", "SelfMetrics", ["Model"]),
        library("Aggregator", "PromQL", ["Model", "SeriesQuery", "JSON"]),
        library(
            "Aggregator", "RemoteWrite",
            [
                "Model", "SeriesQuery", "SeriesStore", "PromQL", "Postgres", "SelfMetrics", "HTTPClient",
                "ConfigurationFile", "Cryptography", "CSnappy", "AsyncSupport", logging, lifecycle,
            ]),
        library(
            "Aggregator", "Rules",
            [
                "Model", "SeriesQuery", "PromQL", "ConfigurationFile", "Postgres", "Cryptography", "JSON",
                "AsyncSupport",
                logging, lifecycle,
            ],
            resources: [.embedInCode("BuiltInRules")]),
        library(
            "Aggregator", "Notifications",
            [
                "Model", "SeriesQuery", "Postgres", "Rules", "HTTPClient", "ConfigurationFile", "Cryptography", "JSON",
                "AsyncSupport", logging, lifecycle,
            ]),
        library(
            "Aggregator", "Fleet",
            ["Model", "Postgres", "AgentProtocol", "Cryptography", "JSON", "AsyncSupport", logging, lifecycle]),
        library(
            "Aggregator", "Access",
            ["Model", "Postgres", "Cryptography", "AsyncSupport", logging, lifecycle]),
        library(
            "Aggregator", "FleetHealth",
            [
                "Model", "AgentProtocol", "SeriesQuery", "PromQL", "Postgres", "Fleet", "Rules", "SelfMetrics",
                "AsyncSupport", logging,
                lifecycle,
            ]),
        library(
            "Aggregator", "Verdict",
            ["Model", "PromQL", "FleetHealth", "Rules", "Postgres", "JSON", "AsyncSupport", logging, lifecycle]),
        library(
            "Aggregator", "Commands",
            ["Model", "Postgres", "AgentProtocol", "Fleet", "Cryptography", "JSON", "AsyncSupport", logging, lifecycle]),
        library(
            "Aggregator", "Ingest",
            [
                "Model", "Postgres", "MessageSignatures", "FrameCodec", "AgentProtocol", "Fleet", "Access",
                "SeriesStore", "SelfMetrics", "Cryptography", "JSON", "AsyncSupport", logging, lifecycle,
            ]),
        library(
            "Aggregator", "API",
            [
                "Model", "SeriesQuery", "PromQL", "SeriesStore", "RemoteWrite", "Rules", "Notifications", "Fleet",
                "FleetHealth", "Verdict", "Access",
                "Ingest", "Commands", "AgentProtocol", "ConfigurationFile",
                "PrometheusText", "SelfMetrics", "MessageSignatures", "Cryptography", "JSON", "AsyncSupport",
                "ServiceRuntime", "DurableFiles", hummingbird, hummingbirdHTTP2, nioSSL, logging, lifecycle,
            ], resources: [.embedInCode("OpenAPI/schemas.json")]),
        program(
            "etcd-monitor-aggregator", at: "Aggregator/Server",
            [
                "API", "Ingest", "Schema", "EmbeddedPostgres", "Postgres", "SeriesStore", "RemoteWrite", "Rules",
                "Notifications",
                "Fleet", "FleetHealth", "Verdict", "Access", "Commands", "SeriesQuery", "PromQL", "SelfMetrics",
                "ConfigurationFile",
                "ServiceRuntime",
                "Cryptography", "DurableFiles", "Model",
                "AgentProtocol", "HTTPClient", "PrometheusText", "AsyncSupport", "JSON", "CMalloc",
                arguments, hummingbird, logging, lifecycle, unixSignals,
            ]),

        // MARK: Tools
        program(
            "etcd-monitor", at: "Tools/CLI",
            ["Rules", "PromQL", "ConfigurationFile", "ServiceRuntime", "HTTPClient", "JSON", "Model", arguments]),
        program("taskmaster", at: "Tools/Taskmaster", ["DurableFiles", "JSON", arguments]),

        // MARK: Tests
        program(
            "etcd-monitor-swarm", at: "Tests/Swarm",
            ["Uplink", "FrameCodec", "PrometheusText", "HTTPClient", "AgentProtocol", "Model", "AsyncSupport"]),
        program(
            "etcd-monitor-store-bench", at: "Tests/StoreBench",
            [
                "TestSupport", "SeriesStore", "SeriesQuery", "PromQL", "Rules", "FrameCodec", "PrometheusText", "Model",
                "Postgres", logging, hummingbird,
            ]),
        .target(
            name: "TestSupport",
            dependencies: [
                "Postgres", "Schema", "HTTPClient", "JSON", "Model", "SeriesQuery", "Cryptography", logging,
            ],
            path: "Tests/TestSupport", swiftSettings: swiftSettings),
        tests("Shared", "Model"),
        tests("Shared", "AsyncSupport"),
        tests("Shared", "DurableFiles"),
        tests("Shared", "JSON"),
        tests("Shared", "PrometheusText", ["Model"]),
        tests("Shared", "Cryptography"),
        tests("Shared", "HTTPClient", ["Cryptography"]),
        tests("Shared", "MessageSignatures", ["Cryptography"]),
        tests("Shared", "FrameCodec", ["Model", "PrometheusText", "Cryptography"]),
        tests("Shared", "AgentProtocol", ["Model", "JSON", "Cryptography", "MessageSignatures"]),
        tests("Shared", "ConfigurationFile"),
        tests("Shared", "ServiceRuntime", ["JSON", logging]),
        tests("Agent", "EtcdClient", ["Model", "HTTPClient", "JSON"]),
        tests("Agent", "HostCollectors", ["Model", "PrometheusText"]),
        tests("Agent", "WALProbe", ["HostCollectors", "DurableFiles", "Model", logging]),
        tests("Agent", "DiskChecks", ["HostCollectors", "JSON", "DurableFiles", "Model"]),
        tests("Agent", "Orders", ["AgentProtocol", "Cryptography", "JSON", "Model", logging]),
        tests("Agent", "Spool", ["FrameCodec", "DurableFiles", "Model"]),
        tests(
            "Agent", "Uplink",
            [
                "Spool", "AgentProtocol", "MessageSignatures", "HTTPClient", "Cryptography", "FrameCodec", "JSON",
                "Model",
                logging,
            ]),
        tests("Agent", "Emergency", ["Model", "HTTPClient", "ConfigurationFile", "JSON", logging]),
        .testTarget(
            name: "AgentDaemonTests",
            dependencies: [
                "etcd-monitor-agent", "AgentProtocol", "ConfigurationFile", "Cryptography", "EtcdClient", "FrameCodec",
                "HostCollectors", "JSON",
                "HTTPClient", "DiskChecks", "Model", "PrometheusText", "Spool", "TestSupport", "Uplink", "WALProbe",
                logging,
            ],
            path: "Tests/Agent/DaemonTests", swiftSettings: swiftSettings),
        tests("Aggregator", "Postgres", ["Model", logging]),
        tests("Aggregator", "EmbeddedPostgres", ["Postgres", logging]),
        tests("Aggregator", "Schema", ["Postgres", logging]),
        tests("Aggregator", "BlockCodec", ["Model", "FrameCodec", "PrometheusText"]),
        tests(
            "Aggregator", "SeriesStore",
            [
                "Model", "SeriesQuery", "PromQL", "FrameCodec", "BlockCodec", "Postgres", "Schema", "PrometheusText",
                "DurableFiles", "Rules",
                logging,
            ]),
        tests("Aggregator", "SeriesQuery", ["Model"]),
        tests("Aggregator", "SelfMetrics", ["Model"]),
        tests("Aggregator", "PromQL", ["Model", "SeriesQuery", "JSON", "HTTPClient"]),
        tests(
            "Aggregator", "RemoteWrite",
            [
                "Model", "SeriesStore", "SeriesQuery", "PromQL", "Postgres", "Schema", "SelfMetrics", "JSON",
                "HTTPClient", "ConfigurationFile", lifecycle, logging,
            ]),
        tests(
            "Aggregator", "Rules",
            ["Model", "SeriesQuery", "PromQL", "ConfigurationFile", "Postgres", "Schema", lifecycle, logging]),
        tests(
            "Aggregator", "Notifications",
            [
                "Model", "SeriesQuery", "Postgres", "Schema", "Rules", "HTTPClient", "ConfigurationFile", "JSON",
                "Cryptography",
                lifecycle,
                logging,
            ]),
        tests(
            "Aggregator", "Fleet", ["Model", "Postgres", "Schema", "AgentProtocol", "AsyncSupport", "JSON", logging]),
        tests(
            "Aggregator", "FleetHealth",
            ["Model", "AgentProtocol", "SeriesQuery", "PromQL", "Fleet", "Rules", "Postgres", "Schema"]),
        tests(
            "Aggregator", "Verdict", ["Model", "PromQL", "SeriesQuery", "FleetHealth", "Postgres", "Schema", "JSON"]),
        tests(
            "Aggregator", "Commands",
            ["Model", "Postgres", "Schema", "AgentProtocol", "Fleet", "Cryptography", "JSON", logging]),
        tests("Aggregator", "Access", ["Model", "Postgres", "Schema", "Cryptography", logging]),
        tests(
            "Aggregator", "Ingest",
            [
                "Model", "Postgres", "Schema", "FrameCodec", "AgentProtocol", "MessageSignatures", "Cryptography",
                "SeriesStore", "SeriesQuery", "SelfMetrics", "Fleet", "Access", "JSON", logging,
            ]),
        tests(
            "Aggregator", "API",
            [
                "Model", "ConfigurationFile", "Postgres", "Schema", "SeriesQuery", "SeriesStore", "Fleet",
                "FleetHealth", "Verdict", "Access", "Ingest", "Commands",
                "PromQL", "RemoteWrite", "Rules", "Notifications", "SelfMetrics", "JSON", "HTTPClient", "Cryptography",
                "MessageSignatures", "AgentProtocol", "FrameCodec", "Spool", "Uplink", "AsyncSupport", hummingbird,
                hummingbirdTesting,
                logging, lifecycle,
            ]),
        .testTarget(
            name: "MonitorCLITests", dependencies: ["etcd-monitor", "TestSupport"],
            path: "Tests/Tools/MonitorCLITests", swiftSettings: swiftSettings),
        .testTarget(
            name: "TaskmasterTests", dependencies: ["taskmaster", "JSON", "TestSupport"],
            path: "Tests/Tools/TaskmasterTests", swiftSettings: swiftSettings),
        .testTarget(
            name: "ArchitectureTests", dependencies: ["TestSupport"], path: "Tests/ArchitectureTests",
            swiftSettings: swiftSettings),
    ]
)
