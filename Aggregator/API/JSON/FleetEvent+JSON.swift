internal import Fleet
internal import JSON
internal import Model

extension FleetEvent: JSONAnswer {
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("id", String(id))
            $0.member("at", at.milliseconds)
            $0.member("cluster", cluster)
            $0.member("kind", kind.rawValue)
            $0.member("severity", severity.rawValue)
            $0.member("member", member)
            $0.member("node", node)
            $0.member("sentence", sentence)
            $0.key("detail")
            $0.object { for (name, text) in detail.sorted(by: { $0.key < $1.key }) { $0.member(name, text) } }
        }
    }
}
