/// A function's name and types.
public struct FunctionSignature: Hashable, Sendable {
    /// Its name.
    public var name: String
    /// The types of its arguments; with `extra` other than 0 the last one may be left out.
    public var arguments: [ValueType]
    /// How often the last argument may stand: 0 once; n up to n times, or not at all; -1 any number of times.
    public var extra: Int
    /// The type of its value.
    public var returns: ValueType
    /// Whether Prometheus hides it behind a flag.
    public var isExperimental: Bool

    init(
        _ name: String, _ arguments: [ValueType], extra: Int = 0, returns: ValueType = .vector,
        isExperimental: Bool = false
    ) {
        self.name = name
        self.arguments = arguments
        self.extra = extra
        self.returns = returns
        self.isExperimental = isExperimental
    }

    /// Fewest arguments.
    var minimumCount: Int { extra == 0 ? arguments.count : arguments.count - 1 }

    /// Most arguments; nil for any number.
    var maximumCount: Int? {
        switch extra {
        case 0: arguments.count
        case ..<0: nil
        default: arguments.count + extra - 1
        }
    }

    /// The type of argument `index`.
    func argumentType(_ index: Int) -> ValueType {
        arguments[min(index, arguments.count - 1)]
    }

    /// The function `name`, whatever flags say.
    public static func named(_ name: String) -> FunctionSignature? {
        functionTable[name]?.signature
    }
}
