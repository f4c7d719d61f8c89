/// A job that fio runs to answer whether a disk is good enough.
public enum FioProfile: String, CaseIterable, Sendable {
    /// The job that etcd's documentation names: 22 MB in records of 2,300 bytes, each synced.
    case etcd
    /// What a busy Kubernetes cluster writes: records of 8,000 bytes for a minute, over 100 MB.
    case kubernetes
    /// etcd's database: pages of 4 KiB read and written at random, eight pages to a commit.
    case database

    /// fdatasync at the 99th percentile has to be below this.
    public var limitSeconds: Double {
        switch self {
        case .etcd, .kubernetes: 0.010
        // etcd's FAQ of backend_commit_duration.
        case .database: 0.025
        }
    }

    /// Written (and for `database` laid out first) by each job.
    public var sizeBytes: Int {
        switch self {
        case .etcd: 22 << 20
        case .kubernetes, .database: 100 << 20
        }
    }

    /// A run ends after so long, done or not.
    public var runtime: Duration {
        switch self {
        case .etcd, .kubernetes: .seconds(60)
        case .database: .seconds(30)
        }
    }

    /// Whether a run goes on for the whole of `runtime`.
    var isTimed: Bool { self != .etcd }

    /// A run with the start of fio and the laying out of files.
    var deadline: Duration { runtime + .seconds(60) }

    /// Arguments of fio for files in `directory`.
    ///
    /// - Parameter jobs: at once, each with a file of its own.
    public func arguments(directory: String, jobs: Int) -> [String] {
        let own: [String] =
            switch self {
            case .etcd: ["--rw=write", "--bs=2300", "--fdatasync=1"]
            case .kubernetes: ["--rw=write", "--bs=8000", "--fdatasync=1"]
            case .database: ["--rw=randrw", "--rwmixread=70", "--bs=4k", "--fdatasync=8"]
            }
        return ["--name=check", "--ioengine=sync", "--directory=\(directory)", "--size=\(sizeBytes)"] + own + [
            "--runtime=\(runtime.components.seconds)", "--numjobs=\(jobs)", "--thread", "--output-format=json",
            "--percentile_list=50:90:99:99.9",
        ] + (isTimed ? ["--time_based=1"] : [])
    }
}
