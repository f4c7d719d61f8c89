public import MessageSignatures

/// A posted batch as it came over HTTP.
public struct UploadRequest: Sendable {
    /// What its signature covers.
    public var parts: RequestParts
    /// As sent: compressed.
    public var body: [UInt8]
    /// The address it came from.
    public var peer: String

    /// A posted batch.
    public init(parts: RequestParts, body: [UInt8], peer: String) {
        self.parts = parts
        self.body = body
        self.peer = peer
    }

    /// The value of the header `name`; nil unless it stands there exactly once.
    func header(_ name: String) -> String? {
        let values = parts.headers.filter { $0.name.lowercased() == name }
        return values.count == 1 ? values[0].value : nil
    }
}
