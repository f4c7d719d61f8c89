internal import HTTPTypes
internal import Hummingbird

/// Headers on every answer that tell browsers what never to do with it.
struct SecurityHeaders: RouterMiddleware {
    typealias Context = APIContext

    /// Everything comes from here, nothing frames us, nothing runs inline.
    private static let contentPolicy =
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
        + " connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

    private static let fields: [(HTTPField.Name, String)] = [
        (.contentSecurityPolicy, contentPolicy),
        (.strictTransportSecurity, "max-age=31536000"),
        (.xContentTypeOptions, "nosniff"),
    ]

    private static let named: [(String, String)] = [
        ("Referrer-Policy", "no-referrer"),
        ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ]

    private let headers: [(HTTPField.Name, String)]

    init() {
        headers = Self.fields + Self.named.compactMap { name, value in HTTPField.Name(name).map { ($0, value) } }
    }

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        // Agents' answers are many and read by no browser.
        if request.uri.path.hasPrefix("/agent/") { return response }
        for (name, value) in headers where response.headers[name] == nil { response.headers[name] = value }
        return response
    }
}
