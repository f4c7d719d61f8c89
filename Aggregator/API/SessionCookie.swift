internal import Hummingbird

/// The cookie of a browser's session.
enum SessionCookie {
    static let name = "etcd-monitor-session"

    /// The session's secret in the request, nil if there is none.
    static func read(_ request: Request) -> String? {
        for header in request.headers[values: .cookie] {
            for pair in header.split(separator: ";") {
                let trimmed = pair.drop { $0 == " " }
                if trimmed.hasPrefix(name + "=") { return String(trimmed.dropFirst(name.count + 1)) }
            }
        }
        return nil
    }

    /// `Set-Cookie` for a new session; never readable by scripts, never sent across sites or in clear.
    static func header(secret: String, lifetime: Duration) -> String {
        "\(name)=\(secret); Path=/; Max-Age=\(lifetime.components.seconds); Secure; HttpOnly; SameSite=Strict"
    }

    /// `Set-Cookie` that ends it.
    static let ending = "\(name)=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict"
}
