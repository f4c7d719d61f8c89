internal import AgentProtocol
internal import FrameCodec
internal import HTTPClient
internal import Model
internal import Uplink

/// One agent as the aggregator sees it.
final class SimulatedAgent: Sendable {
    private let identity: AgentIdentity
    private let server: String
    private let client: HTTPClient
    private let scrapes: RecordedScrapes
    private let number: Int

    init(identity: AgentIdentity, server: String, client: HTTPClient, scrapes: RecordedScrapes, number: Int) {
        self.identity = identity
        self.server = server
        self.client = client
        self.scrapes = scrapes
        self.number = number
    }

    /// Sends a scrape each `interval` seconds, the first after `phase`, until cancelled.
    func stream(every interval: Double, phase: Double, into tally: Tally) async {
        let clock = ContinuousClock()
        let start = clock.now
        let signer = RequestSigner(key: identity.key)
        let source = SourceDescriptor(kind: .etcd, name: "etcd", port: 2379, interval: .seconds(interval))
        var encoder = StreamEncoder(agent: identity.agent, sources: [source])
        var board = scrapes.board(agent: number)
        let epoch = UInt64.random(in: 1...UInt64(Int64.max))
        var sequence: UInt64 = 0
        while !Task.isCancelled {
            do {
                try await clock.sleep(until: start + .seconds(phase + Double(sequence) * interval))
                let now = WallClock.system.now
                scrapes.set(number + Int(sequence), on: &board)
                sequence += 1
                encoder.begin(BatchSlot(epoch: epoch, sequence: sequence, startsSegment: sequence == 1), madeAt: now)
                encoder.add(board, source: 0, at: now)
                let batch = try encoder.finish()
                let request = try signer.batch(batch.body, to: server, of: identity.agent, created: now)
                let sent = clock.now
                let response = try await client.send(request, deadline: .seconds(30))
                if response.status == 204 {
                    tally.add(latency: clock.now - sent, samples: board.series.count, bytes: batch.body.count)
                } else {
                    tally.add(refused: response.status, String(decoding: response.body, as: UTF8.self))
                    encoder.restart()
                }
            } catch is CancellationError {
                return
            } catch {
                tally.add(failure: "\(error)")
                sequence += 1
                encoder.restart()
            }
        }
    }
}
