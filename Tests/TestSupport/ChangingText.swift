internal import Synchronization

/// A text that a test changes while others read it, as a file is.
public final class ChangingText: Sendable {
    private let state: Mutex<String>

    /// With `text` at first.
    public init(_ text: String) { state = Mutex(text) }

    /// As it is now.
    public var text: String {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
