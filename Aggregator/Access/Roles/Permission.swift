/// Everything that can be permitted or refused. The table is in `role` and `scope`; only `Policy` reads it.
public enum Permission: String, Sendable, CaseIterable {
    /// Lists of clusters, members, nodes, agents, events, alerts; a list shows only the visible clusters.
    case viewFleet = "view-fleet"
    /// One cluster's state, events, alerts and deliveries.
    case viewCluster = "view-cluster"
    /// PromQL over the series of one cluster, or with no cluster, over all.
    case queryMetrics = "query-metrics"
    /// Series from elsewhere, by remote-write.
    case writeSeries = "write-series"
    /// Rule groups and how their evaluation goes.
    case viewRules = "view-rules"
    /// What a rule is on one cluster: off, or with other numbers.
    case overrideRules = "override-rules"
    /// Rule files read again.
    case reloadRules = "reload-rules"
    /// Version, uptime, database, own metrics.
    case viewInstallation = "view-installation"
    /// One's own password.
    case changeOwnPassword = "change-own-password"
    /// API tokens of one's own, never above one's own role.
    case manageOwnTokens = "manage-own-tokens"
    /// A notification that says it is a test.
    case testNotification = "test-notification"
    /// Channels and where alerts go.
    case manageChannels = "manage-channels"
    /// A silence: on a cluster, or of alerts wherever they are.
    case silenceAlerts = "silence-alerts"
    /// Taking an alert up, so that it is not told again.
    case acknowledgeAlerts = "acknowledge-alerts"
    /// A maintenance window on a cluster.
    case declareMaintenance = "declare-maintenance"
    /// `fio` beside the WAL of a member, within what the host allows.
    case runDiskCheck = "run-disk-check"
    /// An enrolment token for an agent of a cluster.
    case enrolAgent = "enrol-agent"
    /// An end to what an agent may send.
    case revokeAgent = "revoke-agent"
    /// An end to a cluster: its agents, its events, its history.
    case deleteCluster = "delete-cluster"
    /// Users and their roles.
    case manageUsers = "manage-users"
    /// Anyone's API tokens.
    case manageTokens = "manage-tokens"
    /// The audit log and its verification.
    case readAudit = "read-audit"

    /// Where the role has to be held.
    enum Scope {
        /// On the cluster named, or everywhere if none is named.
        case cluster
        /// On the installation as a whole; a role on one cluster is not enough.
        case installation
        /// Anywhere: on one cluster is enough.
        case anywhere
    }

    /// The least role that is permitted this.
    public var role: Role {
        switch self {
        case .viewFleet, .viewCluster, .queryMetrics, .viewRules, .viewInstallation, .changeOwnPassword,
            .manageOwnTokens:
            .viewer
        case .testNotification, .silenceAlerts, .acknowledgeAlerts, .declareMaintenance, .runDiskCheck, .overrideRules,
            .writeSeries:
            .operator
        case .enrolAgent, .revokeAgent, .deleteCluster, .manageChannels, .manageUsers, .manageTokens, .readAudit,
            .reloadRules:
            .admin
        }
    }

    var scope: Scope {
        switch self {
        case .viewCluster, .queryMetrics, .testNotification, .silenceAlerts, .acknowledgeAlerts, .declareMaintenance,
            .runDiskCheck, .overrideRules, .enrolAgent, .revokeAgent:
            .cluster
        case .viewInstallation, .writeSeries, .deleteCluster, .manageChannels, .manageUsers, .manageTokens, .readAudit,
            .reloadRules:
            .installation
        case .viewFleet, .viewRules, .changeOwnPassword, .manageOwnTokens: .anywhere
        }
    }

    /// Whether a person has to be signed in: not for API tokens, nor for passwords in a request, so that a leaked token cannot make itself lasting.
    var needsSession: Bool {
        switch self {
        case .changeOwnPassword, .manageOwnTokens, .manageUsers, .manageTokens, .deleteCluster: true
        default: false
        }
    }
}
