internal import CCurl
internal import Glibc

/// The thread of one multi handle: everything here runs on it.
final class CurlThread {
    private let mailbox: CurlMailbox
    private let multi: UnsafeMutableRawPointer
    /// TLS sessions, so that a new connection to a known server resumes. Used by this thread only: needs no locks.
    private let share: UnsafeMutableRawPointer?
    private var transfers: [UnsafeMutableRawPointer: CurlTransfer] = [:]

    private init(_ mailbox: CurlMailbox) {
        self.mailbox = mailbox
        multi = mailbox.multi
        share = curl_share_init()
        if let share { ccurl_share_data(share, CURL_LOCK_DATA_SSL_SESSION) }
    }

    deinit {
        if let share { curl_share_cleanup(share) }
    }

    /// Starts the thread for `mailbox`; it ends when the mailbox says stop.
    static func start(_ mailbox: CurlMailbox) {
        let argument = Unmanaged.passRetained(mailbox).toOpaque()
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 1 << 20)
        defer { pthread_attr_destroy(&attributes) }
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                blockSignals()
                CurlThread(Unmanaged<CurlMailbox>.fromOpaque(argument).takeRetainedValue()).run()
                return nil
            }, argument)
        precondition(code == 0, "no thread for the HTTP client: \(String(cString: strerror(code)))")
    }

    private func run() {
        while true {
            let work = mailbox.takeWork()
            guard !work.stops else { return stop(work) }
            for submission in work.submissions { begin(submission) }
            for id in work.cancellations { cancel(id) }
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            finishDone()
            let now = ContinuousClock.now
            expire(now)
            curl_multi_poll(multi, nil, 0, waitMilliseconds(now), nil)
        }
    }

    private func begin(_ submission: CurlSubmission) {
        do {
            let transfer = try CurlTransfer(submission, share: share)
            transfers[transfer.easy] = transfer
            curl_multi_add_handle(multi, transfer.easy)
        } catch {
            submission.continuation.resume(returning: .failure(error))
        }
    }

    /// Takes what curl has finished.
    private func finishDone() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let transfer = transfers.removeValue(forKey: easy)
            else { continue }
            // The message lives no longer than its handle's membership.
            let result = transfer.result(ccurl_msg_result(message))
            curl_multi_remove_handle(multi, easy)
            transfer.submission.continuation.resume(returning: result)
        }
    }

    private func expire(_ now: ContinuousClock.Instant) {
        for transfer in transfers.values where transfer.submission.deadline <= now {
            abort(transfer, .timeout, "\(transfer.target): no answer in time")
        }
    }

    private func cancel(_ id: UInt64) {
        guard let transfer = transfers.values.first(where: { $0.submission.id == id }) else { return }
        abort(transfer, .cancelled, "\(transfer.target): cancelled")
    }

    private func abort(_ transfer: CurlTransfer, _ code: HTTPClientError.Code, _ message: String) {
        transfers[transfer.easy] = nil
        if case .mail = transfer.submission.task {
            // To leave a mail server libcurl says QUIT and blocks, two minutes by default, for an answer: all other
            // mails would wait for one server that is silent. A second is the least that can be asked for.
            ccurl_setopt_long(transfer.easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, 1)
        }
        curl_multi_remove_handle(multi, transfer.easy)
        transfer.submission.fail(code, message)
    }

    private func stop(_ work: CurlMailbox.Work) {
        for transfer in transfers.values { abort(transfer, .cancelled, "the client was shut down") }
        for submission in work.submissions { submission.fail(.cancelled, "the client was shut down") }
    }

    /// Until the next deadline, at most a minute; curl itself returns earlier for its own timers.
    private func waitMilliseconds(_ now: ContinuousClock.Instant) -> Int32 {
        let next = transfers.values.map(\.submission.deadline).min()
        guard let wait = next.map({ now.duration(to: $0) }) else { return 60_000 }
        guard wait > .zero else { return 0 }
        return Int32(min(wait / .milliseconds(1), 60_000).rounded(.up))
    }
}

/// Signals of the process go to threads that expect them.
private func blockSignals() {
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
}
