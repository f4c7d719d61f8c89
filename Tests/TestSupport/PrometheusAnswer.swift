internal import JSON

/// What an API of Prometheus's answered, to be held against what another one did.
public struct PrometheusAnswer {
    let status: Int
    let body: JSONValue

    /// The answer `status` with the JSON `body`.
    public init(status: Int, body: [UInt8]) throws {
        self.status = status
        self.body = try JSONValue(parsing: body)
    }

    /// What differs from `other`, in a sentence; nil if nothing does. Vectors come in any order, numbers may differ by
    /// a relative `tolerance`; of errors status and kind count, not the words.
    public func difference(from other: PrometheusAnswer, tolerance: Double = 1e-9) -> String? {
        guard status == other.status, body["errorType"]?.string == other.body["errorType"]?.string else {
            return "\(status) \(body), not \(other.status) \(other.body)"
        }
        guard let mine = body["data"], let theirs = other.body["data"] else { return nil }
        return Comparison(tolerance: tolerance).difference(Self.sorted(mine), Self.sorted(theirs))
    }

    private static func sorted(_ data: JSONValue) -> JSONValue {
        guard data["resultType"]?.string == "vector", let result = data["result"]?.array else { return data }
        let keyed = result.map { one in
            let names = (one["metric"]?.object ?? []).map { "\($0.0)=\($0.1.string ?? "")" }
            return (key: names.sorted().joined(separator: ","), one: one)
        }
        let ordered = keyed.sorted { $0.key < $1.key }.map(\.one)
        return .object([("resultType", .string("vector")), ("result", .array(ordered))])
    }

    private struct Comparison {
        let tolerance: Double

        func difference(_ ours: JSONValue, _ theirs: JSONValue) -> String? {
            switch (ours, theirs) {
            case (.array(let left), .array(let right)):
                guard left.count == right.count else {
                    return "\(left.count) elements, not \(right.count): \(ours), not \(theirs)"
                }
                return zip(left, right).lazy.compactMap { difference($0, $1) }.first
            case (.object(let left), .object(let right)):
                guard left.map(\.0).sorted() == right.map(\.0).sorted() else { return "\(ours), not \(theirs)" }
                return left.lazy.compactMap { name, value in
                    theirs[name].flatMap { difference(value, $0) }.map { "\(name): \($0)" }
                }.first
            case (.number(let left), .number(let right)):
                // A scalar's time is written with fewer zeros there than a vector's.
                return Double(left) == Double(right) ? nil : "\(left), not \(right)"
            case (.string(let left), .string(let right)) where left != right:
                guard let (a, b) = Double(left).flatMap({ a in Double(right).map { (a, $0) } }),
                    (a - b).magnitude <= tolerance * max(a.magnitude, b.magnitude)
                else { return "\(left), not \(right)" }
                return nil
            default: return ours == theirs ? nil : "\(ours), not \(theirs)"
            }
        }
    }
}
