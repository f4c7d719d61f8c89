import HTTPClient
import TestSupport
import Testing

/// The code with which `body` fails, or nil.
func code(_ body: () async throws -> Void) async -> HTTPClientError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? HTTPClientError)?.code
    }
}

@Suite(.timeLimit(.minutes(1))) struct HTTPClientTests {
    let client = HTTPClient()

    @Test func sendsNothingButWhatItWasGiven() async throws {
        let server = try StubHTTPServer { _ in .text("ok") }
        let response = try await client.send(
            HTTPRequest(
                "POST", server.url + "/a?b=c", headers: [("X-One", "1"), ("X-Empty", "")], body: Array("hi".utf8)),
            deadline: .seconds(10))
        #expect(response.status == 200 && response.body == Array("ok".utf8))
        let request = try #require(server.requests.first)
        #expect(request.method == "POST" && request.target == "/a?b=c" && request.text == "hi")
        let names = request.headers.map(\.name).sorted()
        #expect(names == ["Content-Length", "Host", "X-Empty", "X-One"])
        #expect(request[header: "x-empty"] == "")
    }

    @Test(arguments: [0, 300, 65_535, 65_536, 65_537, 200_000])
    func countsTheBytesThatGoOverTheWire(count: Int) async throws {
        let server = try StubHTTPServer { request in .answer(status: 200, body: request.body) }
        let body = [UInt8](repeating: 7, count: count)
        let response = try await client.send(HTTPRequest("POST", server.url, body: body), deadline: .seconds(10))
        #expect(response.body == body)
        #expect(response.metrics.sentBytes == server.requests[0].wireBytes)
        #expect(
            response.metrics.receivedBytes == "HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n".utf8.count + count)
        #expect(response.metrics.openedConnection && response.metrics.total > .zero)
    }

    @Test(arguments: ["GET", "DELETE", "HEAD", "PUT"]) func sendsAnyMethodWithoutABody(method: String) async throws {
        let server = try StubHTTPServer { _ in .text("ok") }
        let response = try await client.send(HTTPRequest(method, server.url), deadline: .seconds(10))
        #expect(response.status == 200)
        #expect(server.requests.map(\.method) == [method])
        #expect(server.requests[0].headers.map(\.name) == ["Host"])
    }

    @Test func keepsAConnectionForTheNextRequest() async throws {
        let server = try StubHTTPServer { _ in .text("ok") }
        for _ in 0..<5 { _ = try await client.send(HTTPRequest("GET", server.url), deadline: .seconds(10)) }
        #expect(server.connectionCount == 1)
    }

    @Test func sendsAgainWhenThePeerClosedAPooledConnection() async throws {
        let server = try StubHTTPServer { _ in .raw(Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".utf8)) }
        for _ in 0..<5 {
            let response = try await client.send(
                HTTPRequest("POST", server.url, body: Array("x".utf8)), deadline: .seconds(10))
            #expect(response.body == Array("ok".utf8))
        }
        #expect(server.requests.count == 5)
    }

    @Test func runsManyRequestsAtOnce() async throws {
        let server = try StubHTTPServer { request in .text(request.target) }
        let client = HTTPClient(maximumConnections: 8)
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let response = try await client.send(
                        HTTPRequest("GET", "\(server.url)/\(number)"), deadline: .seconds(30))
                    return String(decoding: response.body, as: UTF8.self)
                }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(answers.count == 200)
        #expect(server.connectionCount <= 8)
    }

    @Test func readsHeadersAndChunks() async throws {
        let answer = """
            HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\nHTTP/1.1 503 Busy\r\nRetry-After:  7 \r\nX-A: 1\r\nX-a: 2\r\n\
            Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n
            """
        let server = try StubHTTPServer { _ in .raw(Array(answer.utf8)) }
        let response = try await client.send(HTTPRequest("GET", server.url), deadline: .seconds(10))
        #expect(response.status == 503 && response.body == Array("abcde".utf8))
        #expect(response[header: "retry-after"] == "7" && response[header: "x-early"] == nil)
        #expect(response.headers.filter { $0.name == "x-a" }.map(\.value) == ["1", "2"])
    }

    @Test func followsNoRedirects() async throws {
        let server = try StubHTTPServer { _ in .answer(status: 302, headers: [("Location", "/elsewhere")]) }
        let response = try await client.send(HTTPRequest("GET", server.url), deadline: .seconds(10))
        #expect(response.status == 302)
        #expect(server.requests.count == 1)
    }

    @Test func goesThroughAProxyOnlyIfItIsTold() async throws {
        let proxy = try StubHTTPServer { request in .text(request.target) }
        let client = HTTPClient(proxy: proxy.url)
        let response = try await client.send(
            HTTPRequest("GET", "http://etcd.invalid:2379/health"), deadline: .seconds(10))
        #expect(response.body == Array("http://etcd.invalid:2379/health".utf8))
    }

    @Test func talksToAUnixSocket() async throws {
        let directory = try TemporaryDirectory()
        let server = try StubHTTPServer(unixSocketPath: directory.file("s")) { _ in .text("local") }
        let response = try await client.send(
            HTTPRequest("GET", "http://localhost/x", unixSocketPath: directory.file("s")), deadline: .seconds(10))
        #expect(response.body == Array("local".utf8))
        #expect(server.requests[0].target == "/x")
    }
}

@Suite(.timeLimit(.minutes(1))) struct HTTPClientFailureTests {
    let client = HTTPClient()

    @Test func givesUpAtItsDeadline() async throws {
        let server = try StubHTTPServer { _ in .silence }
        let found = await code {
            _ = try await client.send(HTTPRequest("GET", server.url), deadline: .milliseconds(50))
        }
        #expect(found == .timeout)
    }

    @Test func givesUpAtItsDeadlineWhileItWaitsForAConnection() async throws {
        let server = try StubHTTPServer { _ in .silence }
        let client = HTTPClient(maximumConnections: 1)
        let first = Task { try await client.send(HTTPRequest("GET", server.url), deadline: .seconds(50)) }
        _ = await server.waitForRequests(1)
        let found = await code {
            _ = try await client.send(HTTPRequest("GET", server.url), deadline: .milliseconds(50))
        }
        #expect(found == .timeout)
        first.cancel()
        _ = await first.result
    }

    @Test func stopsWhenItsTaskIsCancelled() async throws {
        let server = try StubHTTPServer { _ in .silence }
        let task = Task { try await client.send(HTTPRequest("GET", server.url), deadline: .seconds(50)) }
        _ = await server.waitForRequests(1)
        task.cancel()
        #expect(await code { _ = try await task.value } == .cancelled)
    }

    @Test func sendsNothingForATaskThatWasCancelledBefore() async throws {
        let server = try StubHTTPServer { _ in .silence }
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await client.send(HTTPRequest("GET", server.url), deadline: .seconds(50))
        }
        task.cancel()
        #expect(await code { _ = try await task.value } == .cancelled)
    }

    @Test func failsWhatIsUnderWayWhenItIsShutDown() async throws {
        let server = try StubHTTPServer { _ in .silence }
        let client = HTTPClient()
        let task = Task { try await client.send(HTTPRequest("GET", server.url), deadline: .seconds(50)) }
        _ = await server.waitForRequests(1)
        client.shutdown()
        #expect(await code { _ = try await task.value } == .cancelled)
        #expect(
            await code { _ = try await client.send(HTTPRequest("GET", server.url), deadline: .seconds(5)) }
                == .cancelled)
    }

    @Test func saysThatNobodyListens() async throws {
        let server = try StubHTTPServer { _ in .text("") }
        server.stop()
        let found = await code { _ = try await client.send(HTTPRequest("GET", server.url), deadline: .seconds(10)) }
        #expect(found == .refused)
    }

    @Test func saysThatTheConnectionBroke() async throws {
        let server = try StubHTTPServer { _ in .hangUp }
        let found = await code { _ = try await client.send(HTTPRequest("GET", server.url), deadline: .seconds(10)) }
        #expect(found == .broken)
        let short = try StubHTTPServer { _ in .raw(Array("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".utf8)) }
        #expect(
            await code { _ = try await client.send(HTTPRequest("GET", short.url), deadline: .seconds(10)) } == .broken)
    }

    @Test(arguments: ["SSH-2.0-OpenSSH\r\n", "\r\n\r\n", "HTTP/9.9 x\r\n\r\n", "\u{0}\u{1}\u{2}"])
    func refusesWhatIsNotHTTP(answer: String) async throws {
        let server = try StubHTTPServer { _ in .raw(Array(answer.utf8)) }
        let found = await code { _ = try await client.send(HTTPRequest("GET", server.url), deadline: .seconds(10)) }
        #expect(found == .broken)
    }

    @Test func boundsTheAnswer() async throws {
        let server = try StubHTTPServer { _ in .answer(status: 200, body: [UInt8](repeating: 0, count: 1001)) }
        var request = HTTPRequest("GET", server.url, maximumBodyBytes: 1000)
        #expect(await code { _ = try await client.send(request, deadline: .seconds(10)) } == .tooLarge)
        request.maximumBodyBytes = 1001
        #expect(try await client.send(request, deadline: .seconds(10)).body.count == 1001)
        let many = (0..<2000).map { (name: "X-\($0)", value: String(repeating: "a", count: 90)) }
        let headers = try StubHTTPServer { _ in .answer(status: 200, headers: many) }
        #expect(
            await code { _ = try await client.send(HTTPRequest("GET", headers.url), deadline: .seconds(10)) }
                == .tooLarge)
    }

    @Test func saysThatANameHasNoAddress() async {
        let found = await code {
            _ = try await client.send(HTTPRequest("GET", "http://nowhere.invalid/"), deadline: .seconds(30))
        }
        #expect(found == .unresolved)
    }

    @Test(arguments: ["", "x", "ftp://a/", "file:///etc/passwd", "http://", "http://a:99999/"])
    func refusesOtherURLs(url: String) async {
        let found = await code { _ = try await client.send(HTTPRequest("GET", url), deadline: .seconds(10)) }
        #expect(found == .invalidRequest || found == .unresolved)
    }

    @Test(arguments: [("X", "a\r\nY: b"), ("X\r\nY", "b"), ("", "b"), ("X Y", "b"), ("X", "a\0b"), ("X:", "b")])
    func refusesHeadersThatWouldInjectOthers(name: String, value: String) async throws {
        let server = try StubHTTPServer { _ in .text("") }
        let found = await code {
            _ = try await client.send(HTTPRequest("GET", server.url, headers: [(name, value)]), deadline: .seconds(10))
        }
        #expect(found == .invalidRequest)
        #expect(server.requests.isEmpty)
    }

    @Test func doesNotTellTheQueryInItsMessages() async throws {
        let server = try StubHTTPServer { _ in .hangUp }
        let url = server.url + "/hook?token=secret"
        do {
            _ = try await client.send(HTTPRequest("GET", url), deadline: .seconds(10))
        } catch {
            #expect(error.description.contains("/hook") && !error.description.contains("secret"))
        }
    }
}
