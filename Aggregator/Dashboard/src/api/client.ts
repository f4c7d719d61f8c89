// The only fetch of the dashboard. Every call either gives its answer or throws a CallError that names the call.

/** What an error card needs to say: the call, the answer, the reason. `status` 0 means that no answer came. */
export class CallError extends Error {
  constructor(readonly call: string, readonly status: number, readonly seconds: number, detail: string) {
    super(detail);
    this.name = "CallError";
  }
}

const deadlineMilliseconds = 15_000;
let onUnauthorised: () => void = () => undefined;

/** Called once a session has ended on the server: the sign-in page takes over and the address stays. */
export function whenUnauthorised(action: () => void): void {
  onUnauthorised = action;
}

/** RFC 9457: `detail` is the sentence; Prometheus' API says `error`. */
function problemSentence(body: unknown, fallback: string): string {
  if (typeof body !== "object" || body === null) return fallback;
  const fields = body as Record<string, unknown>;
  for (const key of ["detail", "error", "title"]) {
    const text = fields[key];
    if (typeof text === "string" && text !== "") return text;
  }
  return fallback;
}

async function send<Answer>(method: string, path: string, body: unknown, signal?: AbortSignal, allowed = deadlineMilliseconds): Promise<Answer> {
  const call = `${method} ${path.split("?")[0] ?? path}`;
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), allowed);
  const stop = () => deadline.abort();
  signal?.addEventListener("abort", stop);
  try {
    const headers: Record<string, string> = { Accept: "application/json", "X-Requested-With": "etcd-monitor" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const response = await fetch(path, {
      method, headers, signal: deadline.signal, credentials: "same-origin",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer: unknown = text === "" ? null : parse(text, call, response.status, seconds());
    if (response.ok) return answer as Answer;
    if (response.status === 401 && !path.startsWith("/api/v1/session")) onUnauthorised();
    throw new CallError(call, response.status, seconds(), problemSentence(answer, response.statusText));
  } catch (error) {
    if (error instanceof CallError || signal?.aborted) throw error;
    const reason = deadline.signal.aborted ? "no answer within the deadline" : "the server cannot be reached";
    throw new CallError(call, 0, seconds(), reason);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

function parse(text: string, call: string, status: number, seconds: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CallError(call, status, seconds, "the answer is not JSON");
  }
}

export const get = <Answer>(path: string, signal?: AbortSignal) => send<Answer>("GET", path, undefined, signal);
/** `allowed`: milliseconds, where an answer may take longer than most. */
export const post = <Answer>(path: string, body: unknown, signal?: AbortSignal, allowed?: number) => send<Answer>("POST", path, body, signal, allowed);
export const put = <Answer>(path: string, body: unknown) => send<Answer>("PUT", path, body);
export const remove = (path: string) => send<null>("DELETE", path, undefined);
