internal import Synchronization

/// Answers whether a program accepts a text, by building the deterministic automaton's states as texts ask for them.
///
/// The states kept are bounded: when they fill `maximumCells` they are forgotten and built again as needed, so a
/// hostile pattern costs at most program size times text length, and no memory beyond the bound.
final class LazyAutomaton: Sendable {
    private static let maximumCells = 262_144

    private let program: PatternProgram
    private let states: Mutex<States>

    init(_ program: PatternProgram) {
        self.program = program
        states = Mutex(States(program))
    }

    func matches(_ text: String) -> Bool {
        states.withLock { states in
            var state = states.initial
            for scalar in text.unicodeScalars {
                state = states.successor(of: state, on: program.classNumber(of: scalar.value), in: program)
                if state == States.dead { return false }
            }
            return states.isAccepting[state]
        }
    }

    /// States by number. State 0 accepts nothing any more.
    private struct States {
        static let dead = 0
        private static let unknown: Int32 = -1

        private(set) var isAccepting: [Bool] = [false]
        private(set) var initial = 0
        private var places: [[Int32]] = [[]]
        private var successors: [[Int32]] = []
        private var numbers: [[Int32]: Int] = [[]: 0]
        private var cells = 0
        private var mark: [UInt32]
        private var generation: UInt32 = 0
        private var stack: [Int32] = []

        init(_ program: PatternProgram) {
            mark = Array(repeating: 0, count: program.instructions.count)
            successors = [Array(repeating: 0, count: program.classCount)]
            addInitial(program)
        }

        mutating func successor(of state: Int, on classNumber: Int, in program: PatternProgram) -> Int {
            let known = successors[state][classNumber]
            if known != Self.unknown { return Int(known) }
            var next: [Int32] = []
            for place in places[state] {
                guard case .consume(let set) = program.instructions[Int(place)], program.accepts[set][classNumber]
                else { continue }
                next.append(place + 1)
            }
            let closed = closure(of: next, program, isStart: false, isEnd: false)
            if let number = numbers[closed] {
                successors[state][classNumber] = Int32(number)
                return number
            }
            if cells > LazyAutomaton.maximumCells {
                forget(program)
                return numbers[closed] ?? add(closed, program, isStart: false)
            }
            let number = add(closed, program, isStart: false)
            successors[state][classNumber] = Int32(number)
            return number
        }

        private mutating func add(_ closed: [Int32], _ program: PatternProgram, isStart: Bool) -> Int {
            let number = places.count
            let end = closure(of: closed, program, isStart: isStart, isEnd: true)
            places.append(closed)
            successors.append(Array(repeating: Self.unknown, count: program.classCount))
            isAccepting.append(end.contains { program.instructions[Int($0)] == .accept })
            // The first state knows that it is at the text's start: no other one may share its number.
            if !isStart { numbers[closed] = number }
            cells += closed.count + program.classCount
            return number
        }

        private mutating func addInitial(_ program: PatternProgram) {
            initial = add(closure(of: [0], program, isStart: true, isEnd: false), program, isStart: true)
        }

        private mutating func forget(_ program: PatternProgram) {
            isAccepting = [false]
            places = [[]]
            successors = [Array(repeating: 0, count: program.classCount)]
            numbers = [[]: 0]
            cells = 0
            addInitial(program)
        }

        /// The places that consume, accept or wait for the text's end, reachable from `from` without consuming; sorted.
        private mutating func closure(
            of from: [Int32], _ program: PatternProgram, isStart: Bool, isEnd: Bool
        ) -> [Int32] {
            generation &+= 1
            if generation == 0 {
                for index in mark.indices { mark[index] = 0 }
                generation = 1
            }
            var result: [Int32] = []
            stack = from
            while let place = stack.popLast() {
                guard mark[Int(place)] != generation else { continue }
                mark[Int(place)] = generation
                switch program.instructions[Int(place)] {
                case .consume, .accept: result.append(place)
                case .jump(let target): stack.append(Int32(target))
                case .fork(let first, let second): stack += [Int32(first), Int32(second)]
                case .save: stack.append(place + 1)
                case .check(.textStart): if isStart { stack.append(place + 1) }
                case .check: if isEnd { stack.append(place + 1) } else { result.append(place) }
                }
            }
            return result.sorted()
        }
    }
}
