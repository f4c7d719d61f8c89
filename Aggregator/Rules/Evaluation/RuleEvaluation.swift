internal import Model
internal import PromQL

/// What one rule's expression gave, brought into the shape that is saved: pure, but for the query itself.
struct RuleEvaluation {
    let rule: Rule
    let settings: RuleSettings

    /// The alerts that the result calls for, by complete label set.
    ///
    /// - Returns: with `problem`, the first template that could not be expanded; its text says so instead.
    func observations(
        of samples: [VectorSample], limit: Int
    ) throws(RulesError) -> (alerts: [Labels: AlertObservation], problem: String?) {
        if limit > 0, samples.count > limit {
            throw RulesError(.limit, "the rule gives \(samples.count) alerts, the group's limit is \(limit)")
        }
        var result: [Labels: AlertObservation] = [:]
        var problem: String?
        for sample in samples {
            let labels = labels(of: sample.labels, value: sample.sample.value, &problem)
            let annotations = annotations(of: sample.labels, value: sample.sample.value, &problem)
            let observation = AlertObservation(value: sample.sample.value, annotations: annotations)
            guard result.updateValue(observation, forKey: labels) == nil else {
                throw RulesError(
                    .duplicateLabels,
                    "two results have the labels \(labels) once the rule's labels are added; leave out fewer labels")
            }
        }
        return (result, problem)
    }

    /// The complete labels of the alert that the series `own` calls for.
    func labels(of own: Labels, value: Double) -> Labels {
        var problem: String?
        return labels(of: own, value: value, &problem)
    }

    /// What is told with it.
    func annotations(of own: Labels, value: Double) -> Labels {
        var problem: String?
        return annotations(of: own, value: value, &problem)
    }

    private func labels(of own: Labels, value: Double, _ problem: inout String?) -> Labels {
        var labels = own
        labels[Labels.metricName] = nil
        for text in rule.labels { labels[text.name] = expand(text, own, value, &problem) }
        labels["alertname"] = rule.name
        return Labels(labels.map { Label($0.name, Self.storable($0.value)) })
    }

    private func annotations(of own: Labels, value: Double, _ problem: inout String?) -> Labels {
        Labels(rule.annotations.map { Label($0.name, Self.storable(expand($0, own, value, &problem))) })
    }

    /// The series that a recording rule's result calls for.
    func recordings(
        of samples: [VectorSample], limit: Int
    ) throws(RulesError) -> [(labels: Labels, value: Double)] {
        if limit > 0, samples.count > limit {
            throw RulesError(.limit, "the rule gives \(samples.count) series, the group's limit is \(limit)")
        }
        var seen: Set<Labels> = []
        var result: [(labels: Labels, value: Double)] = []
        for sample in samples {
            var labels = sample.labels
            for text in rule.labels { labels[text.name] = text.template.source }
            labels[Labels.metricName] = rule.name
            guard seen.insert(labels).inserted else {
                throw RulesError(
                    .duplicateLabels, "two results have the labels \(labels) once the rule's labels are added")
            }
            result.append((labels, sample.sample.value))
        }
        return result
    }

    private func expand(_ text: TemplatedText, _ own: Labels, _ value: Double, _ problem: inout String?) -> String {
        do throws(RulesError) {
            return try text.template.expanded(
                labels: own, value: value, externalURL: settings.externalURL,
                externalLabels: settings.externalLabels)
        } catch {
            problem = problem ?? "\(text.name): \(error.message)"
            // As Prometheus: an alert with a spoilt text is better than none.
            return "<error expanding template: \(error.message)>"
        }
    }

    /// PostgreSQL's text takes no NUL; a host that sends one in a label must not stop the saving of alerts.
    private static func storable(_ text: String) -> String {
        text.utf8.contains(0)
            ? text.split(separator: "\0", omittingEmptySubsequences: false).joined(separator: "\u{fffd}") : text
    }
}
