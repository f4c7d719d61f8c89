/** What the badge says: frames come; none came for a while; the connection is gone. */
export type Liveness = "connecting" | "live" | "old" | "lost";

/** The server sends a frame every second; three and a half without one is a hung server. */
export const oldAfterMilliseconds = 3_500;
/** A stream that says nothing for this long is opened anew: a dropped path never tells. */
export const reopenAfterMilliseconds = 8_000;
/** After this the last values say little about now. */
export const lostAfterMilliseconds = 30_000;

/**
 * EventSource does not notice a hung server, so the age of the last frame decides.
 * - Parameters: `silence`: milliseconds since the last frame, or since the start when there was none;
 *   `wasHeard`: whether there was one; `refused`: whether the last attempt to connect failed.
 */
export function liveness(silence: number, wasHeard: boolean, refused: boolean): Liveness {
  if (!wasHeard) return refused || silence >= oldAfterMilliseconds ? "lost" : "connecting";
  if (silence < oldAfterMilliseconds) return "live";
  return refused || silence >= lostAfterMilliseconds ? "lost" : "old";
}
