import Model
import Testing

@Suite struct LabelsTests {
    private static let sets: [Labels] = [
        [:], ["a": "1"], ["a": "2"], ["a": "1", "b": "1"], ["b": "1"], ["a": "1", "c": "0"], ["c": "ö"],
        ["c": "p"], ["__name__": "up", "cluster": "x"], ["__name__": "up"],
    ]

    @Test(arguments: sets) func areOrderedAsACollectionOfLabelsIs(_ left: Labels) {
        for right in Self.sets {
            #expect(left.lexicographicallyPrecedes(right) == Array(left).lexicographicallyPrecedes(Array(right)))
        }
    }

    @Test(arguments: sets) func addedLabelsWinOverThoseThatAreThere(_ left: Labels) {
        for right in Self.sets {
            var expected = left
            for label in right { expected[label.name] = label.value }
            #expect(left.adding(right) == expected)
        }
    }

    @Test func labelsInOrderAreTheSameSetAsLabelsInNone() {
        #expect(Labels([Label("a", "1"), Label("b", "2")]) == Labels([Label("b", "2"), Label("a", "1")]))
        #expect(Labels([Label("a", "1"), Label("a", "2")]) == ["a": "2"])
        #expect(Labels([Label("a", "1"), Label("b", "")]) == ["a": "1"])
    }
}
