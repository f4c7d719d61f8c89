/// Runs a program with captures (Pike's machine): every place is visited at most once a scalar, the preferred path
/// first, so that the captures are those of a backtracking engine, in linear time.
struct PatternThreads {
    private let program: PatternProgram
    private let slotCount: Int

    init(_ program: PatternProgram) {
        self.program = program
        slotCount = 2 * program.groupNames.count
    }

    /// Where each group starts and ends in `text` (-1 if it took no part); nil if the program does not match all of it.
    func captures(in text: [Unicode.Scalar]) -> [Int]? {
        var threads = Threads(program.instructions.count)
        var upcoming = Threads(program.instructions.count)
        follow(0, Array(repeating: -1, count: slotCount), in: text, at: 0, into: &threads)
        for (at, scalar) in text.enumerated() {
            let classNumber = program.classNumber(of: scalar.value)
            for (place, slots) in threads.list {
                guard case .consume(let set) = program.instructions[place], program.accepts[set][classNumber]
                else { continue }
                follow(place + 1, slots, in: text, at: at + 1, into: &upcoming)
            }
            swap(&threads, &upcoming)
            upcoming.clear()
            if threads.list.isEmpty { return nil }
        }
        return threads.list.first { program.instructions[$0.place] == .accept }?.slots
    }

    /// Threads in order of preference, each place once.
    private struct Threads {
        var list: [(place: Int, slots: [Int])] = []
        var seen: [Bool]
        var touched: [Int] = []

        init(_ size: Int) { seen = Array(repeating: false, count: size) }

        mutating func clear() {
            for place in touched { seen[place] = false }
            touched.removeAll(keepingCapacity: true)
            list.removeAll(keepingCapacity: true)
        }
    }

    /// Adds what is reachable from `place` without consuming, preferred first.
    private func follow(
        _ place: Int, _ slots: [Int], in text: [Unicode.Scalar], at: Int, into threads: inout Threads
    ) {
        var stack: [(place: Int, slots: [Int])] = [(place, slots)]
        while let (place, current) = stack.popLast() {
            var slots = current
            guard !threads.seen[place] else { continue }
            threads.seen[place] = true
            threads.touched.append(place)
            switch program.instructions[place] {
            case .consume, .accept: threads.list.append((place, slots))
            case .jump(let target): stack.append((target, slots))
            case .fork(let first, let second):
                stack.append((second, slots))
                stack.append((first, slots))
            case .save(let slot):
                slots[slot] = at
                stack.append((place + 1, slots))
            case .check(let assertion):
                if Self.holds(assertion, in: text, at: at) { stack.append((place + 1, slots)) }
            }
        }
    }

    private static func holds(_ assertion: PatternAssertion, in text: [Unicode.Scalar], at: Int) -> Bool {
        func isWord(_ index: Int) -> Bool { text.indices.contains(index) && ScalarSet.isWord(text[index].value) }
        switch assertion {
        case .textStart: return at == 0
        case .textEnd: return at == text.count
        case .lineStart: return at == 0 || text[at - 1] == "\n"
        case .lineEnd: return at == text.count || text[at] == "\n"
        case .wordBoundary: return isWord(at - 1) != isWord(at)
        case .noWordBoundary: return isWord(at - 1) == isWord(at)
        }
    }
}
