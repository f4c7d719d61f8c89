// The queries that were run in this browser, newest first.
const key = "etcd-monitor-queries";
const kept = 30;

export function queryHistory(): string[] {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(read) ? read.filter((one): one is string => typeof one === "string") : [];
  } catch {
    return []; // storage that is forbidden or holds something else: no history
  }
}

export function rememberQuery(query: string): void {
  try {
    localStorage.setItem(key, JSON.stringify([query, ...queryHistory().filter((one) => one !== query)].slice(0, kept)));
  } catch {
    // forbidden or full: the query runs all the same
  }
}
