internal import Logging
public import ServiceLifecycle

extension SeriesStore: Service {
    /// Maintains the store each minute until shutdown. ``start()`` comes first.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await self.maintain()
                } catch is CancellationError {
                    break
                } catch {
                    // The database may be away for a while; partitions are made days ahead.
                    self.logger.warning(
                        "store could not be maintained", metadata: ["error": "\(String(reflecting: error))"])
                }
                // Sleeping fails only because of the shutdown that ends the loop.
                try? await Task.sleep(for: .seconds(60))
            }
        }
    }
}
