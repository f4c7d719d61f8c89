internal import JSON
internal import Model

extension DiskCheckResult {
    /// As docs/disk-checks.md draws it; times in seconds.
    public var json: [UInt8] {
        var json = JSONWriter(reserving: 2048)
        json.object {
            $0.member("profile", profile.rawValue)
            $0.member("jobs", jobs)
            $0.member("began", began.milliseconds)
            $0.member("durationSeconds", (duration / .milliseconds(1)).rounded() / 1000)
            $0.member("grade", grade.rawValue)
            $0.member("limitSeconds", profile.limitSeconds)
            $0.key("latencies")
            $0.write(latencies)
            $0.member("syncsPerSecond", (syncsPerSecond * 10).rounded() / 10)
            $0.key("runs")
            $0.array { for run in runs { $0.write(run) } }
            $0.key("facts")
            $0.write(facts)
            $0.key("advice")
            $0.array {
                for piece in advice {
                    $0.object {
                        $0.member("code", piece.code.rawValue)
                        $0.member("sentence", piece.sentence)
                    }
                }
            }
            $0.member("command", command.joined(separator: " "))
        }
        return json.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func write(_ latencies: FsyncLatencies) {
        object {
            $0.member("count", latencies.count)
            $0.member("p50", latencies.p50)
            $0.member("p90", latencies.p90)
            $0.member("p99", latencies.p99)
            $0.member("p999", latencies.p999)
            $0.member("max", latencies.maximum)
        }
    }

    fileprivate mutating func write(_ facts: DiskFacts) {
        object {
            $0.member("directory", facts.directory)
            $0.member("mountPoint", facts.mountPoint)
            $0.member("filesystem", facts.filesystem)
            $0.member("source", facts.source)
            $0.member("mountOptions", facts.mountOptions)
            $0.member("filesystemOptions", facts.filesystemOptions)
            $0.member("sizeBytes", facts.sizeBytes)
            $0.member("freeBytes", facts.freeBytes)
            $0.key("devices")
            $0.array { for device in facts.devices { $0.write(device) } }
            $0.key("etcdDirectories")
            $0.array { for directory in facts.etcdDirectories { $0.string(directory) } }
            $0.member("etcdSyncsPerSecond", facts.etcdSyncsPerSecond)
            $0.member("neighbourBytesPerSecond", facts.neighbourBytesPerSecond?.rounded())
            $0.member("pressureBefore", facts.pressureBefore)
            $0.member("pressureDuring", facts.pressureDuring)
        }
    }

    private mutating func write(_ device: DiskFacts.Device) {
        object {
            $0.member("name", device.name)
            $0.member("kind", device.kind.rawValue)
            $0.member("sizeBytes", device.sizeBytes)
            $0.key("rotational")
            if let rotational = device.isRotational { $0.bool(rotational) } else { $0.null() }
            $0.member("scheduler", device.scheduler)
            $0.member("writeCache", device.writeCache)
            $0.member("model", device.model)
            $0.member("raidLevel", device.raidLevel)
            $0.member("backingFile", device.backingFile)
            $0.key("health")
            if let health = device.health { $0.write(health) } else { $0.null() }
        }
    }

    private mutating func write(_ health: DeviceHealth) {
        object {
            $0.key("passed")
            if let passed = health.isPassed { $0.bool(passed) } else { $0.null() }
            $0.member("wearPercent", health.wearPercent)
            $0.member("temperatureCelsius", health.temperatureCelsius)
        }
    }
}
