internal import AgentProtocol
internal import Cryptography
internal import HTTPClient
public import Model

/// Makes this host known to an aggregator: once, with a token that works once.
public struct Enrolment: Sendable {
    /// `https://HOST:8379`.
    public var server: String
    /// SHA-256 of the aggregator's CA certificate: `sha256:` and 64 hex digits, colons allowed.
    public var fingerprint: String
    /// What this host will be called.
    public var node: String
    /// For the aggregator's record.
    public var agentVersion: String
    /// Signs with this time.
    public var clock: WallClock

    /// Makes the client for each of the two steps; tests put plain ones here.
    var makeClient: @Sendable (TLSOptions) -> HTTPClient = {
        HTTPClient(tls: $0, maximumConnections: 1, idleConnections: 1)
    }

    private static let deadline = Duration.seconds(15)

    /// An enrolment of `node` at `server`.
    public init(server: String, fingerprint: String, node: String, agentVersion: String, clock: WallClock = .system) {
        self.server = server.hasSuffix("/") ? String(server.dropLast()) : server
        self.fingerprint = fingerprint
        self.node = node
        self.agentVersion = agentVersion
        self.clock = clock
    }

    /// Fetches the CA, believes it only if it has the fingerprint, makes a key, and exchanges `token` for an identity.
    ///
    /// The private key does not leave this function other than inside the identity.
    public func run(token: String) async throws(UplinkError) -> AgentIdentity {
        let authority = try await fetchAuthority()
        let key: Ed25519PrivateKey
        do throws(CryptographyError) {
            key = try Ed25519PrivateKey.generate()
        } catch {
            throw UplinkError(.identity, "no key could be made: \(error)", cause: error)
        }
        let request = EnrolmentRequest(
            token: token, node: node, publicKey: key.publicKey.raw, agentVersion: agentVersion)
        let tls = TLSOptions(trust: .pem(authority.pem), minimumVersion: .tls13)
        let answer = try await exchange(request, key, makeClient(tls))
        guard answer.node == node else {
            throw UplinkError(.garbage, "\(server): enrolled as node \"\(answer.node)\" instead of \"\(node)\"")
        }
        do throws(CryptographyError) {
            return AgentIdentity(
                agent: answer.agentID, cluster: answer.cluster, node: answer.node, key: key,
                authorityPEM: authority.pem,
                commandKey: try answer.commandKey.map { key throws(CryptographyError) in try Ed25519PublicKey(raw: key)
                })
        } catch {
            throw UplinkError(.garbage, "\(server): \(error)", cause: error)
        }
    }

    /// The bytes of a fingerprint as people write it, or nil.
    static func digest(of fingerprint: String) -> [UInt8]? {
        let text = fingerprint.lowercased().hasPrefix("sha256:") ? String(fingerprint.dropFirst(7)) : fingerprint
        guard let digest = Hex.decode(text.filter { $0 != ":" }), digest.count == 32 else { return nil }
        return digest
    }

    private func fetchAuthority() async throws(UplinkError) -> Certificate {
        guard let expected = Self.digest(of: fingerprint) else {
            throw UplinkError(.untrusted, "the CA fingerprint is not \"sha256:\" and 64 hex digits")
        }
        // Anyone may answer here: what comes is believed only for its fingerprint.
        let client = makeClient(TLSOptions(verification: .none, minimumVersion: .tls13))
        let url = server + AgentProtocol.certificateAuthorityPath
        let response: HTTPResponse
        do throws(HTTPClientError) {
            response = try await client.send(
                HTTPRequest("GET", url, maximumBodyBytes: 64 << 10), deadline: Self.deadline)
        } catch {
            throw UplinkError(.unreachable, "\(url): \(error)", cause: error)
        }
        guard response.status == 200 else {
            throw UplinkError(.garbage, "\(url): HTTP status \(response.status); is this an aggregator?")
        }
        let certificate: Certificate
        do throws(CryptographyError) {
            certificate = try Certificate(pem: String(decoding: response.body, as: UTF8.self))
        } catch {
            throw UplinkError(.garbage, "\(url): \(error)", cause: error)
        }
        guard certificate.fingerprint == expected else {
            throw UplinkError(
                .untrusted,
                "\(url): its CA is \(certificate.fingerprintText), not the one you named; "
                    + "either the fingerprint is wrong or someone stands in between")
        }
        return certificate
    }

    private func exchange(
        _ request: EnrolmentRequest, _ key: Ed25519PrivateKey, _ client: HTTPClient
    ) async throws(UplinkError) -> EnrolmentResponse {
        let signer = RequestSigner(key: key)
        var created = clock.now
        // A second time only if the aggregator says that our clock is off, and by how much.
        for isLast in [false, true] {
            let message = try signer.enrolment(request.json, to: server, created: created)
            let response: HTTPResponse
            do throws(HTTPClientError) {
                response = try await client.send(message, deadline: Self.deadline)
            } catch {
                let code: UplinkError.Code = error.code == .tls ? .untrusted : .unreachable
                throw UplinkError(code, "\(server): \(error)", cause: error)
            }
            switch Answer(response) {
            case .accepted:
                do throws(ProtocolError) {
                    return try EnrolmentResponse(json: response.body)
                } catch {
                    throw UplinkError(.garbage, "\(server): \(error)", cause: error)
                }
            case .problem(let problem, _):
                if problem.code == .staleSignature, let time = problem.serverTime, !isLast {
                    created = time
                    continue
                }
                throw UplinkError(.refused, "\(server): \(problem.detail)")
            case .other(let status, _):
                throw UplinkError(.garbage, "\(server): HTTP status \(status) to an enrolment")
            }
        }
        throw UplinkError(.refused, "\(server): the time of this host and of the aggregator cannot be brought together")
    }
}

/// What an aggregator answered.
enum Answer {
    /// 2xx.
    case accepted
    /// One of our problems, and how long it wants us to wait.
    case problem(Problem, retryAfter: Duration?)
    /// Something else: a proxy, another program.
    case other(status: Int, retryAfter: Duration?)

    init(_ response: HTTPResponse) {
        let retryAfter = response[header: "retry-after"].flatMap { Int64($0) }.map { Duration.seconds(min($0, 300)) }
        if (200..<300).contains(response.status) {
            self = .accepted
        } else if let problem = try? Problem(json: response.body) {  // no problem of ours: the status must do
            self = .problem(problem, retryAfter: retryAfter)
        } else {
            self = .other(status: response.status, retryAfter: retryAfter)
        }
    }
}
