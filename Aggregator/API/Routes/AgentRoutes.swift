internal import AgentProtocol
internal import Commands
internal import HTTPTypes
internal import Hummingbird
internal import Ingest
internal import MessageSignatures
internal import NIOCore

/// What agents ask: the CA to pin, enrolment, batches.
struct AgentRoutes: Sendable {
    let services: APIServices
    let enrolment: EnrolmentDesk
    let receiving: ReceivingBytes

    var routes: [Route] {
        [
            Route(
                .get, AgentProtocol.certificateAuthorityPath, .open,
                Operation(
                    "getAuthority", tag: "agents", "The CA's certificate, believed by its fingerprint.",
                    mediaType: AgentProtocol.certificateMediaType), handler: authority),
            Route(
                .post, AgentProtocol.enrolmentPath, .signature,
                Operation(
                    "enrol", tag: "agents", "Enrols an agent with a one-time token.", body: "Enrolment", status: 201,
                    answer: "Enrolled"), handler: enrol),
            Route(
                .post, AgentProtocol.batchesPath, .signature,
                Operation(
                    "postBatch", tag: "agents", "Stores a signed batch; see docs/agent-protocol.md.", status: 204),
                handler: batch),
            Route(
                .post, AgentProtocol.ledgerPath, .signature,
                Operation(
                    "postLedgerQuestion", tag: "agents",
                    "Says which batches that an agent holds are lacking; see docs/agent-protocol.md.",
                    body: "LedgerQuestion", answer: "LedgerAnswer"), handler: lacking),
            Route(
                .post, AgentProtocol.commandsPath, .signature,
                Operation(
                    "postCommandQuestion", tag: "agents",
                    "Takes reports on orders and gives signed ones; see docs/agent-protocol.md.",
                    body: "CommandQuestion", answer: "CommandAnswer"), handler: orders),
        ]
    }

    @Sendable private func authority(_ request: Request, _ context: APIContext) async throws -> Response {
        guard let pem = services.installation.authorityPEM else {
            throw APIError.notFound("this aggregator's certificate was not issued by a CA of its own")
        }
        var headers = HTTPFields()
        headers[.contentType] = AgentProtocol.certificateMediaType
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: pem)))
    }

    @Sendable private func enrol(_ request: Request, _ context: APIContext) async throws -> Response {
        let upload = try await upload(request, context, limit: 65_536)
        do {
            let answer = try await enrolment.enrol(upload)
            return .json(answer.json, status: .created)
        } catch {
            return Self.answer(error, retryAfter: services.ingestor.retryAfter)
        }
    }

    @Sendable private func batch(_ request: Request, _ context: APIContext) async throws -> Response {
        do {
            let agent = try await services.ingestor.ingest(
                try await upload(request, context, limit: AgentProtocol.bodyLimit))
            guard services.commands?.isWaiting(for: agent) == true else { return .done }
            var headers = HTTPFields()
            if let name = HTTPField.Name(AgentProtocol.commandsHeader) { headers[name] = "1" }
            return Response(status: .noContent, headers: headers)
        } catch let problem as Problem {
            return Self.answer(problem, retryAfter: services.ingestor.retryAfter)
        }
    }

    @Sendable private func lacking(_ request: Request, _ context: APIContext) async throws -> Response {
        do {
            let question = try await upload(request, context, limit: AgentProtocol.ledgerBodyLimit)
            return .json(try await services.ingestor.answer(question).json)
        } catch let problem as Problem {
            return Self.answer(problem, retryAfter: services.ingestor.retryAfter)
        }
    }

    @Sendable private func orders(_ request: Request, _ context: APIContext) async throws -> Response {
        do {
            let (agent, question) = try await services.ingestor.commandQuestion(
                try await upload(request, context, limit: AgentProtocol.commandsBodyLimit))
            guard let commands = services.commands else { return .json(CommandAnswer().json) }
            return .json(try await commands.answer(question, from: agent).json)
        } catch let problem as Problem {
            return Self.answer(problem, retryAfter: services.ingestor.retryAfter)
        }
    }

    private func upload(_ request: Request, _ context: APIContext, limit: Int) async throws -> UploadRequest {
        let share = receiving.share(of: context.peer)
        defer { withExtendedLifetime(share) {} }
        let body: [UInt8]
        do {
            body = try await request.body.bytes(upTo: limit) { bytes in
                guard share.take(bytes) else { throw Problem(.overloaded, "too many bodies are being received") }
            }
        } catch let error as APIError where error.status == .contentTooLarge {
            throw Problem(.bodyTooLarge, error.detail)
        }
        return UploadRequest(parts: RequestParts(request), body: body, peer: context.peer)
    }

    static func answer(_ problem: Problem, retryAfter: Duration) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = AgentProtocol.problemMediaType
        if problem.code == .overloaded { headers[.retryAfter] = "\(max(1, retryAfter.components.seconds))" }
        return Response(
            status: .init(code: problem.code.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: problem.json)))
    }
}

extension RequestParts {
    /// What of `request` a signature covers: the same over HTTP/1.1's `Host` and HTTP/2's `:authority`.
    init(_ request: Request) {
        self.init(
            method: request.method.rawValue, scheme: "https", authority: request.head.authority ?? "",
            target: request.head.path ?? "/", headers: request.headers.map { ($0.name.rawName, $0.value) })
    }
}
