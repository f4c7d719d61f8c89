/// A replacement text as Go's regexp expands it.
struct PatternTemplate {
    private let scalars: [Unicode.Scalar]

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
    }

    /// The text with each reference replaced by `group` of its name or number; `$` before anything else stays.
    func expanded(_ group: (String) -> String) -> String {
        var result = String.UnicodeScalarView()
        var at = 0
        while at < scalars.count {
            guard scalars[at] == "$", at + 1 < scalars.count else {
                result.append(scalars[at])
                at += 1
                continue
            }
            if scalars[at + 1] == "$" {
                result.append("$")
                at += 2
            } else if let (name, end) = reference(at + 1) {
                result.append(contentsOf: group(name).unicodeScalars)
                at = end
            } else {
                result.append("$")
                at += 1
            }
        }
        return String(result)
    }

    /// The name behind a `$`, as long as possible, and where it ends.
    private func reference(_ start: Int) -> (name: String, end: Int)? {
        let isBraced = scalars[start] == "{"
        let nameStart = isBraced ? start + 1 : start
        var end = nameStart
        while end < scalars.count, ScalarSet.isWord(scalars[end].value) { end += 1 }
        guard end > nameStart else { return nil }
        if isBraced, end >= scalars.count || scalars[end] != "}" { return nil }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[nameStart..<end])
        return (String(view), isBraced ? end + 1 : end)
    }
}
