/// The name in `names` that `name` was probably meant to be: at most a third of its letters differ. nil if none is near.
public func nearestName(to name: String, among names: [String]) -> String? {
    let limit = max(1, name.utf8.count / 3)
    let distances = names.map { ($0, editDistance(Array(name.utf8), Array($0.utf8))) }
    return distances.filter { $0.1 <= limit }.min { $0.1 < $1.1 }?.0
}

/// How many letters to insert, delete, replace or swap with their neighbour (optimal string alignment).
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    guard left.count <= 64, right.count <= 64 else { return .max }
    var rows = [Array(0...right.count)]
    for (i, a) in left.enumerated() {
        var row = [i + 1]
        for (j, b) in right.enumerated() {
            var best = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a == b ? 0 : 1))
            if i > 0, j > 0, a == right[j - 1], left[i - 1] == b { best = min(best, rows[i - 1][j - 1] + 1) }
            row.append(best)
        }
        rows.append(row)
    }
    return rows[left.count][right.count]
}
