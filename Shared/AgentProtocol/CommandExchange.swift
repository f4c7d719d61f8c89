internal import Cryptography
internal import JSON

/// How an order goes, as the agent says it.
public struct CommandReport: Hashable, Sendable {
    /// Where it is.
    public enum State: String, Sendable, CaseIterable {
        case running
        case done
        /// The host's own policy, or its state, forbids it.
        case refused
        case failed
        case cancelled

        /// Whether nothing more will come.
        public var isFinal: Bool { self != .running }
    }

    /// Of the order.
    public var id: String
    public var state: State
    /// 0…1.
    public var progress: Double
    /// For a person: what it does, or why it ended so.
    public var words: String
    /// JSON, once it is done.
    public var result: [UInt8]?

    /// A report.
    public init(id: String, state: State, progress: Double = 0, words: String = "", result: [UInt8]? = nil) {
        self.id = id
        self.state = state
        self.progress = progress
        self.words = words
        self.result = result
    }
}

/// "These are my orders' reports: what more is there?"
public struct CommandQuestion: Hashable, Sendable {
    /// Reports in one question.
    public static let limit = 16
    /// Bytes of a result.
    public static let resultLimit = 64 << 10

    /// Of the agent's spool now.
    public var epoch: UInt64
    public var reports: [CommandReport]

    /// A question.
    public init(epoch: UInt64, reports: [CommandReport]) {
        self.epoch = epoch
        self.reports = reports
    }

    /// The body to send.
    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.member("epoch", "\(epoch)")
            $0.key("reports")
            $0.array {
                for report in reports {
                    $0.object {
                        $0.member("id", report.id)
                        $0.member("state", report.state.rawValue)
                        $0.member("progress", report.progress)
                        $0.member("words", report.words)
                        // As text: what is in it may be nested deeper than a message.
                        if let result = report.result {
                            $0.member("result", String(decoding: result, as: UTF8.self))
                        }
                    }
                }
            }
        }
        return writer.bytes
    }

    /// Reads a body.
    public init(json: [UInt8]) throws(ProtocolError) {
        let message = try MessageReader(json, "the question about orders")
        guard let epoch = message.unsigned("epoch") else { throw message.bad("epoch") }
        guard let elements = message.value["reports"]?.array, elements.count <= Self.limit else {
            throw message.bad("reports")
        }
        self.epoch = epoch
        reports = []
        for element in elements { reports.append(try Self.report(MessageReader(element, "a report"))) }
    }

    private static func report(_ reader: MessageReader) throws(ProtocolError) -> CommandReport {
        guard let state = CommandReport.State(rawValue: try reader.text("state")) else { throw reader.bad("state") }
        let id = try reader.text("id")
        guard CommandOrder.isID(id) else { throw reader.bad("id") }
        let progress = reader.value["progress"]?.double ?? 0
        guard (0...1).contains(progress) else { throw reader.bad("progress") }
        let result = reader.optionalText("result")
        guard result.map({ $0.utf8.count <= resultLimit }) ?? true else { throw reader.bad("result") }
        return CommandReport(
            id: id, state: state, progress: progress, words: String(try reader.text("words").prefix(1000)),
            result: result.map { Array($0.utf8) })
    }
}

/// What an agent is to do, and what no longer.
public struct CommandAnswer: Hashable, Sendable {
    public var orders: [SignedOrder]
    /// Ids of orders to be given up.
    public var cancelled: [String]

    /// An answer.
    public init(orders: [SignedOrder] = [], cancelled: [String] = []) {
        self.orders = orders
        self.cancelled = cancelled
    }

    /// The body to send.
    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.key("orders")
            $0.array {
                for order in orders {
                    $0.object {
                        $0.member("body", Base64.encode(order.body))
                        $0.member("signature", Base64.encode(order.signature))
                    }
                }
            }
            $0.key("cancelled")
            $0.array { for id in cancelled { $0.string(id) } }
        }
        return writer.bytes
    }

    /// Reads a body.
    public init(json: [UInt8]) throws(ProtocolError) {
        let message = try MessageReader(json, "the answer about orders")
        guard let elements = message.value["orders"]?.array, elements.count <= CommandQuestion.limit else {
            throw message.bad("orders")
        }
        orders = []
        for element in elements {
            let reader = try MessageReader(element, "an order")
            guard let body = Base64.decode(try reader.text("body")) else { throw reader.bad("body") }
            guard let signature = Base64.decode(try reader.text("signature")) else { throw reader.bad("signature") }
            orders.append(SignedOrder(body: body, signature: signature))
        }
        cancelled = try message.texts("cancelled")
    }
}
