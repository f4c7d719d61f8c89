// PromQL: text to syntax tree (Syntax), tree and samples to values (Evaluation, Functions), and the JSON answers of
// Prometheus's HTTP API as pure functions (PrometheusAPI). Reads samples only through `SeriesSource`; sockets, users
// and the clock belong to the caller.
