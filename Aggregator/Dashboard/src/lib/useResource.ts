import { useCallback, useEffect, useRef, useState } from "react";
import { CallError } from "../api/client";
import { backoffMilliseconds } from "./backoff";

export interface Resource<Answer> {
  /** The last good answer, kept while a newer one is fetched or fails. */
  data: Answer | null;
  error: CallError | null;
  /** performance.now() of the last good answer. */
  at: number | null;
  reload: () => void;
}

interface Held<Answer> { identity: string; data: Answer | null; error: CallError | null; at: number | null }

/**
 * Loads when `identity` or `revision` changes. A new identity is another thing, so its old answer is dropped;
 * a new revision is the same thing later, so the old answer stays until the new one is here. Failures are tried again.
 * Nothing is loaded while `isOn` is false.
 */
export function useResource<Answer>(
  identity: string, revision: unknown, load: (signal: AbortSignal) => Promise<Answer>, isOn = true,
): Resource<Answer> {
  const [held, setHeld] = useState<Held<Answer>>({ identity, data: null, error: null, at: null });
  const [round, setRound] = useState(0);
  const loader = useRef(load);
  loader.current = load;
  const failures = useRef(0);

  useEffect(() => {
    if (!isOn) return undefined;
    const abort = new AbortController();
    let retry: ReturnType<typeof setTimeout> | undefined;
    loader.current(abort.signal).then(
      (data) => {
        failures.current = 0;
        if (!abort.signal.aborted) setHeld({ identity, data, error: null, at: performance.now() });
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const said = error instanceof CallError ? error : new CallError(identity, 0, 0, String(error));
        setHeld((old) => old.identity === identity ? { ...old, error: said } : { identity, data: null, error: said, at: null });
        const isFinal = said.status >= 400 && said.status < 500;
        if (!isFinal) retry = setTimeout(() => setRound((n) => n + 1), backoffMilliseconds(2 + failures.current++, 30_000));
      },
    );
    return () => {
      abort.abort();
      clearTimeout(retry);
    };
  }, [identity, revision, round, isOn]);

  const reload = useCallback(() => setRound((n) => n + 1), []);
  const current = held.identity === identity ? held : { data: null, error: null, at: null };
  return { data: current.data, error: current.error, at: current.at, reload };
}
