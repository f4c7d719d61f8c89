internal import JSON
public import Model

/// A refusal as it is sent: RFC 9457, `application/problem+json`.
public struct Problem: Error, Hashable, Sendable {
    /// Why.
    public var code: ProblemCode
    /// A sentence about this occurrence; it may be shown to anyone.
    public var detail: String
    /// The aggregator's clock, for `.staleSignature`.
    public var serverTime: Timestamp?

    /// A refusal.
    public init(_ code: ProblemCode, _ detail: String, serverTime: Timestamp? = nil) {
        self.code = code
        self.detail = detail
        self.serverTime = serverTime
    }

    /// The body to send.
    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.member("type", code.type)
            $0.member("title", code.title)
            $0.member("status", code.status)
            $0.member("detail", detail)
            if let serverTime { $0.member("serverTime", serverTime.milliseconds) }
        }
        return writer.bytes
    }

    /// Reads a body.
    ///
    /// - Throws: if it is no problem, or one of a type that is not ours.
    public init(json: [UInt8]) throws(ProtocolError) {
        let message = try MessageReader(json, "a problem")
        let type = try message.text("type")
        guard let code = ProblemCode(type: type) else { throw message.bad("type") }
        self.init(
            code, message.optionalText("detail") ?? code.title,
            serverTime: message.integer("serverTime").map { Timestamp(milliseconds: $0) })
    }
}
