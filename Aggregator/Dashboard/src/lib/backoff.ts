/** Half a second, doubling to `maximum`, with up to a quarter taken off by chance so that pages do not return in step. */
export function backoffMilliseconds(attempt: number, maximum = 10_000, random: () => number = Math.random): number {
  const full = Math.min(maximum, 500 * 2 ** Math.min(attempt, 16));
  return full * (1 - random() / 4);
}
