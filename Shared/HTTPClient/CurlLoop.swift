/// What a loop can do.
enum CurlTask: Sendable {
    case http(HTTPRequest, TLSOptions, HTTPVersion, proxy: String?)
    case mail(MailMessage, SMTPServer)
}

/// The async face of a curl multi handle: submits tasks to its thread and waits for their results.
final class CurlLoop: Sendable {
    private let mailbox: CurlMailbox

    init(maximumConnections: Int, idleConnections: Int) {
        mailbox = CurlMailbox(maximumConnections: maximumConnections, idleConnections: idleConnections)
    }

    /// Runs `task`; `deadline` counts from now. Cancelling the calling task ends it with `.cancelled`.
    func perform(_ task: CurlTask, deadline: Duration) async -> Result<HTTPResponse, HTTPClientError> {
        let end = ContinuousClock.now.advanced(by: deadline)
        let id = mailbox.makeID()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                mailbox.submit(CurlSubmission(id: id, task: task, deadline: end, continuation: continuation))
                // A task that was cancelled before has called the handler before there was anything to cancel.
                if Task.isCancelled { mailbox.cancel(id) }
            }
        } onCancel: {
            mailbox.cancel(id)
        }
    }

    /// Ends the thread; what is under way fails with `.cancelled`.
    func stop() {
        mailbox.stop()
    }
}

/// A task on its way to the thread.
struct CurlSubmission: Sendable {
    let id: UInt64
    let task: CurlTask
    let deadline: ContinuousClock.Instant
    let continuation: CheckedContinuation<Result<HTTPResponse, HTTPClientError>, Never>

    func fail(_ code: HTTPClientError.Code, _ message: String) {
        continuation.resume(returning: .failure(HTTPClientError(code: code, message: message)))
    }
}
