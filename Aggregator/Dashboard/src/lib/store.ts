// A value that components can watch: enough of a store for one page.
import { useSyncExternalStore } from "react";

export class Store<Value> {
  #value: Value;
  #listeners = new Set<() => void>();

  constructor(initial: Value) {
    this.#value = initial;
  }

  get value(): Value {
    return this.#value;
  }

  set(next: Value): void {
    if (Object.is(next, this.#value)) return;
    this.#value = next;
    this.#listeners.forEach((listener) => listener());
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

export const useStore = <Value>(store: Store<Value>): Value => useSyncExternalStore(store.subscribe, () => store.value);
