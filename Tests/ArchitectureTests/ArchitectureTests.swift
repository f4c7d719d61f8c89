import Testing

/// The arrows between rooms, and the habits that a compiler does not check.
@Suite struct ArchitectureTests {
    let tree: SourceTree

    init() throws {
        tree = try SourceTree(halves: ["Shared", "Agent", "Aggregator", "Tools"])
    }

    @Test func sharedImportsNeitherHalf() {
        let halves = tree.rooms(of: "Agent").union(tree.rooms(of: "Aggregator"))
        for file in tree.files where file.half == "Shared" {
            #expect(halves.isDisjoint(with: file.imports), "\(file.path) points up")
        }
    }

    @Test func theHalvesNeverImportEachOther() {
        let agent = tree.rooms(of: "Agent")
        let aggregator = tree.rooms(of: "Aggregator")
        for file in tree.files {
            if file.half == "Agent" {
                #expect(aggregator.isDisjoint(with: file.imports), "\(file.path) imports the aggregator")
            }
            if file.half == "Aggregator" {
                #expect(agent.isDisjoint(with: file.imports), "\(file.path) imports the agent")
            }
        }
    }

    /// Tools stand beside both halves, and are needed by neither: that of those who build the product needs next to
    /// nothing, the command line what it asks.
    @Test func toolsStandAlone() {
        let system = ["ArgumentParser", "FoundationEssentials", "Glibc"]
        let shared = tree.rooms(of: "Shared")
        let allowed: [String: Set<String>] = [
            "Taskmaster": Set(system + ["DurableFiles", "JSON"]),
            "CLI": shared.union(system + ["Rules", "PromQL", "SeriesQuery"]),
        ]
        for file in tree.files {
            if file.half == "Tools" {
                #expect(
                    Set(file.imports).isSubset(of: allowed[file.room] ?? []), "\(file.path) imports \(file.imports)")
            } else {
                #expect(
                    Set(file.imports).isDisjoint(with: ["taskmaster", "etcd_monitor"]), "\(file.path) imports a tool")
            }
        }
    }

    @Test func eachCLibraryIsImportedByOneRoom() {
        let libraries = ["CCurl", "COpenSSL", "CLibPQ", "CSystemd", "CYAML", "CZstd"]
        for library in libraries {
            let rooms = Set(tree.files.filter { $0.imports.contains(library) }.map { "\($0.half)/\($0.room)" })
            #expect(rooms.count == 1, "\(library) is imported by \(rooms.sorted())")
        }
    }

    @Test func nothingImportsTheWholeOfFoundation() {
        for file in tree.files {
            #expect(!file.imports.contains("Foundation"), "\(file.path): ICU alone is 41 MB; use FoundationEssentials")
        }
    }

    /// The agent's share of the code stays without Foundation, so that it stays small in memory.
    @Test func theAgentDoesWithoutFoundation() {
        for file in tree.files where ["Shared", "Agent"].contains(file.half) {
            #expect(!file.imports.contains("FoundationEssentials"), "\(file.path)")
        }
    }

    @Test func everyRoomSaysWhatItDoes() {
        for half in ["Shared", "Agent", "Aggregator", "Tools"] {
            for room in tree.rooms(of: half) where room != "CLibraries" {
                let opens = tree.files.contains { $0.half == half && $0.room == room && $0.text.hasPrefix("//") }
                #expect(opens, "no file of \(half)/\(room) opens with a comment on what the room does")
            }
        }
    }

    /// `try?` needs a word on why losing the error is right: on its line, or shortly above.
    @Test func errorsAreNeverDroppedWithoutAReason() {
        for file in tree.files {
            let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false)
            for (at, line) in lines.enumerated() {
                let code = line.prefix { $0 != "/" }
                #expect(!code.contains("try!"), "\(file.path): \(line)")
                guard code.contains("try?") else { continue }
                let near = lines[max(0, at - 4)...at]
                #expect(near.contains { $0.contains("//") }, "\(file.path):\(at + 1): say why: \(line)")
            }
        }
    }

    /// Every escape from the compiler's checks names the lock or queue that makes it true.
    @Test func escapesFromConcurrencyCheckingAreExplained() {
        for file in tree.files {
            var previous: Substring = ""
            for line in file.text.split(separator: "\n", omittingEmptySubsequences: false) {
                let code = line.trimmingPrefix { $0 == " " }
                if !code.hasPrefix("//"), code.contains("@unchecked Sendable") || code.contains("nonisolated(unsafe)") {
                    #expect(line.contains("//") || previous.contains("//"), "\(file.path): name the lock: \(line)")
                }
                previous = line
            }
        }
    }
}
