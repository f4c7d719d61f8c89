import Testing

@testable import Access

@Suite struct PolicyTests {
    private func person(_ role: Role?, _ clusters: [String: Role] = [:]) -> Principal {
        Principal(kind: .session, userID: 1, name: "someone", grants: Grants(everywhere: role, clusters: clusters))
    }

    private func token(_ role: Role, _ clusters: Set<String>? = nil) -> Principal {
        Principal(
            kind: .token(id: 1), userID: 1, name: "someone/ci", grants: Grants(everywhere: role), clusters: clusters)
    }

    @Test(arguments: Permission.allCases) func anAdministratorMayDoEverything(_ permission: Permission) {
        #expect(Policy.decide(person(.admin), permission, cluster: "prod").isAllowed)
        #expect(Policy.decide(person(.admin), permission).isAllowed)
        #expect(Policy.decide(.local, permission).isAllowed)
    }

    @Test(arguments: Permission.allCases) func nobodyMayDoAnythingWithoutARole(_ permission: Permission) {
        #expect(!Policy.decide(person(nil), permission, cluster: "prod").isAllowed)
        #expect(!Policy.decide(person(nil), permission).isAllowed)
    }

    @Test(arguments: Permission.allCases) func aRoleMayDoWhatTheTableSays(_ permission: Permission) {
        for role in Role.allCases {
            #expect(Policy.decide(person(role), permission, cluster: "prod").isAllowed == (role >= permission.role))
        }
    }

    @Test func aRoleOnOneClusterCountsThereOnly() {
        let person = person(nil, ["prod": .admin, "test": .viewer])
        #expect(Policy.decide(person, .enrolAgent, cluster: "prod").isAllowed)
        #expect(!Policy.decide(person, .enrolAgent, cluster: "test").isAllowed)
        #expect(!Policy.decide(person, .viewCluster, cluster: "other").isAllowed)
        #expect(!Policy.decide(person, .queryMetrics).isAllowed)
        #expect(!Policy.decide(person, .manageUsers, cluster: "prod").isAllowed)
        #expect(Policy.decide(person, .viewFleet).isAllowed)
        #expect(person.sees("test") && !person.sees("other") && !person.seesAllClusters)
    }

    @Test func aRoleOnAClusterAddsToTheOneEverywhere() {
        let person = person(.operator, ["prod": .viewer, "test": .admin])
        #expect(person.grants.role(on: "prod") == .operator)
        #expect(person.grants.role(on: "test") == .admin)
        #expect(person.role == .admin)
    }

    @Test func aTokenLimitedToClustersDoesNothingElse() {
        let token = token(.admin, ["prod"])
        #expect(Policy.decide(token, .enrolAgent, cluster: "prod").isAllowed)
        #expect(!Policy.decide(token, .enrolAgent, cluster: "test").isAllowed)
        #expect(!Policy.decide(token, .queryMetrics).isAllowed)
        #expect(!Policy.decide(token, .readAudit).isAllowed)
        #expect(!token.seesAllClusters)
    }

    @Test(arguments: [Permission.manageUsers, .manageTokens, .manageOwnTokens, .changeOwnPassword, .deleteCluster])
    func aTokenCannotMakeItselfLasting(_ permission: Permission) {
        #expect(!Policy.decide(token(.admin), permission).isAllowed)
    }

    @Test func aRefusalSaysWhatIsMissing() {
        let decision = Policy.decide(person(.viewer), .revokeAgent, cluster: "prod")
        #expect(
            decision == .refused(reason: "revoke-agent needs the role admin on the cluster prod; viewer is held"))
    }

    @Test func grantsCoverWhatTheyContain() {
        let grants = Grants(everywhere: .viewer, clusters: ["prod": .admin])
        #expect(grants.cover(Grants(everywhere: .viewer, clusters: ["prod": .operator])))
        #expect(!grants.cover(Grants(everywhere: .operator)))
        #expect(!grants.cover(Grants(everywhere: nil, clusters: ["test": .operator])))
    }
}
