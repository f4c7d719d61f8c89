internal import CCurl

extension CurlTransfer {
    func setHTTP(_ request: HTTPRequest, _ version: HTTPVersion) throws(HTTPClientError) {
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        switch version {
        case .http1:
            try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        case .http2:
            try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
            // Rather a stream of a connection that is being opened than a connection of its own.
            try set(CURLOPT_PIPEWAIT, 1)
        }
        try set(CURLOPT_URL, request.url)
        try set(CURLOPT_PATH_AS_IS, 1)
        try set(CURLOPT_UNIX_SOCKET_PATH, request.unixSocketPath)
        try setMethod(request)
        try set(CURLOPT_HTTPHEADER, lines: headerLines(request))
    }

    private func setMethod(_ request: HTTPRequest) throws(HTTPClientError) {
        guard !request.method.isEmpty, request.method.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw HTTPClientError(code: .invalidRequest, message: "\(target): not a method")
        }
        if request.body != nil {
            try setPostedBody()
            try set(CURLOPT_CUSTOMREQUEST, request.method)
        } else if request.method == "HEAD" {
            try set(CURLOPT_NOBODY, 1)
        } else {
            try set(CURLOPT_HTTPGET, 1)
            try set(CURLOPT_CUSTOMREQUEST, request.method)
        }
    }

    /// In curl's notation: `Name: value`, `Name;` for an empty value, `Name:` for one that curl shall not add itself.
    private func headerLines(_ request: HTTPRequest) throws(HTTPClientError) -> [String] {
        let given = Set(request.headers.map { $0.name.lowercased() })
        var lines = ["Accept", "Content-Type", "Expect"].filter { !given.contains($0.lowercased()) }.map { "\($0):" }
        for (name, value) in request.headers {
            guard isToken(name), !value.utf8.contains(where: { $0 == 0x0d || $0 == 0x0a || $0 == 0 }) else {
                throw HTTPClientError(code: .invalidRequest, message: "\(target): the header \(name) cannot be sent")
            }
            lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        return lines
    }

    private func isToken(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != 0x3a && $0 != 0x3b }
    }

    func setTLS(_ options: TLSOptions) throws(HTTPClientError) {
        let minimum = options.minimumVersion == .tls13 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2
        try set(CURLOPT_SSLVERSION, Int(minimum))
        switch options.trust {
        case .system: break
        case .file(let path):
            try set(CURLOPT_CAINFO, path)
            try set(CURLOPT_CAPATH, nil)
            // curl would keep what it read for a day.
            try set(CURLOPT_CA_CACHE_TIMEOUT, 0)
        case .pem(let text):
            let bytes = Array(text.utf8)
            guard ccurl_setopt_copied_blob(easy, CURLOPT_CAINFO_BLOB, bytes, bytes.count) == CURLE_OK else {
                throw HTTPClientError(code: .tls, message: "\(target): libcurl cannot take certificates from memory")
            }
            // Debian's libcurl trusts /etc/ssl/certs in addition unless told not to.
            try set(CURLOPT_CAPATH, nil)
        }
        if options.verification == .none {
            try set(CURLOPT_SSL_VERIFYPEER, 0)
            try set(CURLOPT_SSL_VERIFYHOST, 0)
        }
        try set(CURLOPT_SSLCERT, options.clientCertificateFile)
        try set(CURLOPT_SSLKEY, options.clientKeyFile)
    }
}
