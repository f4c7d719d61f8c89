import HTTPClient

/// The client's request, where Hummingbird's type of the same name is in sight too.
typealias ClientRequest = HTTPRequest
/// The client's response, likewise.
typealias ClientResponse = HTTPResponse
