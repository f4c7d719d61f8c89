internal import Logging
public import ServiceLifecycle

extension SeriesStore: Service {
    /// Maintains the store and makes blocks until shutdown. ``start()`` comes first.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup { group in
                let pause = min(.seconds(60), self.options.batchSlot / 4)
                group.addTask {
                    await self.repeatedly("store could not be maintained", pause) { try await self.maintain() }
                }
                group.addTask { await self.repeatedly("blocks could not be made", pause) { try await self.compact() } }
            }
        }
    }

    private func repeatedly(_ complaint: Logger.Message, _ pause: Duration, _ work: () async throws -> Void) async {
        while !Task.isCancelled {
            do {
                try await work()
            } catch is CancellationError {
                break
            } catch {
                // The database may be away for a while; everything is done again from where it stands.
                logger.warning(complaint, metadata: ["error": "\(String(reflecting: error))"])
            }
            // Sleeping fails only because of the shutdown that ends the loop.
            try? await Task.sleep(for: pause)
        }
    }
}
