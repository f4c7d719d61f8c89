// Silences, acknowledgements, rules, backtests, the ledger and channels, as the aggregator answers them.
const hour = 3_600_000;
const good = (body, status = 200) => ({ status, body });
const refusal = (status, detail) => ({ status, body: { title: "refused", status, detail } });

const rule = (name, severity, query, change = {}) => ({
  id: `builtin/etcd/${name}`, kind: "alert", name, query, forSeconds: 180, keepFiringForSeconds: 0, severity,
  annotations: { summary: `{{ $labels.cluster }}: ${name}`, cause: "Members stopped, or cannot be reached.", action: "Start the members that are down." },
  labels: {}, parameters: [{ name: "limit", unit: "seconds", meaning: "how slow is too slow", value: 0.01 }], health: "ok", lastError: null,
  lastEvaluation: Date.now(), lastDurationSeconds: 0.002, alerts: 0, clusters: [], ...change,
});

export function makeAlerting() {
  const at = Date.now();
  const entry = (id, status, change = {}) => ({
    id: String(id), notification: "9", channel: "ops-slack", insteadOf: null, status, tells: "firing", alert: "EtcdNoQuorum", cluster: "ledger-prod",
    alerts: 1, route: "all", attempts: 1, at: at - id * 1000, nextAttempt: null, latencySeconds: 0.9, code: 200, error: null, ...change,
  });
  const deliveries = [entry(9, "delivered"), entry(8, "retrying", { channel: "ops-mail", code: 451, error: "greylisted", latencySeconds: null, attempts: 3 })];
  const channel = (name, kind, change) => ({
    name, kind, managed: "configuration", settings: null, secrets: [], target: "hooks.slack.example", sendsResolved: true, deadlineSeconds: 15,
    fallback: null, health: "ok", waiting: 0, lastDelivered: deliveries[0], lastFailed: null, ...change,
  });
  return {
    deliveries, silences: [], nextSilence: 1, asked: [],
    channels: [channel("ops-slack", "slack", { fallback: "ops-mail" }), channel("ops-mail", "email", { target: "ops@example.org", health: "failing", waiting: 1, lastFailed: deliveries[1] })],
    groups: [{ name: "etcd", file: "builtin", intervalSeconds: 5, lastEvaluation: at, lastDurationSeconds: 0.01, evaluations: 9, missed: 0, lastFailure: null, rules: [
      rule("EtcdNoQuorum", "critical", 'sum by (cluster) (up{job="etcd"} == 1) < (count by (cluster) (up) + 1) / 2', { clusters: [{ cluster: "ledger-prod", state: "firing", firing: 1, pending: 0, since: at - hour }], alerts: 1 }),
      rule("EtcdSlowFsync", "warning", "etcd:fsync:p99 > 0.01"),
      rule("EtcdBroken", "info", "nonsense(", { health: "err", lastError: "1:9: parse error: unclosed left parenthesis" }),
    ] }],
  };
}

/** A label that is not there is empty; patterns match the whole. */
const isMatched = (matcher, labels) => {
  const value = labels[matcher.name] ?? "";
  const same = matcher.operation.endsWith("~") ? new RegExp(`^(?:${matcher.value})$`).test(value) : value === matcher.value;
  return matcher.operation.startsWith("!") ? !same : same;
};

/** The alerts with what keeps them from being told. */
export function suppressed(world) {
  const { silences } = world.alerting;
  return world.alerts.map((alert) => {
    const silence = silences.find((one) => one.state === "active" && one.matchers.every((matcher) => isMatched(matcher, alert.labels)));
    const reasons = silence ? [{ reason: "silence", silence: silence.id, until: silence.endsAt }] : [];
    return { ...alert, suppressedBy: alert.acknowledgement ? [...reasons, { reason: "acknowledgement", until: null }] : reasons };
  });
}

function silence(world, body) {
  const { alerting } = world;
  const made = {
    id: `s${alerting.nextSilence++}`, kind: "silence", state: "active", matchers: body.matchers, cluster: null, startsAt: Date.now(),
    endsAt: Date.now() + body.seconds * 1000, weeklyUntil: null, activeUntil: Date.now() + body.seconds * 1000, nextStart: null, author: "ada", comment: body.comment,
    createdAt: Date.now(), hid: [],
  };
  made.hides = world.alerts.filter((alert) => body.matchers.every((matcher) => isMatched(matcher, alert.labels)))
    .map(({ fingerprint, name, cluster, sentence }) => ({ fingerprint, name, cluster, sentence }));
  alerting.silences.unshift(made);
  return good(made, 201);
}

function backtest(body) {
  if (body.expr?.split("(").length !== body.expr?.split(")").length) return refusal(400, "1:4: parse error: unclosed left parenthesis");
  const end = Date.now();
  const isQuiet = body.rule === "builtin/etcd/EtcdSlowFsync";
  const firing = (ago) => ({
    labels: { alertname: "x", cluster: "ledger-prod", instance: "ledger-2:2379" }, annotations: {}, value: 1, activeAt: end - ago - 180_000, firedAt: end - ago,
    resolvedAt: end - ago + 360_000, firingSeconds: 360, eventCount: 1,
    events: [{ id: "1", at: end - ago, cluster: "ledger-prod", kind: "member-down", severity: "critical", member: "ledger-2", node: null, sentence: "ledger-2 stopped answering", detail: {} }],
  });
  const firings = isQuiet ? [] : [firing(5 * hour), firing(20 * hour)];
  return good({ rule: "x", cluster: body.cluster ?? null, start: body.start, end, stepSeconds: 15, evaluations: 5760, count: firings.length, firingSeconds: 360 * firings.length, pendingOnly: 0, samplesRead: 9, tookSeconds: 0.1, notes: [], firings });
}

/** Null for what is answered elsewhere. */
export function answerAlerting(world, method, path, params, body) {
  const { alerting, control } = world;
  if (method !== "GET" && control.role === "viewer" && path !== "/api/v1/rules/backtest") return refusal(403, "operator is needed");
  if (path === "/api/v1/silences") return method === "POST" ? silence(world, body) : good({ silences: alerting.silences });
  const ended = /^\/api\/v1\/silences\/(\w+)$/.exec(path);
  if (ended) {
    for (const one of alerting.silences) if (one.id === ended[1]) Object.assign(one, { state: "expired", endsAt: Date.now(), activeUntil: null, hides: [] });
    return { status: 204, body: null };
  }
  const taken = /^\/api\/v1\/alerts\/(\w+)\/acknowledgement$/.exec(path);
  if (taken) {
    const alert = world.alerts.find((one) => one.fingerprint === taken[1]);
    if (!alert) return refusal(404, "no such alert is active");
    alert.acknowledgement = method === "PUT" ? { fingerprint: alert.fingerprint, author: "ada", comment: "", at: Date.now(), until: null } : null;
    return method === "PUT" ? good(alert.acknowledgement) : { status: 204, body: null };
  }
  if (path === "/api/v1/rules") return good({ groups: alerting.groups });
  if (path === "/api/v1/rules/backtest") return backtest(body);
  if (path === "/api/v1/channels") return good({ channels: alerting.channels, heartbeat: { lastBeat: Date.now(), trouble: null } });
  const tested = /^\/api\/v1\/channels\/([^/]+)\/test$/.exec(path);
  if (tested) {
    return good(tested[1] === "ops-mail" ? { delivered: false, code: 451, latencySeconds: 0.2, error: "greylisted", fallback: null, fallbackDelivered: false }
      : { delivered: true, code: 200, latencySeconds: 0.4, error: null, fallback: null, fallbackDelivered: false });
  }
  if (path === "/api/v1/deliveries") {
    return good({ deliveries: alerting.deliveries.filter((one) => ["status", "channel"].every((key) => !params.get(key) || one[key] === params.get(key))), next: null });
  }
  if (path === "/prometheus/api/v1/query_range" && params.get("query").startsWith("ALERTS{")) {
    const [end, step] = ["end", "step"].map((key) => Number(params.get(key)));
    const stretch = (from, to) => Array.from({ length: (to - from) / step + 1 }, (_, index) => [from + index * step, "1"]);
    const metric = { __name__: "ALERTS", alertname: "EtcdNoQuorum", alertstate: "firing", severity: "critical", cluster: "ledger-prod" };
    return good({ status: "success", data: { resultType: "matrix", result: [{ metric, values: [...stretch(end - 100 * step, end - 90 * step), ...stretch(end - 10 * step, end)] }] } });
  }
  return null;
}
