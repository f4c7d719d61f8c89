import Access
import Fleet
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import TestSupport
import Testing

@testable import API

@Suite(.enabled(if: PostgresFixture.unavailable == nil, "PostgreSQL 15 or newer is not installed"))
struct ClusterDeletionTests {
    @Test func anAdministratorDeletesAClusterAndItIsAudited() async throws {
        try await APIWorld.with { world, client in
            let headers = try await world.signedIn(as: .admin, client)
            _ = try await world.services.fleet.makeEnrolmentToken(cluster: "doomed", by: "test")
            #expect(world.services.fleet.clusterNames.contains("doomed"))
            let uri = "/api/v1/clusters/doomed"
            let deleted = try await client.execute(uri: uri, method: .delete, headers: headers)
            #expect(deleted.status == .noContent)
            #expect(!world.services.fleet.clusterNames.contains("doomed"))
            #expect(try await client.execute(uri: uri, method: .delete, headers: headers).status == .notFound)
            let entries = try await world.services.access.audit.list(
                before: nil, limit: 10, cluster: "doomed", action: "delete-cluster")
            #expect(entries.map(\.event.outcome) == [.done])
        }
    }
}
