internal import HTTPTypes
internal import Hummingbird
internal import JSON
internal import Logging
internal import NIOCore

/// Turns whatever was thrown into an RFC 9457 answer. The one place where errors meet HTTP.
struct ProblemAnswers: RouterMiddleware {
    typealias Context = APIContext

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let problem = APIError(describing: error)
            // Cancelled: whoever asked has gone, which a page that is left does with every open question.
            if problem.status.kind == .serverError, !(error is CancellationError) {
                context.logger.error(
                    "request failed",
                    metadata: [
                        "method": "\(request.method)", "path": "\(request.uri.path)",
                        "error": "\(String(reflecting: error))",
                    ])
            }
            return problem.response
        }
    }
}

extension APIError {
    /// The answer.
    var response: Response {
        var json = JSONWriter()
        json.object {
            $0.member("type", "urn:etcd-monitor:problem:\(code)")
            $0.member("title", status.reasonPhrase)
            $0.member("status", status.code)
            $0.member("detail", detail)
            for member in members { $0.member(member.name, member.value) }
        }
        var headers = headers
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        return Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }
}
