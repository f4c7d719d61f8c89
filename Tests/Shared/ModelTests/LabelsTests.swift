import Model
import Testing

@Suite struct LabelsTests {
    /// One text for Swift, two for Prometheus.
    private let composed = "caf\u{e9}"
    private let decomposed = "cafe\u{301}"

    @Test func valuesOfDifferentBytesAreDifferentSeries() {
        #expect(composed == decomposed)
        let (one, other): (Labels, Labels) = (["name": composed], ["name": decomposed])
        #expect(one != other)
        #expect(Set([one, other, one]).count == 2)
        #expect(one == ["name": composed])
    }

    @Test func labelsAreOrderedByNameThenByTheBytesOfTheValue() {
        let sorted = [
            Label("a", decomposed), Label("a", composed), Label("a", "d"), Label("b", ""),
        ]
        #expect(sorted.reversed().sorted() == sorted)
    }

    @Test func bytesAreComparedWhateverHoldsThem() {
        #expect("".hasSameBytes(as: ""))
        #expect(!"".hasSameBytes(as: "a"))
        #expect(String("xabcx".dropFirst().dropLast()).hasSameBytes(as: "abc"))
        #expect(!composed.hasSameBytes(as: decomposed))
    }
}
