internal import JSON

/// How a disk is to be checked.
public struct DiskCheckWish: Sendable, Hashable {
    /// What the agent calls it.
    public static let kind = "disk-check"

    /// The member beside whose WAL; nil where a host has one.
    public var member: String?
    /// etcd, kubernetes or database.
    public var profile: String
    /// The median of so many counts.
    public var runs: Int
    /// At once; the worst counts. 2 where the disk is shared.
    public var jobs: Int

    /// The profiles that agents know.
    public static let profiles = ["etcd", "kubernetes", "database"]

    /// A wish.
    ///
    /// - Throws: `.invalid`, naming what is wrong.
    public init(member: String?, profile: String, runs: Int, jobs: Int) throws(CommandError) {
        guard Self.profiles.contains(profile) else {
            throw CommandError(.invalid, "'profile' must be one of \(Self.profiles.joined(separator: ", "))")
        }
        guard (1...5).contains(runs) else { throw CommandError(.invalid, "'runs' must be 1 to 5") }
        guard (1...2).contains(jobs) else { throw CommandError(.invalid, "'jobs' must be 1 or 2") }
        self.member = member
        self.profile = profile
        self.runs = runs
        self.jobs = jobs
    }

    var json: String {
        var json = JSONWriter()
        json.object {
            if let member { $0.member("member", member) }
            $0.member("profile", profile)
            $0.member("runs", runs)
            $0.member("jobs", jobs)
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }
}
