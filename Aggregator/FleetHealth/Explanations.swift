internal import Synchronization

/// Who is to blame for what is slow in each cluster now, in a sentence, for whoever tells of it.
public final class Explanations: Sendable {
    private let sentences = Mutex<[String: String]>([:])

    /// Nothing is known yet.
    public init() {}

    /// The sentence on `cluster`; nil if nobody is to blame.
    public subscript(cluster: String) -> String? { sentences.withLock { $0[cluster] } }

    /// Says so from now on.
    ///
    /// - Returns: whether it is something new.
    public func set(_ sentence: String?, on cluster: String) -> Bool {
        sentences.withLock { sentences in
            defer { sentences[cluster] = sentence }
            return sentences[cluster] != sentence
        }
    }
}
