// taskmaster: turns a product requirements document in Markdown into a plan, keeps the plan's state and history, and
// shows progress. PRD/ and Plan/ turn values into values, Files/ keeps them on disk, Commands/ and Reports/ talk. A tool
// for whoever builds a product; it is no part of agent or aggregator and knows nothing of etcd.
import ArgumentParser
internal import Glibc

@main
struct TaskmasterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "taskmaster",
        abstract: "Makes a task plan of a PRD, keeps its state and history, and shows progress.",
        discussion: exitStatuses,
        subcommands: [
            InitCommand.self, StatusCommand.self, ProgressCommand.self, DetailsCommand.self, UpdateCommand.self,
            UpdateSubtaskCommand.self, AssignCommand.self, HistoryCommand.self,
        ])

    private static let exitStatuses = """
        EXIT STATUS
          0   done
          1   a file could not be read or written
          2   a PRD, plan or state file is malformed; nothing was written
          3   no task or subtask has that id
          4   another process kept the plan locked for ten seconds
          64  wrong arguments
        """

    /// Runs `body`; its error goes to standard error and decides the exit status.
    static func run(_ body: () throws(TaskmasterError) -> Void) throws {
        do {
            try body()
        } catch {
            write(error.description + "\n", to: STDERR_FILENO)
            throw ExitCode(error.code.rawValue)
        }
    }

    /// Writes all of `text`; a reader that has gone away is no error of ours.
    static func write(_ text: String, to descriptor: Int32 = STDOUT_FILENO) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

/// Which plan; the same for all commands but `init`.
struct PlanOption: ParsableArguments {
    @Option(
        name: [.long, .short], help: ArgumentHelp("The plan; its history is PLAN with .state.json.", valueName: "file"))
    var plan = "tasks.json"

    var files: PlanFiles { PlanFiles(plan: plan) }
}

extension TaskStatus: ExpressibleByArgument {}
