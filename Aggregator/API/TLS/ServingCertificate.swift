internal import DurableFiles
public import Logging
public import NIOSSL
public import ServiceLifecycle
internal import Synchronization

/// The certificate that new connections are shown; read again when its files change, so that replacing it needs no
/// restart. A pair that does not fit (certificate written, key not yet) leaves the former in use.
public final class ServingCertificate: Service, CustomStringConvertible {
    private struct State {
        var context: NIOSSLContext
        var stamp: [FileStamp]
    }

    private let certificateFile: String
    private let keyFile: String
    private let interval: Duration
    private let logger: Logger
    private let state: Mutex<State>

    /// The certificate chain and key in these PEM files, looked at every `interval`.
    ///
    /// - Throws: when they cannot be read, or do not belong together.
    public init(
        certificateFile: String, keyFile: String, interval: Duration = .seconds(2), logger: Logger
    ) throws {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.interval = interval
        self.logger = logger
        let stamp = [FileStamp(of: certificateFile), FileStamp(of: keyFile)]
        let context = try Self.makeContext(certificateFile: certificateFile, keyFile: keyFile)
        state = Mutex(State(context: context, stamp: stamp))
    }

    public var description: String { "ServingCertificate" }

    /// For the next connection.
    public var context: NIOSSLContext { state.withLock { $0.context } }

    /// Reads the files again if they changed since they were read.
    ///
    /// - Returns: whether another certificate is in use now.
    @discardableResult
    public func reloadIfChanged() -> Bool {
        let stamp = [FileStamp(of: certificateFile), FileStamp(of: keyFile)]
        guard stamp != state.withLock({ $0.stamp }) else { return false }
        do {
            let context = try Self.makeContext(certificateFile: certificateFile, keyFile: keyFile)
            state.withLock { $0 = State(context: context, stamp: stamp) }
            logger.info("certificate replaced", metadata: ["file": "\(certificateFile)"])
            return true
        } catch {
            logger.warning(
                "changed certificate cannot be used; the former stays",
                metadata: ["file": "\(certificateFile)", "error": "\(error)"])
            return false
        }
    }

    /// Looks at the files until shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await Task.sleep(for: self.interval) } catch { return }
                self.reloadIfChanged()
            }
        }
    }

    /// TLS 1.3 only: agents and browsers of this decade speak it.
    private static func makeContext(certificateFile: String, keyFile: String) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(certificateFile)
        let key = try NIOSSLPrivateKey(file: keyFile, format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv13
        configuration.applicationProtocols = ["h2", "http/1.1"]
        return try NIOSSLContext(configuration: configuration)
    }
}
