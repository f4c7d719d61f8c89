internal import ConfigurationFile
internal import Model
internal import PromQL

/// A file of unit tests for rules, in promtool's format.
struct RuleTestFile {
    /// Paths as they stand in the file; relative to it, wildcards allowed.
    var ruleFiles: [PlacedText]
    var evaluationInterval: Duration
    /// Names of groups, in the order in which they are evaluated.
    var groupOrder: [String]
    var tests: [RuleTest]

    /// A text and where it stands.
    struct PlacedText {
        var text: String
        var node: YAMLNode
    }
}

/// One test: series, and what the rules are to make of them.
struct RuleTest {
    var name: String?
    /// Between two samples of a series.
    var interval: Duration
    var series: [SeriesNotation]
    var alerts: [AlertExpectation]
    var queries: [QueryExpectation]
    var externalLabels: Labels
    var externalURL: String
}

/// The alerts of one name that fire at an instant, all of them.
struct AlertExpectation {
    var at: Duration
    var alert: String
    /// Labels, `alertname` among them, and annotations.
    var expected: [ExpectedAlert]
    var node: YAMLNode
}

/// An alert, as far as a test looks at it.
struct ExpectedAlert: Hashable {
    var labels: Labels
    var annotations: Labels
}

/// What a query gives at an instant.
struct QueryExpectation {
    var at: Duration
    var query: Query
    var expected: [(labels: Labels, value: Double)]
    var node: YAMLNode
}
