internal import Access
internal import AgentProtocol
internal import Commands
internal import ConfigurationFile
internal import Fleet
internal import Hummingbird
internal import JSON
internal import NIOCore
internal import Notifications
internal import Postgres
internal import PromQL
internal import RemoteWrite
internal import Rules

extension APIError {
    /// What `error`, from whatever room, is in HTTP. Whatever is not known is our fault and says nothing.
    init(describing error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as AccessError: self.init(error)
        case let error as FleetError: self.init(error)
        case let error as CommandError: self.init(error)
        case let error as NotificationsError: self.init(error)
        case let error as Problem: self.init(.init(code: error.code.status), error.code.rawValue, error.detail)
        case let error as PostgresError: self.init(error)
        case let error as RulesError: self.init(error)
        case let error as ConfigurationErrors: self.init(error)
        case let error as QueryError: self.init(error)
        case let error as RemoteWriteError: self.init(error)
        case let error as HTTPError: self.init(error)
        case is NIOTooManyBytesError: self.init(.contentTooLarge, "body-too-large", "the body is too large")
        default: self.init(.internalServerError, "internal", "an internal error; the log tells more")
        }
    }

    private init(_ error: AccessError) {
        let status: HTTPResponse.Status
        switch error.code {
        case .wrongCredentials, .unauthenticated: status = .unauthorized
        case .tooManyAttempts: status = .tooManyRequests
        case .overloaded: status = .serviceUnavailable
        case .forbidden: status = .forbidden
        case .notFound: status = .notFound
        case .alreadyExists, .lastAdministrator: status = .conflict
        case .invalid: status = .badRequest
        }
        self.init(status, error.code.rawValue, error.message)
        if let wait = error.retryAfter { headers[.retryAfter] = "\(wait.components.seconds + 1)" }
        if status == .unauthorized { headers[.wwwAuthenticate] = "Bearer realm=\"etcd-monitor\"" }
    }

    private init(_ error: FleetError) {
        let status: HTTPResponse.Status
        switch error.code {
        case .notFound: status = .notFound
        case .badName: status = .badRequest
        case .nodeTaken, .keyTaken: status = .conflict
        case .tokenUnknown, .tokenUsed, .tokenExpired, .wrongNode: status = .unauthorized
        }
        self.init(status, error.code.rawValue, error.message)
    }

    private init(_ error: RemoteWriteError) {
        switch error.code {
        case .malformed: self.init(.badRequest, "bad-request", error.message)
        case .refused: self.init(.badRequest, "refused-samples", error.message)
        case .tooLarge: self.init(.contentTooLarge, "body-too-large", error.message)
        // Of all that a sender may try again, Prometheus tries 5xx by default.
        case .busy:
            self.init(.serviceUnavailable, "overloaded", error.message)
            headers[.retryAfter] = "5"
        }
    }

    private init(_ error: RulesError) {
        let status: HTTPResponse.Status = error.code == .notFound ? .notFound : .unprocessableContent
        self.init(status, error.code.rawValue, error.message)
    }

    /// Of a rule file: each problem with its place.
    private init(_ errors: ConfigurationErrors) {
        self.init(.unprocessableContent, "rule-file", "\(errors)")
        members = [("errors", .array(errors.errors.map(RuleProblem.json)))]
    }

    private init(_ error: QueryError) {
        switch error.kind {
        case .badData: self.init(.unprocessableContent, "query", error.message)
        case .execution: self.init(.unprocessableContent, "query-failed", error.message)
        case .timeout, .canceled: self.init(.serviceUnavailable, "query-timeout", error.message)
        case .internal: self.init(.internalServerError, "internal", "an internal error; the log tells more")
        }
    }

    private init(_ error: NotificationsError) {
        let status: HTTPResponse.Status
        switch error.code {
        case .notFound, .noChannel: status = .notFound
        case .invalid: status = .badRequest
        case .conflict: status = .conflict
        case .tooMany: status = .tooManyRequests
        case .secret, .ledger:
            self.init(.internalServerError, "internal", "an internal error; the log tells more")
            return
        }
        self.init(status, error.code.rawValue, error.message)
        if let wait = error.retryAfter { headers[.retryAfter] = "\(wait.components.seconds + 1)" }
    }

    private init(_ error: CommandError) {
        switch error.code {
        case .notFound: self = .notFound(error.message)
        case .conflict: self.init(.conflict, error.code.rawValue, error.message)
        case .invalid: self = .badRequest(error.message)
        }
    }

    private init(_ error: PostgresError) {
        guard error.isTransient || error.code == .poolClosed else {
            self.init(.internalServerError, "internal", "an internal error; the log tells more")
            return
        }
        self.init(.serviceUnavailable, "database-unavailable", "the database cannot be reached now; try again")
        headers[.retryAfter] = "2"
    }

    private init(_ error: HTTPError) {
        switch error.status {
        case .notFound: self.init(.notFound, "not-found", "there is nothing at this path")
        case .contentTooLarge: self.init(.contentTooLarge, "body-too-large", "the body is too large")
        default:
            let detail = error.body ?? error.status.reasonPhrase
            self.init(error.status, "http-\(error.status.code)", detail)
        }
    }
}
