internal import CCurl

extension CurlTransfer {
    func setMail(_ message: MailMessage, _ server: SMTPServer) throws(HTTPClientError) {
        guard !message.recipients.isEmpty else {
            throw HTTPClientError(code: .invalidRequest, message: "\(target): no recipients")
        }
        for address in [message.sender] + message.recipients where !isAddress(address) {
            throw HTTPClientError(code: .invalidRequest, message: "\(target): \"\(address)\" is not a mail address")
        }
        try set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        try set(CURLOPT_URL, url(server))
        try setSecurity(server)
        if !message.sender.isEmpty { try set(CURLOPT_MAIL_FROM, "<\(message.sender)>") }
        try set(CURLOPT_MAIL_RCPT, lines: message.recipients.map { "<\($0)>" })
        try setUploadedBody(count: message.content.count)
        // A server that said no in the middle of a mail leaves a conversation that the next one cannot go on with.
        try set(CURLOPT_FRESH_CONNECT, 1)
        try set(CURLOPT_FORBID_REUSE, 1)
        // Also for the answer to QUIT, for which libcurl blocks this client's thread; two minutes by default.
        let left = ContinuousClock.now.duration(to: submission.deadline)
        try set(CURLOPT_SERVER_RESPONSE_TIMEOUT, Int(max(1, min(60, left.components.seconds))))
    }

    private func setSecurity(_ server: SMTPServer) throws(HTTPClientError) {
        let security = server.security == .startTLS ? CURLUSESSL_ALL : CURLUSESSL_NONE
        try set(CURLOPT_USE_SSL, Int(security.rawValue))
        if let user = server.user {
            try set(CURLOPT_USERNAME, user)
            try set(CURLOPT_PASSWORD, server.password ?? "")
            try set(CURLOPT_SASL_IR, 1)
        }
    }

    private func url(_ server: SMTPServer) throws(HTTPClientError) -> String {
        let host = server.host.contains(":") ? "[\(server.host)]" : server.host
        let name = server.clientName.map { "/" + $0 } ?? ""
        guard (host + name).utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != 0x40 && $0 != 0x3f && $0 != 0x23 })
        else {
            throw HTTPClientError(code: .invalidRequest, message: "\(target): not a host name")
        }
        return "\(server.security == .implicit ? "smtps" : "smtp")://\(host):\(server.port)\(name)"
    }

    /// No line breaks, blanks or angle brackets, so that nothing but an address reaches the envelope.
    private func isAddress(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && $0 != 0x3c && $0 != 0x3e }
    }
}
