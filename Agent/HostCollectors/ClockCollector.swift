internal import CTimex
internal import Glibc
internal import Model

/// adjtimex(2): how the kernel keeps the time, and how far it is off.
struct ClockCollector: Collector {
    let name = "timex"
    private var group = SeriesGroup([
        Metric("node_timex_offset_seconds", .gauge, "Time offset in between local system and reference clock."),
        Metric("node_timex_frequency_adjustment_ratio", .gauge, "Local clock frequency adjustment."),
        Metric("node_timex_maxerror_seconds", .gauge, "Maximum error in seconds."),
        Metric("node_timex_estimated_error_seconds", .gauge, "Estimated error in seconds."),
        Metric("node_timex_status", .gauge, "Value of the status array bits."),
        Metric("node_timex_loop_time_constant", .gauge, "Phase-locked loop time constant."),
        Metric("node_timex_tick_seconds", .gauge, "Seconds between clock ticks."),
        Metric("node_timex_tai_offset_seconds", .gauge, "International Atomic Time (TAI) offset."),
        Metric(
            "node_timex_sync_status", .gauge, "Is clock synchronized to a reliable server (1 = yes, 0 = no)."),
    ])

    mutating func collect(with reader: inout FileReader, into board: inout SampleBoard) throws(HostError) {
        var time = timex()
        let state = adjtimex(&time)
        guard state >= 0 else { throw HostError(errno: errno, on: "adjtimex") }
        let divisor = time.status & Self.nanoseconds != 0 ? 1e9 : 1e6
        let values: [Double?] = [
            Double(time.offset) / divisor,
            1 + Double(time.freq) / Self.frequencyUnit,
            Double(time.maxerror) / 1e6,
            Double(time.esterror) / 1e6,
            Double(time.status),
            Double(time.constant),
            Double(time.tick) / 1e6,
            Double(time.tai),
            state == Self.unsynchronised ? 0 : 1,
        ]
        group.set(values, in: &board)
    }

    /// STA_NANO: the offset counts nanoseconds, not microseconds.
    private static let nanoseconds: Int32 = 0x2000
    /// TIME_ERROR: the clock is not synchronised.
    private static let unsynchronised: Int32 = 5
    /// `freq` counts 2⁻¹⁶ parts per million.
    private static let frequencyUnit = 65536.0 * 1e6
}

/// The time of day, for "how long has it been up" in existing dashboards.
struct TimeCollector: Collector {
    let name = "time"
    private var group = SeriesGroup([
        Metric("node_time_seconds", .gauge, "System time in seconds since epoch (1970).")
    ])

    mutating func collect(with reader: inout FileReader, into board: inout SampleBoard) throws(HostError) {
        // Whole seconds: enough for an uptime, and a step of five in every frame instead of a new fraction.
        group.set([WallClock.system.now.seconds.rounded(.down)], in: &board)
    }
}

/// uname(2).
struct UnameCollector: Collector {
    let name = "uname"
    private var number: Int?

    mutating func collect(with reader: inout FileReader, into board: inout SampleBoard) throws(HostError) {
        if number == nil {
            var system = utsname()
            guard uname(&system) == 0 else { throw HostError(errno: errno, on: "uname") }
            let labels = Labels(
                metric: "node_uname_info",
                [
                    Label("sysname", text(system.sysname)), Label("nodename", text(system.nodename)),
                    Label("release", text(system.release)), Label("version", text(system.version)),
                    Label("machine", text(system.machine)), Label("domainname", text(system.__domainname)),
                ])
            let family = board.family(
                "node_uname_info", .gauge,
                help: "Labeled system information as provided by the uname system call.")
            number = board.number(of: labels, family: family)
        }
        if let number { board.set(number, to: 1) }
    }

    private func text<Characters>(_ characters: Characters) -> String {
        withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
