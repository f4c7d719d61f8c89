const pad = (value: number) => String(value).padStart(2, "0");
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** 02:31, with seconds in a short range, with the day in a long one. `at` and `length` in seconds. */
export function axisTime(at: number, length: number): string {
  const date = new Date(at * 1000);
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  if (length <= 600) return `${time}:${pad(date.getSeconds())}`;
  if (length <= 2 * 86_400) return time;
  const day = `${date.getDate()} ${months[date.getMonth()]}`;
  return date.getHours() === 0 && date.getMinutes() === 0 ? day : time;
}
