import Glibc
import HostCollectors
import TestSupport
import Testing

@testable import WALProbe

@Suite struct ProbePlaceTests {
    @Test func theAgentsOwnDirectoryWillDoOnTheSameFilesystem() throws {
        let scene = try ProbeScene()
        let place = try scene.finder().find()
        #expect(place.directory == scene.own)
        #expect(place.process.pid == 77)
        #expect(scene.finder().isCurrent(place))
        try scene.setStart(901)
        #expect(!scene.finder().isCurrent(place), "another process may have other mounts")
    }

    @Test func anotherDiskIsNeverProbedInstead() throws {
        let scene = try ProbeScene()
        try scene.addMountOfEtcd(
            "99 1 250:7 / \(scene.directory.path)/data rw,noatime - xfs /dev/vdz1 rw,logbufs=8")
        let message = expectImpossible(.otherFilesystem) { () throws(ProbeImpossibility) in try scene.finder().find() }
        #expect(message.contains("xfs /dev/vdz1 (250:7, mounted at \(scene.directory.path)/data)"))
        #expect(message.contains("install -d -o etcd-monitor-agent"))
        #expect(message.contains("ReadWritePaths="))
    }

    @Test func withoutEtcdsProcessNothingIsAssumed() throws {
        let scene = try ProbeScene()
        try scene.directory.write("postgres\n", to: "proc/77/comm")
        let message = expectImpossible(.processNotFound) { () throws(ProbeImpossibility) in try scene.finder().find() }
        #expect(message.contains("hidepid"))
    }

    @Test func aConfiguredDirectoryIsTheOnlyOne() throws {
        let scene = try ProbeScene()
        let message = expectImpossible(.otherFilesystem) { () throws(ProbeImpossibility) in
            try scene.finder(configured: scene.directory.file("missing")).find()
        }
        #expect(message.contains("No such file or directory"))
        #expect(access(scene.own, F_OK) != 0)
        let given = scene.directory.file("given")
        #expect(mkdir(given, 0o700) == 0)
        #expect(try scene.finder(configured: given).find().directory == given)
    }

    static let disk = Mount(deviceNumber: "254:0", mountPoint: "/", filesystem: "ext4", source: "/dev/vda")
    static let on254 = DeviceNumber(254 << 8)
    static let pool = Mount(
        deviceNumber: "0:40", mountPoint: "/", filesystem: "btrfs", source: "/dev/vda",
        filesystemOptions: "rw,subvol=/@")

    @Test func mountsOfOneFilesystemAreOne() {
        var bind = Self.disk
        bind.root = "/var/lib/etcd-monitor"
        bind.mountPoint = "/var/lib/etcd-monitor"
        bind.options = "rw,nosuid"
        #expect(Self.disk.difference(from: bind, directoryDevice: Self.on254, walDevice: nil) == nil)
    }

    @Test func whatDiffersIsNamed() throws {
        var other = Self.disk
        other.filesystemOptions = "rw,sync"
        let options = try #require(Self.disk.difference(from: other, directoryDevice: Self.on254, walDevice: nil))
        #expect(options == "it is mounted with rw,sync, the WAL with rw")
        let covered = try #require(
            Self.disk.difference(from: Self.disk, directoryDevice: DeviceNumber(8 << 8 | 1), walDevice: nil))
        #expect(covered == "its device is 8:1")
    }

    @Test func subvolumesAreToldApartByTheirDevice() {
        let one = DeviceNumber(41)
        let two = DeviceNumber(42)
        #expect(Self.pool.difference(from: Self.pool, directoryDevice: one, walDevice: one) == nil)
        #expect(Self.pool.difference(from: Self.pool, directoryDevice: one, walDevice: two) != nil)
        #expect(Self.pool.difference(from: Self.pool, directoryDevice: one, walDevice: nil) != nil)
    }

    /// Bits as makedev(3) spreads them: 12 and 20 of the major, 8 and 24 of the minor.
    @Test(arguments: [
        (0x801 as UInt, "8:1"), (0xfe00, "254:0"), (0x1_0302, "259:2"), (0x0000_1000_0010_0302, "4099:258"),
    ]) func deviceNumbersAreTakenApart(number: UInt, text: String) {
        #expect(DeviceNumber(number).description == text)
    }
}
