// A server that answers as the aggregator does, from recorded answers, so that the browser tests need no Swift.
// `node server.mjs [port]` prints its address. POST /stub/<verb> changes the world: see `verbs`.
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { extname, normalize } from "node:path";
import { answerAlerting, suppressed } from "./alerting.mjs";
import { answerPromQL } from "./promql.mjs";
import { answerRange, answerSparks } from "./series.mjs";
import { detailOf, makeWorld } from "./world.mjs";

const dist = new URL("../../dist/", import.meta.url).pathname;
const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };
const policy = "default-src 'self'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";
let world = makeWorld();
let streams = new Set();

const send = (response, status, body) => {
  response.writeHead(status, { "Content-Type": status < 400 ? "application/json" : "application/problem+json", "Cache-Control": "no-store" });
  response.end(body === null ? "" : JSON.stringify(body));
};
const problem = (response, status, detail) => send(response, status, { ...world.problem, status, detail });
const frame = (name, data) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const broadcast = (name, data) => streams.forEach((stream) => stream.write(frame(name, data)));

/** What a test may do to the world. */
const verbs = {
  reset: () => { world = makeWorld(); streams.forEach((stream) => stream.end()); streams = new Set(); },
  drop: () => { streams.forEach((stream) => stream.destroy()); streams = new Set(); },
  empty: () => { world.events = []; world.alerts = []; world.nodes = []; Object.assign(world.alerting, { silences: [], deliveries: [], channels: [], groups: [] }); },
  control: (body) => Object.assign(world.control, body),
  clusters: ({ clusters }) => { world.clusters = clusters; },
  cluster: (change) => {
    const at = world.clusters.findIndex((cluster) => cluster.name === change.name);
    const next = { ...world.clusters[at], ...change, updatedAt: Date.now() };
    if (at < 0) world.clusters.push(next);
    else world.clusters[at] = next;
    broadcast("clusters", { clusters: [next] });
  },
  members: ({ name, members }) => {
    const detail = detailOf(world, name);
    const changed = detail.members.map((member) => ({ ...member, ...(members[member.name] ?? {}) }));
    world.details.set(name, { ...detail, members: changed });
  },
  event: (event) => {
    const next = { id: String(world.nextEvent++), at: Date.now(), severity: "info", ...event };
    world.events.unshift(next);
    broadcast("event", next);
  },
  alerts: ({ alerts }) => { world.alerts = alerts; },
  alert: (alert) => { broadcast("alert", alert); },
  many: ({ count }) => {
    const base = world.clusters;
    world.clusters = Array.from({ length: count }, (_, index) => ({ ...base[index % base.length], name: `${base[index % base.length].name}-${index}` }));
  },
};

function events(params) {
  const wanted = world.events.filter((event) =>
    (!params.get("cluster") || event.cluster === params.get("cluster")) && (!params.get("kind") || event.kind === params.get("kind"))
    && (!params.get("before") || Number(event.id) < Number(params.get("before"))));
  const page = wanted.slice(0, Number(params.get("limit") ?? 50));
  return { events: page, next: wanted.length > page.length ? page[page.length - 1].id : null };
}

function openStream(request, response) {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store, no-transform" });
  response.write(frame("clusters", { clusters: world.clusters }));
  const tick = setInterval(() => response.write(frame("tick", { now: Date.now() })), 1000);
  response.write(frame("tick", { now: Date.now() }));
  streams.add(response);
  request.on("close", () => { clearInterval(tick); streams.delete(response); });
}

function session(request, response, body) {
  const { control } = world;
  const user = { name: "ada", role: control.role };
  if (request.method === "DELETE") { control.signedIn = false; return send(response, 204, null); }
  if (request.method === "POST") {
    if (body.password !== "correct horse") return problem(response, 401, "the name or the password is wrong");
    control.signedIn = true;
    return send(response, 200, { user });
  }
  return control.signedIn ? send(response, 200, { user }) : problem(response, 401, "no session");
}

function api(request, response, url, body) {
  const { pathname: path, searchParams: params } = url;
  if (path === "/api/v1/session") return session(request, response, body);
  if (!world.control.signedIn) return problem(response, 401, "no session");
  if (path === "/api/v1/stream") return openStream(request, response);
  if (path === "/api/v1/clusters") return send(response, 200, { clusters: world.clusters, now: Date.now() });
  if (path === "/api/v1/events") return send(response, 200, events(params));
  if (path === "/api/v1/alerts") return send(response, 200, { alerts: suppressed(world) });
  if (path === "/api/v1/nodes") return send(response, 200, { nodes: world.nodes });
  if (path === "/api/v1/about") return send(response, 200, world.about);
  if (path === "/api/v1/enrolment-tokens" && request.method === "POST") {
    return world.control.role === "admin"
      ? send(response, 201, { token: "emt_7Q4K9MZD2HXRexample", expires: Date.now() + 86_400_000 })
      : problem(response, 403, "admin is needed");
  }
  const cluster = /^\/api\/v1\/clusters\/([^/]+)$/.exec(path);
  const detail = detailOf(world, cluster ? decodeURIComponent(cluster[1]) : "");
  if (cluster) return detail ? send(response, 200, detail) : problem(response, 404, "no such cluster");
  const alerting = answerAlerting(world, request.method, path, params, body);
  if (alerting) return send(response, alerting.status, alerting.body);
  const promql = answerPromQL(path, params, world.clusters);
  if (promql) return send(response, promql.status, promql.body);
  if (path === "/prometheus/api/v1/query_range" && params.get("query").startsWith("sum by (cluster)")) {
    return send(response, 200, { status: "success", data: { resultType: "matrix", result: answerSparks(params, world.clusters) } });
  }
  if (path === "/prometheus/api/v1/query_range") {
    const name = /cluster="([^"]*)"/.exec(params.get("query") ?? "")?.[1] ?? "";
    const { gap, seriesPerChart } = world.control;
    const result = answerRange(params, detailOf(world, name) ?? { members: [] }, Date.now() / 1000, gap, seriesPerChart);
    return send(response, 200, { status: "success", data: { resultType: "matrix", result } });
  }
  return problem(response, 404, "no such resource");
}

function file(response, path) {
  const wanted = normalize(path).replace(/^\/+/, "");
  const isFile = wanted !== "" && existsSync(dist + wanted);
  const name = isFile ? wanted : "index.html";
  response.writeHead(200, { "Content-Type": types[extname(name)] ?? "text/plain", "Content-Security-Policy": policy });
  createReadStream(dist + name).pipe(response);
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://localhost");
  let text = "";
  for await (const chunk of request) text += chunk;
  const body = text === "" ? {} : JSON.parse(text);
  const verb = /^\/stub\/(\w+)$/.exec(url.pathname)?.[1];
  if (verb) { verbs[verb](body); return send(response, 200, { done: verb }); }
  if (!/^\/(api|prometheus)\//.test(url.pathname)) return file(response, url.pathname);
  const { failing, delay } = world.control;
  if (delay > 0 && url.pathname !== "/api/v1/session") await new Promise((done) => setTimeout(done, delay));
  if (failing.some((part) => url.pathname.includes(part))) return problem(response, 503, world.problem.detail);
  return api(request, response, url, body);
});

/** As agents do: every cluster that is seen is measured every five seconds. */
setInterval(() => {
  world.clusters = world.clusters.map((cluster) => cluster.agents.silent < cluster.agents.total ? { ...cluster, updatedAt: Date.now() } : cluster);
  broadcast("clusters", { clusters: world.clusters.filter((cluster) => cluster.agents.silent < cluster.agents.total) });
}, 5000);

server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
