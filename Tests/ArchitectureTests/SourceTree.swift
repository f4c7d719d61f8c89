internal import FoundationEssentials

/// The package's own sources, read as text.
struct SourceTree {
    /// A Swift file of a room.
    struct File {
        /// Path below the package root: `Shared/Model/Labels.swift`.
        var path: String
        var text: String

        /// `Shared`, `Agent`, `Aggregator`, `Tests`, `Tools`.
        var half: String { String(path.prefix { $0 != "/" }) }
        /// The folder below the half: `Model`.
        var room: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

        /// The modules this file imports.
        var imports: [String] {
            text.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ").map(String.init)
                guard let at = words.firstIndex(of: "import"), at + 1 < words.count,
                    words[..<at].allSatisfy({ $0.hasPrefix("@") || Self.access.contains($0) })
                else { return nil }
                return words[at + 1].split(separator: ".").first.map(String.init)
            }
        }

        private static let access: Set<String> = ["public", "package", "internal", "fileprivate", "private"]
    }

    let files: [File]

    /// Reads every Swift file below `halves` of the package that this test belongs to.
    init(halves: [String]) throws {
        // #filePath is Tests/ArchitectureTests/SourceTree.swift.
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        var files: [File] = []
        for half in halves {
            let folder = root.appending(path: half).path
            for name in try FileManager.default.subpathsOfDirectory(atPath: folder) where name.hasSuffix(".swift") {
                let text = try String(contentsOf: root.appending(path: "\(half)/\(name)"), encoding: .utf8)
                files.append(File(path: "\(half)/\(name)", text: text))
            }
        }
        self.files = files.sorted { $0.path < $1.path }
    }

    /// The rooms of `half` by folder name.
    func rooms(of half: String) -> Set<String> {
        Set(files.filter { $0.half == half }.map(\.room))
    }
}
