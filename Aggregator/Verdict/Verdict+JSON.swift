public import JSON
internal import Model

extension Verdict {
    /// How much it says, to compare verdicts of one incident.
    var strength: Int {
        let rank = culprit == .notSure ? 0 : confidence == .high ? 3 : confidence == .medium ? 2 : 1
        return rank * 1000 + evidence.reduce(0) { $0 + $1.weight } - against.reduce(0) { $0 + $1.weight }
    }

    /// As the API says it and incidents keep it.
    public var json: String {
        var json = JSONWriter()
        write(to: &json)
        return String(decoding: json.bytes, as: UTF8.self)
    }

    /// Appends it as an object.
    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("cluster", cluster)
            $0.member("at", at.milliseconds)
            $0.member("culprit", culprit.rawValue)
            $0.key("members")
            $0.array { for name in members { $0.string(name) } }
            $0.member("confidence", confidence.rawValue)
            $0.member("sentence", sentence)
            $0.member("advice", advice)
            $0.key("symptoms")
            $0.array {
                for symptom in symptoms {
                    $0.object {
                        $0.member("kind", symptom.kind.rawValue)
                        $0.member("member", symptom.member)
                        $0.member("text", symptom.text)
                    }
                }
            }
            write("evidence", evidence, to: &$0)
            write("against", against, to: &$0)
            $0.key("alternatives")
            $0.array {
                for alternative in alternatives {
                    $0.object {
                        $0.member("culprit", alternative.culprit.rawValue)
                        $0.member("member", alternative.member)
                        $0.member("score", alternative.score)
                    }
                }
            }
        }
    }

    private func write(_ name: String, _ evidence: [Evidence], to json: inout JSONWriter) {
        json.key(name)
        json.array {
            for one in evidence {
                $0.object {
                    $0.member("text", one.text)
                    $0.member("weight", one.weight)
                    $0.member("query", one.query)
                    $0.member("source", one.source)
                }
            }
        }
    }
}
