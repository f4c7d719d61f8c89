internal import ConfigurationFile
public import JSON

/// A channel as an administrator asks for it over the API: what stands below a channel in the configuration file, with the
/// secrets apart.
public struct ChannelDraft: Sendable {
    /// Unique among all channels; 1 to 64 letters, digits, `.`, `_`, `-`.
    public var name: String
    /// `email`, `webhook`, `slack`, `pagerduty`, `alertmanager`.
    public var kind: String
    /// As below the kind in the configuration file; holds no secret.
    public var settings: JSONValue
    /// New values by their names (``secretNames(of:)``); "" takes one away, those that are not named stay as they are.
    public var secrets: [String: String]
    /// Whether it is told when an alert ends.
    public var sendsResolved: Bool
    /// What one attempt may take; 1 to 60 s.
    public var deadline: Duration
    /// What tells in its place when it cannot.
    public var fallback: ChannelConfiguration.Fallback?

    /// A channel.
    public init(
        name: String, kind: String, settings: JSONValue, secrets: [String: String] = [:], sendsResolved: Bool = true,
        deadline: Duration = .seconds(15), fallback: ChannelConfiguration.Fallback? = nil
    ) {
        self.name = name
        self.kind = kind
        self.settings = settings
        self.secrets = secrets
        self.sendsResolved = sendsResolved
        self.deadline = deadline
        self.fallback = fallback
    }

    /// What a channel of `kind` keeps sealed; nil if there is no such kind.
    public static func secretNames(of kind: String) -> Set<String>? {
        switch kind {
        case "email": ["password"]
        case "webhook": ["url", "bearer_token"]
        case "slack": ["url", "bot_token"]
        case "pagerduty": ["routing_key"]
        case "alertmanager": ["bearer_token"]
        default: nil
        }
    }

    /// The channel as the configuration file would write it, where the secret `x` is `x_env: x`: a name under which
    /// ``ChannelConfiguration/init(document:secret:)`` looks for it.
    ///
    /// - Parameter secrets: names of all that it keeps sealed.
    /// - Throws: `.invalid`.
    func document(secrets: Set<String>) throws(NotificationsError) -> JSONValue {
        func refuse(_ message: String) -> NotificationsError { NotificationsError(.invalid, message) }
        let isNameByte: (UInt8) -> Bool = { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20)
                || [0x2d, 0x2e, 0x5f].contains(byte)
        }
        guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy(isNameByte) else {
            throw refuse("the name of a channel has 1 to 64 letters, digits, '.', '_' and '-'")
        }
        guard let known = Self.secretNames(of: kind) else {
            throw refuse("'kind' must be email, webhook, slack, pagerduty or alertmanager")
        }
        for name in secrets where !known.contains(name) {
            let names = known.sorted().joined(separator: ", ")
            throw refuse("a channel of kind \(kind) has no secret '\(name)'; it may have \(names)")
        }
        guard let members = settings.object else { throw refuse("'settings' must be an object") }
        for (name, value) in members {
            // Whoever administers channels need not be able to read the aggregator's files.
            if name.hasSuffix("_env") || (name.hasSuffix("_file") && name != "ca_file") {
                throw refuse("'\(name)' belongs into the configuration file; give the value in 'secrets'")
            }
            if known.contains(name) { throw refuse("'\(name)' is a secret; give it in 'secrets'") }
            // Settings are shown.
            let texts = [value.string].compactMap { $0 } + (value.array ?? []).compactMap(\.string)
            if texts.contains(where: { $0.contains("://") && $0.contains("@") }) {
                throw refuse("'\(name)' holds a user or password; give 'bearer_token' in 'secrets', or use the file")
            }
        }
        let marks = secrets.sorted().map { ("\($0)_env", JSONValue.string($0)) }
        var document: [(String, JSONValue)] = [
            ("name", .string(name)), ("send_resolved", .bool(sendsResolved)),
            ("deadline", .string(ScalarText.text(deadline))), (kind, .object(members + marks)),
        ]
        if let fallback {
            document += [
                ("fallback", .string(fallback.channel)),
                ("fallback_attempts", .number(String(fallback.attempts))),
                ("fallback_after", .string(ScalarText.text(fallback.after))),
            ]
        }
        return .object(document)
    }
}

extension ChannelConfiguration {
    /// Reads what ``ChannelDraft/document(secrets:)`` wrote.
    ///
    /// - Parameter secret: the secret of a name.
    /// - Throws: `.invalid`, with all that is wrong.
    init(document: JSONValue, secret: (String) -> SecretSource) throws(NotificationsError) {
        let problems = Problems()
        do throws(ConfigurationErrors) {
            // JSON is YAML.
            let yaml = try YAMLDocument("\(document)", name: "channel")
            self.init(reading: MappingReader(yaml.root, problems))
            try problems.throwIfAny()
        } catch {
            throw NotificationsError(reading: error)
        }
        kind = kind.replacingSecrets { source in
            if case .environment(let name) = source { secret(name) } else { source }
        }
    }
}

extension NotificationsError {
    /// What is wrong with something that came over the API: without places, which nobody there sees.
    init(reading errors: ConfigurationErrors) {
        let texts = errors.errors.map { $0.remedy.isEmpty ? $0.problem : "\($0.problem); \($0.remedy)" }
        self.init(.invalid, texts.joined(separator: ". "))
    }
}

extension ChannelConfiguration.Kind {
    /// The same with other secrets.
    func replacingSecrets(_ change: (SecretSource) -> SecretSource) -> Self {
        switch self {
        case .email(var settings):
            settings.password = settings.password.map(change)
            return .email(settings)
        case .webhook(var settings):
            settings.url = change(settings.url)
            settings.bearerToken = settings.bearerToken.map(change)
            return .webhook(settings)
        case .slack(var settings):
            switch settings.way {
            case .webhook(let url): settings.way = .webhook(change(url))
            case .bot(let token, let channel): settings.way = .bot(token: change(token), channel: channel)
            }
            return .slack(settings)
        case .pagerDuty(var settings):
            settings.routingKey = change(settings.routingKey)
            return .pagerDuty(settings)
        case .alertmanager(var settings):
            settings.bearerToken = settings.bearerToken.map(change)
            return .alertmanager(settings)
        }
    }
}
