import AsyncSupport
import Fleet
import FleetHealth
import Logging
import SeriesStore
import ServiceLifecycle

/// Tells the store and the judgement at once what changed in the fleet: who was enrolled, revoked, silent or back.
struct FleetFollower: Service, CustomStringConvertible {
    let fleet: FleetService
    let store: SeriesStore
    let health: FleetHealthService
    let logger: Logger

    var description: String { "FleetFollower" }

    func run() async throws {
        let events = fleet.events.subscribe()
        await cancelWhenGracefulShutdown {
            for await event in events {
                health.wake()
                guard event.kind == .agentEnrolled || event.kind == .agentRevoked else { continue }
                do {
                    try await store.refreshAgents()
                } catch {
                    // The store looks once a minute by itself.
                    logger.warning(
                        "agents could not be read again", metadata: ["error": "\(String(reflecting: error))"])
                }
            }
        }
    }
}
