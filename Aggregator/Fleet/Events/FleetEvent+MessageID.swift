extension FleetEvent.Kind {
    /// The journal's MESSAGE_ID: made once by `systemd-id128 new`, the same for ever (systemd.journal-fields(7)), so that
    /// `journalctl MESSAGE_ID=…` finds every event of the kind in any version.
    var messageID: String {
        switch self {
        case .leaderChanged: "7f29ce18620f43279b005af981c2464b"
        case .memberDown: "5040a9da7d4945b2bea01740fc247f53"
        case .memberUp: "cd122a587adb44f7a4fd9ad833d7f420"
        case .memberAdded: "86b062706aa54cc78a958355e7a56179"
        case .memberRemoved: "8f9ccdf388a747ab84039c38b6bf662b"
        case .memberRestarted: "adfe218bcf4447faa34be5e91a20b2ac"
        case .learnerPromoted: "3f5c7cf1a75e4154b65273a78ea48e92"
        case .alarmRaised: "5219d21cd0bd4bf5a2606ec415d03210"
        case .alarmCleared: "7e8c55a79a504c878abb3d7e1b8e6e60"
        case .agentSilent: "1fff5aa1aca84dacb999a58abd672f3c"
        case .agentBack: "63fd13dc6b75409ba73e7027518a3aa6"
        case .agentEnrolled: "e31fb38f70394a3eb35f405db4ae6830"
        case .agentRevoked: "48dc81715a6349d0be196035988337cd"
        }
    }
}
