internal import Model
internal import Glibc

/// Numbers and `printf` as Go writes them (`fmt`, `strconv`).
enum GoFormat {
    /// `%v` of a float64: the shortest digits that read back the same; an exponent below 1e-4 and from 1e21.
    static func plain(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == 0 { return value.sign == .minus ? "-0" : "0" }
        let (digits, exponent) = shortest(abs(value))
        let sign = value < 0 ? "-" : ""
        if exponent < -4 || exponent >= 21 {
            let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
            let power = abs(exponent)
            return "\(sign)\(digits.prefix(1))\(fraction)e\(exponent < 0 ? "-" : "+")\(power < 10 ? "0" : "")\(power)"
        }
        if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
        if digits.count <= exponent + 1 {
            return sign + digits + String(repeating: "0", count: exponent + 1 - digits.count)
        }
        return sign + digits.prefix(exponent + 1) + "." + digits.dropFirst(exponent + 1)
    }

    /// `%.Ng`.
    static func general(_ value: Double, _ precision: Int) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return c("%.\(precision)g", value)
    }

    /// Significant digits without trailing zeros, and the power of ten of the first; from Swift's own shortest form.
    private static func shortest(_ value: Double) -> (digits: String, exponent: Int) {
        let parts = "\(value)".split(separator: "e")
        let mantissa = parts[0].split(separator: ".")
        let whole = mantissa[0]
        let fraction = mantissa.count > 1 ? mantissa[1] : ""
        var exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + whole.count - 1
        var digits = whole + fraction
        while digits.count > 1, digits.first == "0" {
            digits.removeFirst()
            exponent -= 1
        }
        while digits.count > 1, digits.last == "0" { digits.removeLast() }
        return (String(digits), exponent)
    }

    /// One conversion by the C library. `format` is made here, never by a rule.
    private static func c(_ format: String, _ value: Double) -> String {
        withVaList([value]) { arguments in
            var buffer = [CChar](repeating: 0, count: 512)
            let written = vsnprintf(&buffer, buffer.count, format, arguments)
            let count = min(max(Int(written), 0), buffer.count - 1)
            return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    // MARK: printf

    private struct Directive {
        var flags = ""
        var width: Int?
        var precision: Int?
        var verb: Character = "v"
    }

    /// Go's `Sprintf` with the verbs that alert texts use.
    ///
    /// - Throws: `.template` for a verb that is not known, or that does not fit its argument: Go would print
    ///   `%!d(float64=2)` into the mail, a rule file is refused instead.
    static func printf(_ format: String, _ arguments: [TemplateValue]) throws(RulesError) -> String {
        var result = ""
        var next = 0
        var rest = Substring(format)
        while let character = rest.popFirst() {
            guard character == "%" else {
                result.append(character)
                continue
            }
            let directive = try directive(&rest)
            if directive.verb == "%" {
                result.append("%")
                continue
            }
            guard next < arguments.count else {
                throw RulesError(.template, "printf \"\(format)\" has more verbs than arguments")
            }
            result += padded(try formatted(arguments[next], directive), directive)
            next += 1
        }
        guard next == arguments.count else {
            throw RulesError(.template, "printf \"\(format)\" has fewer verbs than arguments")
        }
        return result
    }

    private static func directive(_ rest: inout Substring) throws(RulesError) -> Directive {
        var directive = Directive()
        while let flag = rest.first, "-+ 0#".contains(flag) {
            directive.flags.append(flag)
            rest.removeFirst()
        }
        directive.width = number(&rest)
        if rest.first == "." {
            rest.removeFirst()
            directive.precision = number(&rest) ?? 0
        }
        guard let verb = rest.popFirst() else { throw RulesError(.template, "printf: a % without a verb; write %%") }
        directive.verb = verb
        guard (directive.width ?? 0) <= 200, (directive.precision ?? 0) <= 100 else {
            throw RulesError(.template, "printf: a width over 200 or a precision over 100")
        }
        return directive
    }

    private static func number(_ rest: inout Substring) -> Int? {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest.removeFirst(digits.count)
        return Int(digits)
    }

    private static func formatted(_ value: TemplateValue, _ directive: Directive) throws(RulesError) -> String {
        let sign = directive.flags.contains("+") ? "+" : directive.flags.contains(" ") ? " " : ""
        switch (directive.verb, value) {
        case ("v", .number(let number)) where directive.precision == nil: return plain(number)
        case ("f", .number(let number)), ("F", .number(let number)):
            return special(number) ?? c("%\(sign).\(directive.precision ?? 6)f", number)
        case ("e", .number(let number)):
            return special(number) ?? c("%\(sign).\(directive.precision ?? 6)e", number)
        case ("g", .number(let number)), ("v", .number(let number)):
            guard let precision = directive.precision else { return plain(number) }
            return general(number, precision)
        case ("d", .integer(let integer)), ("v", .integer(let integer)):
            return (integer >= 0 ? sign : "") + String(integer)
        case ("q", .string(let string)): return "\"" + Labels.escaped(string) + "\""
        case ("s", .string(let string)): return directive.precision.map { String(string.prefix($0)) } ?? string
        case ("v", _), ("t", .boolean): return value.text
        default:
            throw RulesError(
                .template,
                "printf: %\(directive.verb) does not fit \(kind(value)); for $value use %.2f or %v, for a label %s")
        }
    }

    private static func special(_ number: Double) -> String? {
        number.isFinite ? nil : plain(number)
    }

    private static func kind(_ value: TemplateValue) -> String {
        switch value {
        case .number: "a number"
        case .integer: "a whole number"
        case .string: "a text"
        case .boolean: "true or false"
        case .labels: "a set of labels"
        }
    }

    private static func padded(_ text: String, _ directive: Directive) -> String {
        guard let width = directive.width, text.count < width else { return text }
        let missing = width - text.count
        if directive.flags.contains("-") { return text + String(repeating: " ", count: missing) }
        guard directive.flags.contains("0"), directive.verb != "s" else {
            return String(repeating: " ", count: missing) + text
        }
        let sign = text.prefix { $0 == "-" || $0 == "+" }
        return sign + String(repeating: "0", count: missing) + text.dropFirst(sign.count)
    }
}
