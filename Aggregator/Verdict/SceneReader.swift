internal import FleetHealth
internal import Model
internal import PromQL

/// Asks the series for everything that a judge wants to see of one cluster.
struct SceneReader: Sendable {
    let engine: PromQLEngine
    /// Seconds over which a reading is taken.
    let window: Int

    /// The scene of `cluster` at `at`.
    ///
    /// - Throws: when the series cannot be read at all; a metric that is not there is just absent.
    func scene(of cluster: ClusterDetail, at: Timestamp) async throws(QueryError) -> Scene {
        let name = cluster.summary.name
        var scene = Scene(cluster: name, at: at, window: window, members: Self.members(of: cluster))
        for gauge in Gauge.allCases {
            let definition = gauge.definition
            let now = try await ask(definition, .now, in: scene)
            scene.add(now, of: gauge)
            // Most incidents need no history of what is not there or is nothing.
            guard definition.hasUsual, now.contains(where: { $0.sample.value > 0 }) else { continue }
            scene.add(try await ask(definition, .usual, in: scene), usualOf: gauge)
        }
        try await readLinks(cluster, into: &scene)
        try await readFlags(into: &scene)
        return scene
    }

    private func ask(
        _ definition: Gauge.Definition, _ time: Gauge.Definition.Time, in scene: Scene
    ) async throws(QueryError) -> [VectorSample] {
        let query = definition.query(time, cluster: scene.cluster, window: window)
        return try await engine.instant(query, at: scene.at).value.vector ?? []
    }

    private static func members(of cluster: ClusterDetail) -> [Scene.Member] {
        cluster.members.compactMap { member in
            guard let instance = member.instance, let node = member.node else { return nil }
            return Scene.Member(
                name: member.name, instance: instance, node: node, isLeader: member.role == .leader,
                downReason: member.isDown ? member.reason : nil, alarms: member.alarms)
        }
    }

    private func readLinks(_ cluster: ClusterDetail, into scene: inout Scene) async throws(QueryError) {
        var names: [String: String] = [:]
        for member in cluster.members { if let id = member.id { names[id] = member.name } }
        let now = Self.byLink(try await ask(Gauge.roundTrip, .now, in: scene))
        let usual = Self.byLink(try await ask(Gauge.roundTrip, .usual, in: scene))
        let failures = Self.byLink(try await ask(Gauge.sendFailures, .now, in: scene))
        for (link, value) in now.sorted(by: { $0.key.to < $1.key.to }) {
            guard let at = scene.members.firstIndex(where: { $0.instance == link.instance }),
                let to = names[link.to]
            else { continue }
            scene.members[at].links.append(
                Scene.Link(
                    to: to, roundTrip: Scene.Reading(now: value, usual: usual[link]),
                    sendFailures: failures[link] ?? 0))
        }
    }

    private struct LinkKey: Hashable {
        var instance: String
        var to: String
    }

    private static func byLink(_ samples: [VectorSample]) -> [LinkKey: Double] {
        var links: [LinkKey: Double] = [:]
        for sample in samples where sample.sample.value.isFinite {
            guard let instance = sample.labels["instance"], let to = sample.labels["To"] else { continue }
            links[LinkKey(instance: instance, to: to)] = sample.sample.value
        }
        return links
    }

    private func readFlags(into scene: inout Scene) async throws(QueryError) {
        for sample in try await ask(Gauge.flags, .now, in: scene) {
            guard let flag = sample.labels["flag"], let value = sample.labels["value"] else { continue }
            for at in scene.indices(of: sample.labels, .process) { scene.members[at].flags[flag] = value }
        }
    }
}

extension Scene {
    mutating func add(_ samples: [VectorSample], of gauge: Gauge) {
        each(samples, of: gauge) { $0.readings[gauge, default: Reading(now: 0)].now = $1 }
    }

    mutating func add(_ samples: [VectorSample], usualOf gauge: Gauge) {
        each(samples, of: gauge) { $0.readings[gauge]?.usual = $1 }
    }

    private mutating func each(_ samples: [VectorSample], of gauge: Gauge, _ set: (inout Member, Double) -> Void) {
        for sample in samples where sample.sample.value.isFinite {
            for at in indices(of: sample.labels, gauge.definition.scope) { set(&members[at], sample.sample.value) }
        }
    }

    /// The members that a series with `labels` is about, it being of a member, its process or its host.
    func indices(of labels: Labels, _ scope: Gauge.Scope) -> [Int] {
        guard let instance = labels["instance"] else { return [] }
        if scope == .member { return members.indices.filter { members[$0].instance == instance } }
        let there = members.indices.filter { members[$0].node == instance }
        // A process has the name that the agent's configuration gives its member; alone on a host it needs none.
        guard scope == .process, there.count > 1, let name = labels["member"] else { return there }
        return there.filter { members[$0].name == name }
    }
}
