/// Why an aggregator refused; what an agent decides by.
public enum ProblemCode: String, Sendable, CaseIterable {
    /// Not a batch, or against what the stream said before.
    case malformedBatch = "malformed-batch"
    /// The posted body is too large.
    case bodyTooLarge = "body-too-large"
    /// The body would be too large when decompressed.
    case decompressionTooLarge = "decompression-too-large"
    /// Content-Digest is not the body's.
    case digestMismatch = "digest-mismatch"
    /// No signature, one that lacks a component, or one that does not verify.
    case badSignature = "bad-signature"
    /// No agent has this id.
    case unknownAgent = "unknown-agent"
    /// The agent was revoked.
    case revokedAgent = "revoked-agent"
    /// `created` is too far from the aggregator's clock; the problem tells it: sign again by that.
    case staleSignature = "stale-signature"
    /// A scrape is older than what is kept, or from the future.
    case impossibleTimestamp = "impossible-timestamp"
    /// The same sequence was stored before with another digest.
    case conflictingSequence = "conflicting-sequence"
    /// A source, layout or keyframe that the batch builds on is not here: send its segment again.
    case missingContext = "missing-context"
    /// Too much to do: try again after Retry-After.
    case overloaded = "overloaded"
    /// The body names another agent than the signature.
    case wrongAgent = "wrong-agent"
    /// An enrolment token that does not exist, was used or has expired.
    case badToken = "bad-token"
    /// The node has an agent, and the token does not replace it.
    case nodeTaken = "node-taken"
    /// A request that is not what this path takes.
    case badRequest = "bad-request"
    /// Our fault: try again.
    case `internal` = "internal"

    /// `urn:etcd-monitor:problem:<code>`
    public var type: String { "urn:etcd-monitor:problem:\(rawValue)" }

    /// The code in a problem's `type`; nil for one that is not ours.
    public init?(type: String) {
        let prefix = "urn:etcd-monitor:problem:"
        guard type.hasPrefix(prefix) else { return nil }
        self.init(rawValue: String(type.dropFirst(prefix.count)))
    }

    /// The HTTP status it is sent with.
    public var status: Int {
        switch self {
        case .malformedBatch, .digestMismatch, .badRequest: 400
        case .badSignature, .unknownAgent, .staleSignature, .badToken: 401
        case .revokedAgent, .wrongAgent: 403
        case .conflictingSequence, .missingContext, .nodeTaken: 409
        case .bodyTooLarge, .decompressionTooLarge: 413
        case .impossibleTimestamp: 422
        case .internal: 500
        case .overloaded: 503
        }
    }

    /// A few words that never change, for `title`.
    public var title: String {
        switch self {
        case .malformedBatch: "The body is no batch"
        case .bodyTooLarge: "The body is too large"
        case .decompressionTooLarge: "The body is too large when decompressed"
        case .digestMismatch: "Content-Digest does not match the body"
        case .badSignature: "The signature does not verify"
        case .unknownAgent: "No such agent"
        case .revokedAgent: "This agent was revoked"
        case .staleSignature: "The signature is too old or from the future"
        case .impossibleTimestamp: "A timestamp cannot be"
        case .conflictingSequence: "This sequence was stored with other content"
        case .missingContext: "The batch builds on something that is not here"
        case .overloaded: "Too much to do"
        case .wrongAgent: "The body names another agent"
        case .badToken: "The enrolment token is not valid"
        case .nodeTaken: "The node has an agent already"
        case .badRequest: "The request is not understood"
        case .internal: "An internal error"
        }
    }

    /// What an agent does about it.
    public enum Remedy: Sendable {
        /// Send the same again, later.
        case retry
        /// Sign again, by the aggregator's clock, and send at once.
        case signAgain
        /// Send the segment again from its start.
        case resendSegment
        /// The batch will never be taken: count it, report it and go on with the next.
        case giveUpBatch
        /// Nothing will be taken until a person acts: keep measuring, try again slowly.
        case wait
    }

    /// What an agent does about it.
    public var remedy: Remedy {
        switch self {
        case .overloaded, .internal, .digestMismatch: .retry
        case .staleSignature: .signAgain
        case .missingContext: .resendSegment
        case .malformedBatch, .bodyTooLarge, .decompressionTooLarge, .impossibleTimestamp, .conflictingSequence:
            .giveUpBatch
        case .badSignature, .unknownAgent, .revokedAgent, .wrongAgent, .badToken, .nodeTaken, .badRequest: .wait
        }
    }
}
