import Model
import Testing

@testable import Rules

@Suite struct TemplateTests {
    private let labels: Labels = ["job": "etcd", "instance": "m1:2379", "cluster": "prod \"a\""]

    private func expand(_ source: String, _ value: Double = 0.1) throws -> String {
        try Template(parsing: source).expanded(labels: labels, value: value, externalURL: "https://monitor")
    }

    /// What Go's text/template with Prometheus's functions prints.
    @Test(arguments: [
        ("plain", "plain"),
        ("{{ $value }}", "0.1"),
        ("{{ .Value }}|{{.Labels.job}}|{{$labels.job}}", "0.1|etcd|etcd"),
        ("{{ $labels.nothing }}.", "."),
        ("{{ $labels.cluster }}", "prod \"a\""),
        ("{{ printf \"%.2f\" $value }}", "0.10"),
        ("{{ printf `%5.1f|%-6s|%q` $value $labels.job \"x\" }}", "  0.1|etcd  |\"x\""),
        ("{{ printf \"%v %s %d %%\" $value $labels.job 7 }}", "0.1 etcd 7 %"),
        ("{{ $value | humanizePercentage }}", "10%"),
        ("{{ $value | humanize }}", "100m"),
        ("{{ humanize1024 1048576.0 }}", "1Mi"),
        ("{{ humanizeDuration 3661 }}", "1h 1m 1s"),
        ("{{ $value | printf \"%.1f\" | toUpper }}", "0.1"),
        ("{{ toUpper $labels.job }} {{ title \"no leader\" }}", "ETCD No Leader"),
        ("{{ stripPort $labels.instance }}", "m1"),
        ("{{ index $labels \"job\" }}", "etcd"),
        ("{{ (printf \"%s!\" $labels.job) | toUpper }}", "ETCD!"),
        ("{{ if $labels.job }}yes{{ else }}no{{ end }}", "yes"),
        ("{{ if eq $labels.job \"x\" }}a{{ else if gt $value 0.05 }}b{{ else }}c{{ end }}", "b"),
        ("{{ if and $labels.job (not $labels.nothing) }}both{{ end }}", "both"),
        ("a {{- /* nothing */ -}} b", "ab"),
        ("a  {{- $value -}}  b", "a0.1b"),
        ("{{ externalURL }}/{{ $externalURL }}", "https://monitor/https://monitor"),
        ("{{ humanizeTimestamp 1435065584.128 }}", "2015-06-23 13:19:44.128 +0000 UTC"),
        ("{ not } a template", "{ not } a template"),
    ]) func expandsAsGoDoes(_ source: String, _ expected: String) throws {
        #expect(try expand(source) == expected)
    }

    @Test(arguments: [
        (0, "0"), (1, "1"), (-2.5, "-2.5"), (1e20, "100000000000000000000"), (1e21, "1e+21"), (0.0001, "0.0001"),
        (0.00001, "1e-05"), (123456.789, "123456.789"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        (1.0 / 3, "0.3333333333333333"), (.leastNonzeroMagnitude, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
    ]) func numbersArePrintedAsGoPrintsThem(_ value: Double, _ expected: String) throws {
        #expect(try expand("{{ $value }}", value) == expected)
    }

    @Test(arguments: [
        (0, "0"), (1, "1"), (1_234_567, "1.235M"), (0.00012, "120u"), (-1500, "-1.5k"), (1e27, "1000Y"), (.nan, "NaN"),
    ]) func humanizes(_ value: Double, _ expected: String) {
        #expect(TemplateFunctions.humanize(value) == expected)
    }

    @Test(arguments: [
        (0, "0s"), (0.001, "1ms"), (1.5, "1.5s"), (59.9, "59.9s"), (60, "1m 0s"), (90_061, "1d 1h 1m 1s"),
        (-3600, "-1h 0m 0s"), (.infinity, "+Inf"),
    ]) func humanizesDurations(_ value: Double, _ expected: String) {
        #expect(TemplateFunctions.humanizeDuration(value) == expected)
    }

    /// Refused when the rule is loaded, with what is wrong in words.
    @Test(arguments: [
        ("{{ $value", "not closed"), ("{{ range query \"up\" }}x{{ end }}", "range"),
        ("{{ query \"up\" }}", "cannot query"),
        ("{{ reReplaceAll \"a\" \"b\" \"c\" }}", "label_replace"), ("{{ nonsense }}", "no such function"),
        ("{{ $labls.job }}", "$labls.job is not known"), ("{{ printf }}", "or more arguments"),
        ("{{ if $value }}x", "no {{ end }}"), ("{{ end }}", "without an if"), ("{{ \"x }}", "not closed"),
        ("{{ $value | $value }}", "after | comes a function"), ("{{ humanize humanize }}", "parentheses"),
        ("{{ $labels. }}", "not known"), ("{{ ) }}", "unexpected"),
    ]) func saysWhatItDoesNotUnderstand(_ source: String, _ part: String) {
        #expect {
            try Template(parsing: source)
        } throws: { error in
            (error as? RulesError).map { $0.code == .template && $0.message.contains(part) } ?? false
        }
    }

    @Test(arguments: [
        "{{ printf \"%d\" $value }}", "{{ printf \"%s\" $value }}", "{{ printf \"%f\" $labels.job }}",
        "{{ printf \"%v\" }}", "{{ printf \"x\" 1 }}", "{{ printf \"%!\" 1 }}", "{{ humanize $labels.job }}",
        "{{ eq $value $labels.job }}",
    ]) func aFunctionThatDoesNotFitIsAnError(_ source: String) {
        #expect(throws: RulesError.self) { try expand(source) }
    }

    @Test func anyTextIsExpandedOrRefused() {
        var random = SystemRandomNumberGenerator()
        let pieces = [
            "{{", "}}", "-", "$value", "$labels.", "if", "else", "end", "\"", "`", "|", "(", ")", "printf", "%", ".",
            " ",
            "/*", "*/", "1e", "é", "\n",
        ]
        for _ in 0..<20_000 {
            let source = (0..<Int.random(in: 0...12, using: &random)).map { _ in pieces.randomElement() ?? "" }.joined()
            guard let template = try? Template(parsing: source) else { continue }  // refused is right too
            _ = try? template.expanded(labels: labels, value: 1)  // either is right
        }
    }
}
