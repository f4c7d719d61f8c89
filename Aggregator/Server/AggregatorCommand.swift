import ArgumentParser
import Hummingbird

@main
struct AggregatorCommand: AsyncParsableCommand {
    mutating func run() async throws {}
}
