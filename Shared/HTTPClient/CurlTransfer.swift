internal import CCurl
internal import Glibc

/// One exchange: an easy handle and all memory it points to. Confined to the thread of its multi handle.
final class CurlTransfer {
    let submission: CurlSubmission
    let easy: UnsafeMutableRawPointer
    /// For messages: the URL without query, or the mail server.
    let target: String

    private let errorText = UnsafeMutableBufferPointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private let body: UnsafeMutableBufferPointer<UInt8>
    private var sentOfBody = 0
    private var sentHeaderBytes = 0
    private var lists: [UnsafeMutablePointer<curl_slist>] = []
    private let maximumBytes: Int
    private var received: [UInt8] = []
    private var status = 0
    private var headers: [(name: String, value: String)] = []
    private var headerBytes = 0
    private var isTooLarge = false

    private static let maximumHeaderBytes = 64 << 10

    init(_ submission: CurlSubmission, share: UnsafeMutableRawPointer?) throws(HTTPClientError) {
        guard let easy = curl_easy_init() else { preconditionFailure("libcurl cannot start: out of memory?") }
        self.submission = submission
        self.easy = easy
        let content: [UInt8]
        switch submission.task {
        case .http(let request, _, _, _):
            target = "\(request.method) \(request.url.prefix { $0 != "?" })"
            content = request.body ?? []
            maximumBytes = request.maximumBodyBytes
        case .mail(let message, let server):
            target = "mail to \(server.host):\(server.port)"
            content = message.content
            maximumBytes = 64 << 10
        }
        body = .allocate(capacity: max(content.count, 1))
        _ = body.update(fromContentsOf: content)
        errorText.initialize(repeating: 0)
        try setCommon(share)
        switch submission.task {
        case .http(let request, let tls, let version, let proxy):
            try setTLS(tls)
            try set(CURLOPT_PROXY, proxy ?? "")
            try setHTTP(request, version)
        case .mail(let message, let server):
            try setTLS(server.tls)
            try set(CURLOPT_PROXY, "")
            try setMail(message, server)
        }
    }

    deinit {
        curl_easy_cleanup(easy)
        for list in lists { curl_slist_free_all(list) }
        body.deallocate()
        errorText.deallocate()
    }

    /// What became of it, once curl says it is done.
    func result(_ code: CURLcode) -> Result<HTTPResponse, HTTPClientError> {
        let answer = info(CURLINFO_RESPONSE_CODE)
        guard code == CURLE_OK else { return .failure(failure(code, answer: answer)) }
        return .success(HTTPResponse(status: status, headers: headers, body: received, metrics: metrics()))
    }
}

// MARK: Options

extension CurlTransfer {
    func set(_ option: CURLoption, _ value: Int) throws(HTTPClientError) {
        try check(ccurl_setopt_long(easy, option, value), option)
    }

    func set(_ option: CURLoption, _ value: String?) throws(HTTPClientError) {
        try check(ccurl_setopt_str(easy, option, value), option)
    }

    /// Sets a list of lines, which this transfer keeps.
    func set(_ option: CURLoption, lines: [String]) throws(HTTPClientError) {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines { list = curl_slist_append(list, line) }
        if let list { lists.append(list) }
        try check(ccurl_setopt_slist(easy, option, list), option)
    }

    /// The body, handed over as it is: curl may read it again for a retry on a fresh connection.
    func setPostedBody() throws(HTTPClientError) {
        guard case .http(let request, _, _, _) = submission.task, let count = request.body?.count else { return }
        try check(ccurl_setopt_off(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(count)), CURLOPT_POSTFIELDSIZE_LARGE)
        try check(ccurl_setopt_ptr(easy, CURLOPT_POSTFIELDS, body.baseAddress), CURLOPT_POSTFIELDS)
    }

    /// The body as an upload that curl asks for piece by piece.
    func setUploadedBody(count: Int) throws(HTTPClientError) {
        try set(CURLOPT_UPLOAD, 1)
        try check(ccurl_setopt_off(easy, CURLOPT_INFILESIZE_LARGE, curl_off_t(count)), CURLOPT_INFILESIZE_LARGE)
        try check(ccurl_setopt_ptr(easy, CURLOPT_READDATA, context), CURLOPT_READDATA)
        let read: ccurl_data_cb = { buffer, size, count, context in
            guard let buffer, let context else { return 0 }
            return CurlTransfer.from(context).giveBody(to: buffer, room: size * count)
        }
        try check(ccurl_setopt_data_cb(easy, CURLOPT_READFUNCTION, read), CURLOPT_READFUNCTION)
    }

    private func setCommon(_ share: UnsafeMutableRawPointer?) throws(HTTPClientError) {
        try set(CURLOPT_NOSIGNAL, 1)
        // Else removing a transfer waits for its name look-up to end, and holds up all others.
        try set(CURLOPT_QUICK_EXIT, 1)
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try check(ccurl_setopt_ptr(easy, CURLOPT_SHARE, share), CURLOPT_SHARE)
        try check(ccurl_setopt_ptr(easy, CURLOPT_ERRORBUFFER, errorText.baseAddress), CURLOPT_ERRORBUFFER)
        try check(ccurl_setopt_ptr(easy, CURLOPT_WRITEDATA, context), CURLOPT_WRITEDATA)
        let write: ccurl_data_cb = { data, size, count, context in
            guard let data, let context else { return 0 }
            return CurlTransfer.from(context).takeBody(data, size * count)
        }
        try check(ccurl_setopt_data_cb(easy, CURLOPT_WRITEFUNCTION, write), CURLOPT_WRITEFUNCTION)
        try check(ccurl_setopt_ptr(easy, CURLOPT_HEADERDATA, context), CURLOPT_HEADERDATA)
        let header: ccurl_data_cb = { data, size, count, context in
            guard let data, let context else { return 0 }
            return CurlTransfer.from(context).takeHeader(data, size * count)
        }
        try check(ccurl_setopt_data_cb(easy, CURLOPT_HEADERFUNCTION, header), CURLOPT_HEADERFUNCTION)
        try countSentHeaders()
    }

    /// curl's own CURLINFO_REQUEST_SIZE holds as much of the body as happened to leave with the header.
    private func countSentHeaders() throws(HTTPClientError) {
        try set(CURLOPT_VERBOSE, 1)
        try check(ccurl_setopt_ptr(easy, CURLOPT_DEBUGDATA, context), CURLOPT_DEBUGDATA)
        let debug: ccurl_debug_cb = { _, kind, _, count, context in
            guard kind == CURLINFO_HEADER_OUT, let context else { return 0 }
            CurlTransfer.from(context).sentHeaderBytes += count
            return 0
        }
        try check(ccurl_setopt_debug_cb(easy, debug), CURLOPT_DEBUGFUNCTION)
    }

    private func check(_ code: CURLcode, _ option: CURLoption) throws(HTTPClientError) {
        guard code == CURLE_OK else {
            let reason = String(cString: curl_easy_strerror(code))
            throw HTTPClientError(code: .invalidRequest, message: "\(target): option \(option.rawValue): \(reason)")
        }
    }

    /// Not retained: curl uses it only while this transfer lives.
    private var context: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    private static func from(_ context: UnsafeMutableRawPointer) -> CurlTransfer {
        Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
    }
}

// MARK: Callbacks

extension CurlTransfer {
    private func giveBody(to buffer: UnsafeMutablePointer<CChar>, room: Int) -> Int {
        guard case .mail(let message, _) = submission.task else { return 0 }
        let count = min(room, message.content.count - sentOfBody)
        guard count > 0, let start = body.baseAddress else { return 0 }
        UnsafeMutableRawPointer(buffer).copyMemory(from: start + sentOfBody, byteCount: count)
        sentOfBody += count
        return count
    }

    private func takeBody(_ data: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
        guard received.count + count <= maximumBytes else {
            isTooLarge = true
            return 0
        }
        received.append(contentsOf: UnsafeRawBufferPointer(start: data, count: count))
        return count
    }

    /// One line of the header, with its line break; a status line begins a new header (after 100 Continue).
    private func takeHeader(_ data: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
        headerBytes += count
        guard headerBytes <= Self.maximumHeaderBytes else {
            isTooLarge = true
            return 0
        }
        let line = UnsafeRawBufferPointer(start: data, count: count)
        if line.starts(with: "HTTP/".utf8) {
            headers = []
            let code = line.split(separator: 0x20, maxSplits: 2).dropFirst().first
            status = code.flatMap { Int(String(decoding: $0.prefix(3), as: UTF8.self)) } ?? 0
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
            let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d || $0 == 0x0a }
            var value = line[(colon + 1)...].drop(while: isSpace)
            while let last = value.last, isSpace(last) { value.removeLast() }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            if name == "content-length", let length = Int(String(decoding: value, as: UTF8.self)) {
                received.reserveCapacity(min(length, maximumBytes, 1 << 20))
            }
            headers.append((name, String(decoding: value, as: UTF8.self)))
        }
        return count
    }
}

// MARK: Results

extension CurlTransfer {
    private func failure(_ code: CURLcode, answer: Int) -> HTTPClientError {
        if isTooLarge {
            return HTTPClientError(
                code: .tooLarge, message: "\(target): the answer has more than \(maximumBytes) bytes")
        }
        let reason = reason(for: code)
        if case .mail = submission.task, answer >= 400, HTTPClientError.Code(code) != .tls {
            return HTTPClientError(code: .rejected, message: "\(target): \(reason) (\(answer))", answer: answer)
        }
        // curl says "unsupported protocol" of a wrong URL, and of a peer that does not answer in HTTP.
        let isNoHTTP = code == CURLE_UNSUPPORTED_PROTOCOL && info(CURLINFO_REQUEST_SIZE) > 0
        if isNoHTTP { return HTTPClientError(code: .broken, message: "\(target): \(reason)") }
        // TLS 1.3 tells a client that its certificate is refused only after the handshake: curl then calls it reading.
        let isAlert = code == CURLE_RECV_ERROR && reason.contains("SSL routines") && reason.contains(" alert ")
        return HTTPClientError(code: isAlert ? .tls : HTTPClientError.Code(code), message: "\(target): \(reason)")
    }

    /// The system's own word where it says all ("Connection refused"), else libcurl's.
    private func reason(for code: CURLcode) -> String {
        let systemError = Int32(truncatingIfNeeded: info(CURLINFO_OS_ERRNO))
        if code == CURLE_COULDNT_CONNECT, systemError > 0 { return String(cString: strerror(systemError)) }
        let text = errorText.baseAddress.map { String(cString: $0) } ?? ""
        return text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
    }

    private func metrics() -> HTTPMetrics {
        var metrics = HTTPMetrics()
        metrics.sentBytes = sentHeaderBytes + offset(CURLINFO_SIZE_UPLOAD_T)
        metrics.receivedBytes = info(CURLINFO_HEADER_SIZE) + offset(CURLINFO_SIZE_DOWNLOAD_T)
        metrics.version = info(CURLINFO_HTTP_VERSION) == Int(CURL_HTTP_VERSION_2_0) ? .http2 : .http1
        metrics.openedConnection = info(CURLINFO_NUM_CONNECTS) > 0
        let connected = max(offset(CURLINFO_APPCONNECT_TIME_T), offset(CURLINFO_CONNECT_TIME_T))
        metrics.connected = metrics.openedConnection ? .microseconds(connected) : .zero
        metrics.firstByte = .microseconds(offset(CURLINFO_STARTTRANSFER_TIME_T))
        metrics.total = .microseconds(offset(CURLINFO_TOTAL_TIME_T))
        return metrics
    }

    private func info(_ item: CURLINFO) -> Int {
        var value = 0
        return ccurl_getinfo_long(easy, item, &value) == CURLE_OK ? value : 0
    }

    private func offset(_ item: CURLINFO) -> Int {
        var value: curl_off_t = 0
        return ccurl_getinfo_off(easy, item, &value) == CURLE_OK ? Int(value) : 0
    }
}

extension HTTPClientError.Code {
    /// What a code of curl's means to a caller.
    init(_ code: CURLcode) {
        switch code {
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_FUNCTION_ARGUMENT: self = .invalidRequest
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: self = .unresolved
        case CURLE_COULDNT_CONNECT: self = .refused
        case CURLE_OPERATION_TIMEDOUT: self = .timeout
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ENGINE_NOTFOUND,
            CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_USE_SSL_FAILED,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT:
            self = .tls
        case CURLE_LOGIN_DENIED: self = .rejected
        default: self = .broken
        }
    }
}
