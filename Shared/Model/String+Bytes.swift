internal import Glibc

extension String {
    /// Whether both hold the same UTF-8. Swift's `==` also takes "é" and "e" with a combining accent for one text; two
    /// label values are two series then, as in Prometheus.
    public func hasSameBytes(as other: String) -> Bool {
        let same = utf8.withContiguousStorageIfAvailable { left in
            other.utf8.withContiguousStorageIfAvailable { right in
                guard left.count == right.count else { return false }
                guard let a = left.baseAddress, let b = right.baseAddress else { return true }
                return memcmp(a, b, left.count) == 0
            } ?? other.utf8.elementsEqual(left)
        }
        return same ?? utf8.elementsEqual(other.utf8)
    }
}
