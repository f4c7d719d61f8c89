import { day, hourAndMinute, timeOfDay } from "../lib/time";

const shortSeconds = 600;
const longSeconds = 2 * 86_400;

/** 02:31, with seconds in a short range, with the day in a long one. `at` and `length` in seconds. */
export function axisTime(at: number, length: number): string {
  const milliseconds = at * 1000;
  if (length <= shortSeconds) return timeOfDay(milliseconds);
  const time = hourAndMinute(milliseconds);
  return length > longSeconds && time === "00:00" ? day(milliseconds) : time;
}
