internal import Cryptography
internal import Model
internal import Postgres

/// The SQL of tokens and enrolment.
struct EnrolmentStore: Sendable {
    let pool: PostgresPool

    /// The row of the cluster `name`, made if there is none.
    func cluster(_ name: String) async throws -> Int32 {
        let rows = try await pool.query(
            """
            insert into cluster (name) values (\(name))
            on conflict (name) do update set name = excluded.name returning id
            """)
        guard let row = rows.first else { throw FleetError(.notFound, "the cluster \(name) could not be made") }
        return try row["id"]
    }

    func insert(_ token: EnrolmentToken, cluster: Int32, replacesNode: String?, by creator: String) async throws {
        try await pool.execute(
            """
            insert into enrolment_token (digest, cluster_id, replaces_node, created_by, expires_at)
            values (\(EnrolmentToken.digest(of: token.secret)), \(cluster), \(replacesNode), \(creator),
                \(token.expires))
            """)
    }

    /// Spends the token and makes the agent, or does neither.
    func enrol(_ enrolment: Enrolment, at now: Timestamp) async throws -> EnrolmentOutcome {
        try await pool.transaction { connection in
            let token = try await lockToken(enrolment.token, at: now, on: connection)
            let node = try await node(enrolment.node, token: token, on: connection)
            let replaced = try await replaceAgent(on: node, enrolment, token, at: now, connection)
            let number = try await insertAgent(enrolment, node: node, at: now, on: connection)
            try await connection.execute(
                "update enrolment_token set used_at = \(now), used_by = \(number) where id = \(token.number)")
            guard let agent = try await AgentStore(pool: pool).agent(number, on: connection) else {
                throw FleetError(.notFound, "the agent's row is gone")
            }
            return EnrolmentOutcome(agent: agent, replaced: replaced)
        }
    }

    private struct Token {
        var number: Int32
        var cluster: Int32
        var replacesNode: String?
    }

    private func lockToken(
        _ secret: String, at now: Timestamp, on connection: PostgresConnection
    ) async throws -> Token {
        let rows = try await connection.query(
            """
            select id, cluster_id, replaces_node, expires_at, used_at from enrolment_token
            where digest = \(EnrolmentToken.digest(of: secret)) for update
            """)
        guard let row = rows.first else {
            throw FleetError(.tokenUnknown, "the enrolment token is not known; make one with 'token create'")
        }
        guard try row["used_at", as: Timestamp?.self] == nil else {
            throw FleetError(.tokenUsed, "the enrolment token was used before; make another with 'token create'")
        }
        guard try row["expires_at", as: Timestamp.self] > now else {
            throw FleetError(.tokenExpired, "the enrolment token has expired; make another with 'token create'")
        }
        return Token(number: try row["id"], cluster: try row["cluster_id"], replacesNode: try row["replaces_node"])
    }

    private func node(_ name: String, token: Token, on connection: PostgresConnection) async throws -> Int32 {
        if let wanted = token.replacesNode, wanted != name {
            throw FleetError(.wrongNode, "the token is for the node \(wanted), not for \(name)")
        }
        let rows = try await connection.query(
            """
            insert into node (cluster_id, name) values (\(token.cluster), \(name))
            on conflict (cluster_id, name) do update set name = excluded.name returning id
            """)
        guard let row = rows.first else { throw FleetError(.notFound, "the node \(name) could not be made") }
        return try row["id"]
    }

    private func replaceAgent(
        on node: Int32, _ enrolment: Enrolment, _ token: Token, at now: Timestamp, _ connection: PostgresConnection
    ) async throws -> AgentID? {
        let rows = try await connection.query(
            "select id, uid from agent where node_id = \(node) and revoked_at is null for update")
        guard let row = rows.first else { return nil }
        guard token.replacesNode == enrolment.node else {
            throw FleetError(
                .nodeTaken,
                "the node \(enrolment.node) has an agent; to replace it, make a token with"
                    + " 'token create --replaces \(enrolment.node)'")
        }
        try await connection.execute(
            """
            update agent set revoked_at = \(now), revoked_reason = 'replaced'
            where id = \(try row["id", as: Int32.self])
            """)
        return AgentID(bytes: try row["uid"])
    }

    private func insertAgent(
        _ enrolment: Enrolment, node: Int32, at now: Timestamp, on connection: PostgresConnection
    ) async throws -> Int32 {
        do {
            let rows = try await connection.query(
                """
                insert into agent (uid, node_id, public_key, version, enrolled_at)
                values (\(SecureRandom.bytes(16)), \(node), \(enrolment.publicKey), \(enrolment.agentVersion),
                    \(now))
                returning id
                """)
            guard let row = rows.first else { throw FleetError(.notFound, "the agent's row could not be made") }
            return try row["id"]
        } catch let error as PostgresError where error.isUniqueViolation {
            throw FleetError(.keyTaken, "this key belongs to another agent; remove the key file and enrol again")
        }
    }
}
