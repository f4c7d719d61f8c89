extension Indications {
    /// WAL fsyncs slower than this are worth a rule of their own, in seconds.
    private static let slowFsync = 0.01

    static let disk = [
        Indication(3, .walFsyncMean, source: Source.faq) { $1.value(.walFsyncMean) >= slowFsync },
        Indication(1, .walFsyncSlowShare, source: Source.faq) { $1.value(.walFsyncSlowShare) >= 0.5 },
        Indication(2, .walFsyncMean, source: "the same load on equal hosts") { scene, member in
            guard scene.standsOut(member, .walFsyncMean, from: slowFsync) else { return nil }
            return "WAL fsyncs of \(member.name) are slower than its peers' or than usual"
        },
        Indication(3, .probeMean, source: Source.matrix) { $1.value(.probeMean) >= slowFsync },
        Indication(3, .probePending, source: Source.matrix) { $1.value(.probePending) >= 1 },
        Indication(1, .commitMean, source: Source.faq) { $1.value(.commitMean) >= 0.025 },
        Indication(2, .deviceFlush, source: Source.matrix) { $1.value(.deviceFlush) >= slowFsync },
        Indication(1, .deviceWrite, source: Source.matrix) { $1.value(.deviceWrite) >= slowFsync },
        Indication(1, .ioPressure, source: Source.kernel) { $1.value(.ioPressure) >= 0.3 },
        // Against it.
        Indication(-4, .probeMean, source: Source.matrix) { scene, member in
            guard member.value(.walFsyncMean) >= slowFsync, let probe = member[.probeMean], probe < slowFsync / 2
            else { return nil }
            return "\(scene.told(.probeMean, of: member)): the disk answers others in time (\(Source.kernelWrite))"
        },
        Indication(-3, .walFsyncMean, source: Source.faq) { scene, member in
            guard let fsync = member[.walFsyncMean], fsync < slowFsync / 2 else { return nil }
            return "\(scene.told(.walFsyncMean, of: member)): its disk is quick"
        },
        Indication(-2, .runDelay, source: Source.kernel) { scene, member in
            isStarved(scene, member) ? "\(scene.told(.runDelay, of: member)): it may wait for a CPU, not a disk" : nil
        },
    ]
}
