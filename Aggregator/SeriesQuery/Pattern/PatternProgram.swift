/// One step of a program. Without a target the next step follows.
enum PatternInstruction: Hashable, Sendable {
    /// Consumes a scalar of set number `set`.
    case consume(set: Int)
    /// Goes on at both; `first` is preferred.
    case fork(first: Int, second: Int)
    case jump(Int)
    case save(slot: Int)
    case check(PatternAssertion)
    case accept
}

/// A pattern compiled for a machine that keeps a set of program places (Thompson), so that time is bounded by places
/// times scalars. Scalars are first mapped to classes that no set of the program tells apart.
struct PatternProgram: Sendable {
    /// Most instructions a program may have.
    static let maximumSize = 20_000
    /// Most cells of the table of sets and classes.
    static let maximumTable = 4_000_000

    private(set) var instructions: [PatternInstruction] = []
    let groupNames: [String]
    /// Whether assertions ask what stands before and behind (`\b`, multi-line `^ $`).
    private(set) var needsNeighbours = false
    /// `accepts[set][class]`.
    private(set) var accepts: [[Bool]] = []
    var classCount: Int { starts.count }

    private var sets: [ScalarSet] = []
    private var numbers: [ScalarSet: Int] = [:]
    /// First scalar of each class, rising; class 0 starts at 0.
    private var starts: [UInt32] = []
    private var asciiClasses: [Int] = []

    /// Compiles `tree`, anchored at both ends.
    init(_ tree: PatternNode, groupNames: [String]) throws(PatternError) {
        self.groupNames = groupNames
        try emit(.save(slot: 0))
        try compile(tree)
        try emit(.save(slot: 1))
        try emit(.check(.textEnd))
        try emit(.accept)
        var bounds: Set<UInt32> = [0]
        for range in sets.flatMap(\.ranges) {
            bounds.insert(range.lowerBound)
            if range.upperBound < ScalarSet.last { bounds.insert(range.upperBound + 1) }
        }
        starts = bounds.sorted()
        guard sets.count * starts.count <= Self.maximumTable else {
            throw PatternError(.tooLarge, "expression too large: too many character classes", at: 0)
        }
        accepts = sets.map { set in
            var ranges = set.ranges[...]
            return starts.map { start in
                while let range = ranges.first, range.upperBound < start { ranges.removeFirst() }
                return ranges.first?.contains(start) ?? false
            }
        }
        asciiClasses = (0..<128).map { searchClass(of: $0) }
    }

    /// The class of `scalar`.
    func classNumber(of scalar: UInt32) -> Int {
        scalar < 128 ? asciiClasses[Int(scalar)] : searchClass(of: scalar)
    }

    private func searchClass(of scalar: UInt32) -> Int {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= scalar { low = middle } else { high = middle }
        }
        return low
    }

    // MARK: Compiling

    @discardableResult
    private mutating func emit(_ instruction: PatternInstruction) throws(PatternError) -> Int {
        guard instructions.count < Self.maximumSize else {
            throw PatternError(.tooLarge, "expression too large: more than \(Self.maximumSize) steps", at: 0)
        }
        instructions.append(instruction)
        return instructions.count - 1
    }

    private mutating func compile(_ node: PatternNode) throws(PatternError) {
        switch node {
        case .empty: break
        case .scalar(let value): try consume(ScalarSet([value...value]))
        case .set(let set): try consume(set)
        case .assertion(let assertion):
            if assertion != .textStart, assertion != .textEnd { needsNeighbours = true }
            try emit(.check(assertion))
        case .sequence(let parts): for part in parts { try compile(part) }
        case .alternation(let branches): try compile(branches)
        case .group(let body, let index):
            guard let index else { return try compile(body) }
            try emit(.save(slot: 2 * index))
            try compile(body)
            try emit(.save(slot: 2 * index + 1))
        case .repetition(let body, let minimum, let maximum, let isGreedy):
            let start = instructions.count
            for _ in 0..<minimum {
                try compile(body)
                // Nested repetitions of nothing would loop without ever reaching the size limit.
                if instructions.count == start { break }
            }
            if let maximum {
                try compileOptional(body, times: maximum - minimum, isGreedy: isGreedy)
            } else {
                try compileLoop(body, isGreedy: isGreedy)
            }
        }
    }

    private mutating func consume(_ set: ScalarSet) throws(PatternError) {
        let number = numbers[set] ?? sets.count
        if number == sets.count {
            numbers[set] = number
            sets.append(set)
        }
        try emit(.consume(set: number))
    }

    private mutating func compile(_ branches: [PatternNode]) throws(PatternError) {
        var exits: [Int] = []
        for branch in branches.dropLast() {
            let fork = try emit(.accept)
            try compile(branch)
            exits.append(try emit(.accept))
            instructions[fork] = .fork(first: fork + 1, second: instructions.count)
        }
        if let last = branches.last { try compile(last) }
        for exit in exits { instructions[exit] = .jump(instructions.count) }
    }

    private mutating func compileOptional(_ body: PatternNode, times: Int, isGreedy: Bool) throws(PatternError) {
        var forks: [Int] = []
        for _ in 0..<times {
            forks.append(try emit(.accept))
            try compile(body)
        }
        for fork in forks { instructions[fork] = Self.fork(fork + 1, instructions.count, isGreedy) }
    }

    private mutating func compileLoop(_ body: PatternNode, isGreedy: Bool) throws(PatternError) {
        let fork = try emit(.accept)
        try compile(body)
        try emit(.jump(fork))
        instructions[fork] = Self.fork(fork + 1, instructions.count, isGreedy)
    }

    private static func fork(_ inside: Int, _ outside: Int, _ isGreedy: Bool) -> PatternInstruction {
        isGreedy ? .fork(first: inside, second: outside) : .fork(first: outside, second: inside)
    }
}
