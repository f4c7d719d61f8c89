/// How block devices stand on one another: partitions, LVM, dm-crypt, md, multipath, as /sys/class/block tells it.
package struct BlockDevices: Sendable {
    private let blocks: String
    private let numbers: String

    package init(_ root: HostRoot) {
        blocks = root.sys + "/class/block"
        numbers = root.sys + "/dev/block"
    }

    /// Everything that `mount` stands on, and the disks at the bottom of it.
    package struct Stack: Equatable, Sendable {
        /// From the filesystem's own device downwards, each once.
        package var all: [String] = []
        /// The ones that stand on nothing.
        package var disks: [String] = []
    }

    /// The devices under `mount`; empty if it has none that the kernel tells of (tmpfs, ZFS, NFS).
    package func stack(under mount: Mount) -> Stack {
        var stack = Stack()
        if let link = linkTarget("\(numbers)/\(mount.deviceNumber)") {
            descend(from: lastComponent(link), into: &stack)
        } else if mount.source.hasPrefix("/dev/") {
            // btrfs and overlay have no device number of their own.
            descend(from: lastComponent(resolvedPath(mount.source)), into: &stack)
        }
        return stack
    }

    /// The real disks of the host: what has a driver below it. Not loop, RAM or mapped devices.
    func disks() throws(HostError) -> [String] {
        try namesInDirectory(blocks).filter {
            exists("\(blocks)/\($0)/device") && !exists("\(blocks)/\($0)/partition") && !Self.isRemovable($0)
        }
    }

    private func descend(from device: String, into stack: inout Stack) {
        let path = "\(blocks)/\(device)"
        guard exists(path), !stack.all.contains(device) else { return }
        stack.all.append(device)
        if exists(path + "/partition"), let link = linkTarget(path) {
            let parts = link.split(separator: "/")
            if parts.count >= 2 {
                descend(from: String(parts[parts.count - 2]), into: &stack)
                return
            }
        }
        // No folder, no slaves: the device stands on nothing.
        let below = (try? namesInDirectory(path + "/slaves")) ?? []
        if below.isEmpty {
            stack.disks.append(device)
        } else {
            for device in below.sorted() { descend(from: device, into: &stack) }
        }
    }

    private static func isRemovable(_ device: String) -> Bool {
        device.hasPrefix("sr") || device.hasPrefix("fd")
    }
}
