internal import Logging

/// The metadata of one event, from all its sources, sorted by key; an event's own wins over its logger's.
struct LogFacts {
    let all: [(key: String, value: String)]

    init(handler: Logger.Metadata, provider: Logger.MetadataProvider?, event: LogEvent) {
        var merged = handler
        if let provided = provider?.get() { merged.merge(provided) { $1 } }
        if let own = event.metadata { merged.merge(own) { $1 } }
        if let error = event.error, merged["error"] == nil { merged["error"] = "\(error)" }
        all = merged.map { ($0.key, $0.value.description) }.sorted { $0.key < $1.key }
    }

    /// `message key=value …` in one line, for people; message ids are for machines and left out.
    func line(_ message: String) -> String {
        all.reduce(into: message) { line, fact in
            if JournalField.name(for: fact.key) != "MESSAGE_ID" { line += " \(fact.key)=\(quoted(fact.value))" }
        }
    }

    private func quoted(_ value: String) -> String {
        let isPlain = !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x7f }
        guard !isPlain else { return value }
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20: text += "?"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
