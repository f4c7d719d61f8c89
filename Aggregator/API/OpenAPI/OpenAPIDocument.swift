internal import Access
internal import HTTPTypes
internal import JSON
internal import ServiceRuntime

/// `/api/openapi.json`: written from the route table, so that it cannot forget a route; the schemas are a file.
enum OpenAPIDocument {
    /// The document, OpenAPI 3.1.
    static func make(routes: [Route]) throws -> [UInt8] {
        let schemas = try JSONValue(parsing: PackageResources.schemas_json)
        var json = JSONWriter(reserving: 32_768)
        json.object {
            $0.member("openapi", "3.1.0")
            $0.key("info")
            $0.object {
                $0.member("title", "etcd-monitor aggregator")
                $0.member("version", BuildVersion.version)
                $0.member("description", "Errors are RFC 9457 problems; times are milliseconds since the epoch.")
            }
            $0.key("paths")
            $0.object { write(routes, to: &$0) }
            $0.key("components")
            $0.object {
                $0.member("schemas", schemas)
                $0.key("securitySchemes")
                writeSecuritySchemes(to: &$0)
            }
        }
        return json.bytes
    }

    private static func write(_ routes: [Route], to json: inout JSONWriter) {
        let paths = Dictionary(grouping: routes, by: \.path)
        for (path, routes) in paths.sorted(by: { $0.key < $1.key }) {
            json.key(path)
            json.object {
                for route in routes.sorted(by: { $0.method.rawValue < $1.method.rawValue }) {
                    $0.key(route.method.rawValue.lowercased())
                    $0.object { write(route, to: &$0) }
                }
            }
        }
    }

    private static func write(_ route: Route, to json: inout JSONWriter) {
        let operation = route.operation
        json.member("operationId", operation.id)
        json.member("tags", texts: [operation.tag])
        json.member("summary", operation.summary)
        json.member("description", requirement(of: route.access))
        json.key("security")
        json.array { writeSecurity(of: route.access, to: &$0) }
        writeParameters(of: route, to: &json)
        if let body = operation.body {
            json.key("requestBody")
            json.object {
                $0.member("required", true)
                $0.key("content")
                writeContent("application/json", schema: body, to: &$0)
            }
        }
        json.key("responses")
        json.object { writeResponses(of: operation, to: &$0) }
    }

    private static func writeResponses(of operation: Operation, to json: inout JSONWriter) {
        json.key(String(operation.status))
        json.object {
            $0.member("description", operation.status == 204 ? "Done." : "The answer.")
            if operation.status != 204 {
                $0.key("content")
                writeContent(operation.mediaType, schema: operation.answer, to: &$0)
            }
        }
        json.key("default")
        json.object {
            $0.member("description", "A problem, RFC 9457.")
            $0.key("content")
            writeContent("application/problem+json", schema: "Problem", to: &$0)
        }
    }

    private static func writeContent(_ mediaType: String, schema: String?, to json: inout JSONWriter) {
        json.object {
            $0.key(mediaType)
            $0.object {
                guard let schema else { return }
                $0.key("schema")
                $0.object { $0.member("$ref", "#/components/schemas/\(schema)") }
            }
        }
    }

    private static func writeParameters(of route: Route, to json: inout JSONWriter) {
        let inPath = route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
            String($0.dropFirst().dropLast())
        }
        guard !inPath.isEmpty || !route.operation.parameters.isEmpty else { return }
        json.key("parameters")
        json.array {
            for name in inPath { writeParameter(name, in: "path", type: "string", required: true, nil, to: &$0) }
            for parameter in route.operation.parameters {
                writeParameter(
                    parameter.name, in: "query", type: parameter.type, required: parameter.isRequired,
                    parameter.summary, to: &$0)
            }
        }
    }

    private static func writeParameter(
        _ name: String, in place: String, type: String, required: Bool, _ summary: String?, to json: inout JSONWriter
    ) {
        json.object {
            $0.member("name", name)
            $0.member("in", place)
            $0.member("required", required)
            if let summary { $0.member("description", summary) }
            $0.key("schema")
            $0.object { $0.member("type", type) }
        }
    }

    private static func requirement(of access: Route.Access) -> String {
        switch access {
        case .open: "Open to anyone."
        case .signature: "Signed by an agent (RFC 9421); see docs/agent-protocol.md."
        case .recognised: "Anyone who is signed in, or an API token."
        case .permission(let permission, _): "Needs \(permission.rawValue): role \(permission.role.rawValue) or higher."
        case .hostOrInstallationViewer: "From the host itself, or \(Permission.viewInstallation.rawValue)."
        }
    }

    private static func writeSecurity(of access: Route.Access, to json: inout JSONWriter) {
        switch access {
        case .open: json.object { _ in }
        case .signature: json.object { $0.member("signature", texts: []) }
        case .recognised, .permission, .hostOrInstallationViewer:
            json.object { $0.member("session", texts: []) }
            json.object { $0.member("token", texts: []) }
        }
    }

    private static func writeSecuritySchemes(to json: inout JSONWriter) {
        json.object {
            $0.key("session")
            $0.object {
                $0.member("type", "apiKey")
                $0.member("in", "cookie")
                $0.member("name", SessionCookie.name)
            }
            $0.key("token")
            $0.object {
                $0.member("type", "http")
                $0.member("scheme", "bearer")
            }
            $0.key("signature")
            $0.object {
                $0.member("type", "apiKey")
                $0.member("in", "header")
                $0.member("name", "Signature")
            }
        }
    }
}
