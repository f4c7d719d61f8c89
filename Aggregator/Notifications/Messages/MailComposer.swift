internal import Cryptography
internal import HTTPClient
internal import Model
internal import Rules

/// A notification → a mail as RFC 5322 and MIME (RFC 2045, 2047, 2049) write it: text and HTML side by side, seven-bit
/// clean whatever the labels hold, no text able to add a header.
enum MailComposer {
    /// - Parameters:
    ///   - id: of the notification: the same for every attempt, so that a mail sent twice is seen as one.
    ///   - settings: sender and recipients.
    static func compose(
        _ content: NotificationContent, id: Int64, at createdAt: Timestamp, settings: EmailSettings,
        links: DashboardLinks
    ) -> MailMessage {
        let text = MessageText(content: content, links: links)
        let domain = settings.sender.split(separator: "@").last.map(String.init) ?? "etcd-monitor"
        let group = Hex.encode(SHA256.digest(Array("\(content.route)\n\(content.groupKey)".utf8)).prefix(12))
        let identity = Hex.encode(SHA256.digest(Array("\(id) \(createdAt.milliseconds) \(group)".utf8)).prefix(12))
        let boundary = "=_etcd-monitor-\(identity)"
        var lines = [
            "From: etcd-monitor <\(settings.sender)>",
            "To: \(settings.recipients.joined(separator: ",\r\n "))",
            "Subject: \(encodedHeader(text.subject, after: "Subject: ".count))",
            "Date: \(CalendarTime(createdAt).rfc5322)",
            "Message-ID: <\(identity)@\(domain)>",
            // Mails of one group stand together in the reader's list.
            "References: <\(group)@\(domain)>",
            "In-Reply-To: <\(group)@\(domain)>",
            "Auto-Submitted: auto-generated",
            "X-Etcd-Monitor-Status: \(content.isFiring ? "firing" : "resolved")",
            "MIME-Version: 1.0",
            "Content-Type: multipart/alternative;\r\n boundary=\"\(boundary)\"",
            "",
        ]
        for (type, body) in [("text/plain", text.plain), ("text/html", text.html)] {
            lines += [
                "--\(boundary)", "Content-Type: \(type); charset=utf-8", "Content-Transfer-Encoding: quoted-printable",
                "",
                quotedPrintable(body),
            ]
        }
        lines += ["--\(boundary)--", ""]
        return MailMessage(
            sender: settings.sender, recipients: settings.recipients,
            content: Array(lines.joined(separator: "\r\n").utf8))
    }

    /// Plain if it is short printable ASCII; otherwise encoded words of at most 75 characters, folded.
    static func encodedHeader(_ text: String, after column: Int) -> String {
        let isPlain = text.utf8.allSatisfy { (0x20...0x7e).contains($0) } && !text.contains("=?")
        if isPlain, text.utf8.count + column <= 76 { return text }
        var words: [String] = []
        var chunk: [UInt8] = []
        for character in text {
            // 42 bytes are 56 base64 digits; with the frame 68, which leaves room for "Subject: " on the first line.
            let bytes = Array(String(character).utf8)
            if !chunk.isEmpty, chunk.count + bytes.count > 42 {
                words.append(Base64.encode(chunk))
                chunk = []
            }
            chunk += bytes.prefix(42)
        }
        words.append(Base64.encode(chunk))
        return words.map { "=?utf-8?B?\($0)?=" }.joined(separator: "\r\n ")
    }

    /// RFC 2045 section 6.7: lines of at most 76 characters, CR LF between them.
    static func quotedPrintable(_ text: String) -> String {
        let normalized = text.split(separator: "\n", omittingEmptySubsequences: false).map(encodedLine)
        return normalized.joined(separator: "\r\n")
    }

    private static func encodedLine(_ line: Substring) -> String {
        let bytes = Array(line.utf8)
        var result = ""
        var width = 0
        for (at, byte) in bytes.enumerated() {
            let isBlankAtEnd = (byte == 0x20 || byte == 0x09) && at == bytes.count - 1
            let isLiteral =
                ((0x21...0x7e).contains(byte) && byte != 0x3d) || ((byte == 0x20 || byte == 0x09) && !isBlankAtEnd)
            let token = isLiteral ? String(UnicodeScalar(byte)) : "=" + hex(byte)
            if width + token.utf8.count > 75 {
                result += "=\r\n"
                width = 0
            }
            result += token
            width += token.utf8.count
        }
        return result
    }

    private static func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
}
