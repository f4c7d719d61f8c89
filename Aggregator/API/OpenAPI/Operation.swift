internal import Hummingbird

/// What OpenAPI says of a route.
struct Operation: Sendable {
    /// A parameter in the query or path.
    struct Parameter: Sendable {
        var name: String
        var summary: String
        /// string, integer, …
        var type = "string"
        var isRequired = false

        /// An optional text in the query.
        static func query(_ name: String, _ summary: String, type: String = "string") -> Parameter {
            Parameter(name: name, summary: summary, type: type)
        }

        /// A text in the query that must be there.
        static func required(_ name: String, _ summary: String, type: String = "string") -> Parameter {
            Parameter(name: name, summary: summary, type: type, isRequired: true)
        }
    }

    /// Unique, `listClusters`.
    var id: String
    /// The group it stands in.
    var tag: String
    /// One sentence.
    var summary: String
    /// Of the query.
    var parameters: [Parameter]
    /// The schema of the JSON body, nil for none.
    var body: String?
    /// Success.
    var status: Int
    /// The schema of the answer, nil for none or for other media types.
    var answer: String?
    /// The answer's media type.
    var mediaType: String

    init(
        _ id: String, tag: String, _ summary: String, parameters: [Parameter] = [], body: String? = nil,
        status: Int = 200, answer: String? = nil, mediaType: String = "application/json"
    ) {
        self.id = id
        self.tag = tag
        self.summary = summary
        self.parameters = parameters
        self.body = body
        self.status = status
        self.answer = answer
        self.mediaType = mediaType
    }
}
