// The one live connection of the page. It reconnects by its own clock: EventSource neither notices a hung server nor
// says how long it will wait. A hidden page lets go of it, because browsers allow few connections to one host.
import { backoffMilliseconds } from "../lib/backoff";
import { liveness, reopenAfterMilliseconds, type Liveness } from "./liveness";
import { Store } from "../lib/store";

export type FrameHandler = (name: string, data: unknown) => void;

export interface StreamState {
  liveness: Liveness;
  /** performance.now() of the last frame; null before the first one. */
  lastFrame: number | null;
  /** How often the stream was opened; whoever may have missed events loads again when it grows. */
  connections: number;
}

const names = ["tick", "clusters", "event", "alert"];
const hiddenGraceMilliseconds = 60_000;

export class LiveStream {
  readonly state = new Store<StreamState>({ liveness: "connecting", lastFrame: null, connections: 0 });
  #source: EventSource | null = null;
  #startedAt = 0;
  #openedAt = 0;
  #attempt = 0;
  #refused = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watchdog: ReturnType<typeof setInterval> | undefined;
  #hiddenAt: number | null = null;

  /** `onRefused` hears of every attempt that failed: EventSource itself does not tell a dead server from an ended session. */
  constructor(private readonly path: string, private readonly handle: FrameHandler, private readonly onRefused: () => void) {}

  start(): void {
    this.#startedAt = performance.now();
    this.#open();
    this.#watchdog = setInterval(() => this.#watch(), 250);
    document.addEventListener("visibilitychange", this.#onVisibility);
  }

  stop(): void {
    clearInterval(this.#watchdog);
    document.removeEventListener("visibilitychange", this.#onVisibility);
    this.#close();
  }

  /** At once, instead of when the back-off ends. */
  readonly reconnect = (): void => {
    this.#attempt = 0;
    this.#open();
  };

  #open(): void {
    this.#close();
    const source = new EventSource(this.path);
    this.#source = source;
    this.#openedAt = performance.now();
    source.onopen = () => this.#publish({ connections: this.state.value.connections + 1 });
    source.onerror = () => {
      this.#refused = true;
      this.onRefused();
      this.#close();
      this.#retry = setTimeout(() => this.#open(), backoffMilliseconds(this.#attempt++));
    };
    for (const name of names) source.addEventListener(name, (frame) => this.#receive(name, frame as MessageEvent<string>));
  }

  #close(): void {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = null;
  }

  #receive(name: string, frame: MessageEvent<string>): void {
    this.#attempt = 0;
    this.#refused = false;
    this.#publish({ lastFrame: performance.now(), liveness: "live" });
    this.handle(name, JSON.parse(frame.data));
  }

  #watch(): void {
    const at = performance.now();
    const { lastFrame } = this.state.value;
    const next = liveness(at - (lastFrame ?? this.#startedAt), lastFrame !== null, this.#refused);
    if (next !== this.state.value.liveness) this.#publish({ liveness: next });
    if (this.#hiddenAt !== null && at - this.#hiddenAt > hiddenGraceMilliseconds) return this.#close();
    const heard = Math.max(lastFrame ?? 0, this.#openedAt);
    if (this.#source !== null && at - heard > reopenAfterMilliseconds) this.#open();
  }

  readonly #onVisibility = (): void => {
    this.#hiddenAt = document.hidden ? performance.now() : null;
    if (!document.hidden && this.#source === null) this.reconnect();
  };

  #publish(change: Partial<StreamState>): void {
    this.state.set({ ...this.state.value, ...change });
  }
}
