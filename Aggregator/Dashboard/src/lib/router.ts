// The address is the state of the view: path, range, filters, sort. Back undoes.
import { useSyncExternalStore } from "react";

const changed = new Set<() => void>();
const announce = () => changed.forEach((listener) => listener());
addEventListener("popstate", announce);

function subscribe(listener: () => void): () => void {
  changed.add(listener);
  return () => changed.delete(listener);
}

/** Goes to `address` ("/alerts?state=firing"); the same address again makes no history entry. */
export function navigate(address: string, replace = false): void {
  if (address === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  announce();
}

/** Path and query as one string; read it with `new URL(address, origin)` or the hooks below. */
export const useAddress = () => useSyncExternalStore(subscribe, () => location.pathname + location.search);

/** The current address with some parameters changed; "" removes one. */
export function withParams(changes: Record<string, string>, address = location.pathname + location.search): string {
  const [path = "/", query = ""] = address.split("?");
  const params = new URLSearchParams(query);
  for (const [key, value] of Object.entries(changes)) value === "" ? params.delete(key) : params.set(key, value);
  const text = params.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** One parameter of the address and its setter, which replaces the entry (typing is not a journey). */
export function useParam(name: string): [string, (value: string) => void] {
  const query = useAddress().split("?")[1] ?? "";
  const value = new URLSearchParams(query).get(name) ?? "";
  return [value, (next) => navigate(withParams({ [name]: next }), true)];
}
