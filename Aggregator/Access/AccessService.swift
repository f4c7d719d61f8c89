internal import Cryptography
public import Logging
public import Model
public import Postgres
internal import Synchronization

/// How long sessions last.
public struct SessionLimits: Sendable {
    /// Without a request for this long, a session ends.
    public var idle: Duration
    /// Whatever happens, a session ends after this.
    public var absolute: Duration

    /// 12 hours idle, 7 days in all, unless told otherwise.
    public init(idle: Duration = .seconds(12 * 3600), absolute: Duration = .seconds(7 * 86_400)) {
        self.idle = idle
        self.absolute = absolute
    }
}

/// Recognises people and programs, and manages who they are. What they may do is decided by ``Policy``.
///
/// Keeps no truth in memory: a revoked session or a changed role counts from the next request on, on every aggregator.
/// Each change is recorded in the audit log in the same transaction; refused ones are recorded too.
public final class AccessService: Sendable {
    let pool: PostgresPool
    let clock: WallClock
    let logger: Logger
    let limits: SessionLimits
    let passwords: PasswordWorker
    let throttle = Mutex(LoginThrottle())
    let passwordMemory = Mutex(PasswordMemory())
    /// Where every change and refusal is recorded.
    public let audit: AuditLog

    /// The users of the database of `pool`.
    public init(
        pool: PostgresPool, audit: AuditLog, limits: SessionLimits = SessionLimits(), clock: WallClock = .system,
        logger: Logger
    ) throws {
        self.pool = pool
        self.audit = audit
        self.limits = limits
        self.clock = clock
        self.logger = logger
        passwords = try PasswordWorker()
    }

    /// Throws `.forbidden` unless `principal` has `permission`, and records the refusal of what would have changed
    /// something.
    ///
    /// - Parameters:
    ///   - address: where the request came from.
    ///   - object: what it was about, for the record.
    public func require(
        _ principal: Principal, _ permission: Permission, cluster: String? = nil, object: String = "",
        from address: String
    ) async throws {
        guard case .refused(let reason) = Policy.decide(principal, permission, cluster: cluster) else { return }
        if permission.role > .viewer || permission.needsSession {
            try await audit.append(
                AuditEvent(
                    actor: principal.name, address: address, action: permission.rawValue, object: object,
                    cluster: cluster, outcome: .refused, reason: reason))
        }
        throw AccessError(.forbidden, reason)
    }

    /// The SHA-256 under which a secret of 256 random bits is stored; such a secret needs no salt.
    static func digest(_ secret: String) -> [UInt8] { SHA256.digest(Array(secret.utf8)) }
}
