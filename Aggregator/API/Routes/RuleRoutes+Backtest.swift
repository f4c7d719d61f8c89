internal import Access
internal import Fleet
internal import Hummingbird
internal import JSON
internal import Model
internal import PromQL
internal import Rules

// When a rule would have fired.
extension RuleRoutes {
    @Sendable func backtest(_ request: Request, _ context: APIContext) async throws -> Response {
        let principal = try context.requirePrincipal()
        let body = try await JSONBody(request, limit: Self.bodyBytes)
        let question = try question(body)
        if let cluster = question.cluster {
            try await services.access.require(principal, .queryMetrics, cluster: cluster, from: context.peer)
        }
        let backtest = Backtest(
            source: services.series(visibleTo: principal), options: services.engine.options,
            settings: services.rules.evaluation)
        let report = try await context.whileConnected {
            let outcome: Result<BacktestReport, any Error> = try await gate.run(within: .seconds(60)) {
                // The gate's errors are those of queries; a backtest has others too.
                do { return .success(try await backtest.run(question)) } catch { return .failure(error) }
            }
            return try outcome.get()
        }
        let events = try await services.fleet.events(
            cluster: question.cluster, in: (report.start - BacktestAnswer.before)...report.end,
            limit: BacktestAnswer.maximumEvents
        ).filter { principal.sees($0.cluster) }
        return .json {
            BacktestAnswer(rule: question.rule, cluster: question.cluster, report: report, events: events)
                .write(to: &$0)
        }
    }

    private func question(_ body: JSONBody) throws -> Backtest.Question {
        let (rule, group, recordings) = try rule(body)
        let end = try body.optionalNumber("end").map(Timestamp.init(milliseconds:)) ?? services.clock.now
        guard let start = try body.optionalNumber("start").map(Timestamp.init(milliseconds:)) else {
            throw APIError.badRequest("'start' must be a time in milliseconds since the epoch")
        }
        let limit: Int64 = 1 << 50
        guard start.milliseconds.magnitude < limit, end.milliseconds.magnitude < limit else {
            throw APIError.badRequest("'start' and 'end' must be times in milliseconds since the epoch")
        }
        var question = Backtest.Question(rule: rule, group: group, start: start, end: end)
        question.recordings = recordings
        question.cluster = try body.optionalText("cluster")
        if let seconds = try body.optionalDouble("stepSeconds") {
            guard (1...86_400).contains(seconds) else { throw APIError.badRequest("'stepSeconds' must be 1 to 86400") }
            question.step = .milliseconds(Int64(seconds * 1000))
        }
        question.parameters = try body.optionalDoublesByName("parameters") ?? [:]
        return question
    }

    /// The rule that is loaded, that stands in a file of the body, or that the body spells out.
    private func rule(_ body: JSONBody) throws -> (Rule, RuleGroup, recordings: [RuleGroup]) {
        let (id, file, expression) = (
            try body.optionalText("rule"), try body.optionalText("file"), try body.optionalText("expr")
        )
        switch (id, file, expression) {
        case (let id?, nil, nil):
            let (rule, group) = try services.rules.rule(id)
            return (rule, group, [])
        case (nil, let text?, nil):
            let groups = try RuleFile(text, name: "file").groups
            let (rule, group) = try RuleGroup.find(try body.text("alert"), in: groups)
            return (rule, group, groups)
        case (nil, nil, let expression?):
            let rule = try Rule(
                alert: try body.optionalText("alert") ?? "Backtest", expression: expression,
                hold: try seconds("forSeconds", of: body), keepFiringFor: try seconds("keepFiringForSeconds", of: body),
                labels: try body.optionalTextsByName("labels") ?? [:],
                annotations: try body.optionalTextsByName("annotations") ?? [:])
            return (rule, RuleGroup(of: rule), [])
        default:
            throw APIError.badRequest(
                "say which rule, one of: 'rule' (the id of a loaded one), 'file' with 'alert', or 'expr'")
        }
    }

    private func seconds(_ name: String, of body: JSONBody) throws -> Duration {
        guard let seconds = try body.optionalDouble(name) else { return .zero }
        guard (0...31_622_400).contains(seconds) else { throw APIError.badRequest("'\(name)' must be 0 to 31622400") }
        return .milliseconds(Int64(seconds * 1000))
    }
}
