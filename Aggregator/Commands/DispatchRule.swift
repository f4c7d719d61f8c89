/// What decides whether a cluster can bear that one of its hosts is loaded.
public struct ClusterStanding: Sendable, Hashable {
    /// Voters that answer, beyond the quorum.
    public var margin: Int
    /// The nodes on which the leader and the followers are.
    public var leaderNode: String?

    /// A cluster's standing.
    public init(margin: Int, leaderNode: String?) {
        self.margin = margin
        self.leaderNode = leaderNode
    }
}

/// Which of a cluster's commands may go to its agent now. Pure.
enum DispatchRule {
    /// What a command waits for; nil: it may go.
    ///
    /// One at a time in a cluster, followers before the leader, and only while a member may be lost.
    ///
    /// - Parameter open: of one cluster, in the order they were asked for, none of them final.
    static func obstacles(_ open: [Command], _ standing: ClusterStanding?) -> [String: String] {
        var obstacles: [String: String] = [:]
        var taken = open.first { $0.state != .queued }.map(\.node)
        let queued = open.filter { $0.state == .queued && !$0.isCancelled }
        let inOrder =
            queued.filter { $0.node != standing?.leaderNode } + queued.filter { $0.node == standing?.leaderNode }
        for command in inOrder {
            if let taken {
                obstacles[command.id] = "waits: another one is at work on \(taken)"
            } else if let standing, standing.margin >= 1 {
                taken = command.node
            } else {
                obstacles[command.id] =
                    standing == nil
                    ? "waits: nothing is known of the cluster" : "waits: the cluster cannot lose a member now"
            }
        }
        return obstacles
    }
}
