public import AgentProtocol
internal import HTTPClient
public import Model
internal import Synchronization

extension BatchSender {
    /// The aggregator's time, as far as it is known.
    public var aggregatorTime: Timestamp { clock.now + shared.withLock { $0.clockOffset } }

    /// Asks the aggregator that answered last for orders, over the connection that batches go.
    public func exchange(_ question: CommandQuestion) async throws(UplinkError) -> CommandAnswer {
        let aggregator = status.aggregator
        let request = try signer.commands(question, to: aggregator, of: identity.agent, created: aggregatorTime)
        let response: HTTPResponse
        do throws(HTTPClientError) {
            response = try await client.send(request, deadline: pace.deadline)
        } catch {
            throw UplinkError(.unreachable, "\(aggregator): \(error)", cause: error)
        }
        count(response.metrics)
        guard response.status == 200 else {
            throw UplinkError(.refused, "\(aggregator): HTTP status \(response.status) to a question about orders")
        }
        do throws(ProtocolError) {
            return try CommandAnswer(json: response.body)
        } catch {
            throw UplinkError(.garbage, "\(aggregator): \(error)", cause: error)
        }
    }
}
