internal import Hummingbird
internal import NIOCore

/// The dashboard's files, read once at start: a few hundred kilobytes. Paths that are no file get `index.html`, because
/// the dashboard keeps its own paths; paths of the API never do.
struct DashboardFiles: Sendable {
    private struct File: Sendable {
        var bytes: ByteBuffer
        var gzip: ByteBuffer?
        var mediaType: String
        var tag: String
        /// Chunks carry a hash of their content in their name.
        var isImmutable: Bool
    }

    private let files: [String: File]
    private static let reserved = ["/api/", "/agent/", "/prometheus/"]

    /// The files below `directory`; none if it does not exist.
    init(directory: String) {
        var files: [String: File] = [:]
        for path in DashboardDirectory.paths(below: directory) where !path.hasSuffix(".gz") {
            guard let bytes = DashboardDirectory.read("\(directory)/\(path)") else { continue }
            files["/\(path)"] = File(
                bytes: ByteBuffer(bytes: bytes),
                gzip: DashboardDirectory.read("\(directory)/\(path).gz").map { ByteBuffer(bytes: $0) },
                mediaType: Self.mediaType(of: path), tag: Self.tag(of: bytes), isImmutable: Self.hasHash(path))
        }
        self.files = files
    }

    /// Whether there is a dashboard to serve.
    var isEmpty: Bool { files["/index.html"] == nil }

    /// Answers GET and HEAD for everything that no route took.
    @Sendable func serve(_ request: Request, _ context: APIContext) async throws -> Response {
        let path = request.uri.path
        guard !Self.reserved.contains(where: { path.hasPrefix($0) }) else {
            throw APIError.notFound("there is nothing at this path")
        }
        if let file = files[path] { return answer(file, request) }
        guard let index = files["/index.html"] else {
            throw APIError.notFound("the dashboard is not installed; the API is at /api/v1")
        }
        // A missing chunk must not be answered with a page.
        guard !(path.split(separator: "/").last ?? "").contains(".") || path == "/" else {
            throw APIError.notFound("there is no such file")
        }
        return answer(index, request)
    }

    private func answer(_ file: File, _ request: Request) -> Response {
        var headers = HTTPFields()
        headers[.eTag] = file.tag
        headers[.cacheControl] = file.isImmutable ? "public, max-age=31536000, immutable" : "no-cache"
        headers[.vary] = "Accept-Encoding"
        if request.headers[.ifNoneMatch] == file.tag { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = file.mediaType
        let takesGzip = request.headers[.acceptEncoding]?.contains("gzip") ?? false
        if takesGzip, let gzip = file.gzip {
            headers[.contentEncoding] = "gzip"
            return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: gzip))
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.bytes))
    }
}

extension DashboardFiles {
    private static func mediaType(of path: String) -> String {
        switch path.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "js", "mjs": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "svg": "image/svg+xml"
        case "json", "map": "application/json"
        case "png": "image/png"
        case "ico": "image/x-icon"
        case "woff2": "font/woff2"
        case "txt": "text/plain; charset=utf-8"
        default: "application/octet-stream"
        }
    }

    /// `main-3F2A1B9C.js`: esbuild's chunks.
    private static func hasHash(_ path: String) -> Bool {
        guard let stem = path.split(separator: "/").last?.split(separator: ".").first,
            let hash = stem.split(separator: "-").last, stem.contains("-"), hash.utf8.count == 8
        else { return false }
        return hash.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) }
    }

    /// FNV-1a over the content: a version, not a secret.
    private static func tag(of bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return "\"\(String(hash, radix: 16))-\(bytes.count)\""
    }
}
