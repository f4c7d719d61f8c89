internal import Hummingbird
internal import JSON
internal import NIOCore

/// A value that the API can say in JSON. Written by hand rather than derived: the names are a promise, 64-bit numbers
/// are strings, and what is not known is null.
protocol JSONAnswer {
    func write(to json: inout JSONWriter)
}

extension JSONWriter {
    /// A member that is an answer, or null.
    mutating func member(_ name: String, answer: (some JSONAnswer)?) {
        key(name)
        if let answer { answer.write(to: &self) } else { null() }
    }

    /// A member that is a list of answers.
    mutating func member(_ name: String, answers: [some JSONAnswer]) {
        key(name)
        array { for answer in answers { answer.write(to: &$0) } }
    }

    /// A member that is a list of texts.
    mutating func member(_ name: String, texts: [String]) {
        key(name)
        array { for text in texts { $0.string(text) } }
    }
}

extension Response {
    /// `body` as `application/json`, never cached.
    static func json(_ body: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = "application/json"
        headers[.cacheControl] = "no-store"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    /// The object that `body` writes.
    static func json(status: HTTPResponse.Status = .ok, _ body: (inout JSONWriter) -> Void) -> Response {
        var json = JSONWriter()
        json.object { body(&$0) }
        return .json(json.bytes, status: status)
    }

    /// 204.
    static var done: Response { Response(status: .noContent) }
}
