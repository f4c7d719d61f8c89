// Watches the series: reads Prometheus rule files, evaluates their groups on a grid and at once when something happens,
// carries each alert from pending to firing to resolved over restarts, and writes ALERTS and recorded series.
// Leaves telling people to whoever implements AlertSink, and the arithmetic to PromQL.
