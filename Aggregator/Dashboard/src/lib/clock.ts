// The server's clock, so that ages are right on a computer whose own clock is not.
import { Store } from "./store";

let offset = 0;

/** Milliseconds since the epoch, by the aggregator's clock. */
export const serverNow = () => Date.now() + offset;

export function noteServerTime(now: number): void {
  offset = now - Date.now();
}

/** Renewed every second; only texts that show an age watch it. */
export const now = new Store(serverNow());
setInterval(() => now.set(serverNow()), 1000);
