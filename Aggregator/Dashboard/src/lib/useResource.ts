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

export interface ResourceOptions {
  /** Nothing is loaded while it is false. */
  isOn?: boolean;
  /** What the reader chose; when it changes, an answer under way is of no use any more. */
  choice?: string;
}

interface Held<Answer> { identity: string; data: Answer | null; error: CallError | null; at: number | null }

const retryStart = 2;
const retryMilliseconds = 30_000;

/**
 * Loads when `identity`, `revision` or the choice changes. A new identity is another thing, so its old answer is dropped; a new
 * revision is the same thing later: the old answer stays, and a call under way is let finish first, so that a server slower
 * than the revisions still gets its answers through. Failures are tried again.
 */
export function useResource<Answer>(
  identity: string, revision: unknown, load: (signal: AbortSignal) => Promise<Answer>, { isOn = true, choice = "" }: ResourceOptions = {},
): Resource<Answer> {
  const [held, setHeld] = useState<Held<Answer>>({ identity, data: null, error: null, at: null });
  const latest = useRef({ load, revision });
  latest.current = { load, revision };
  const started = useRef<{ revision: unknown; again: () => void } | null>(null);

  useEffect(() => {
    if (!isOn) return undefined;
    const abort = new AbortController();
    let isBusy = false;
    let failures = 0;
    let retry: ReturnType<typeof setTimeout> | undefined;

    const fail = (error: unknown) => {
      const said = error instanceof CallError ? error : new CallError(identity, 0, 0, String(error));
      setHeld((old) => old.identity === identity ? { ...old, error: said } : { identity, data: null, error: said, at: null });
      const isFinal = said.status >= 400 && said.status < 500;
      if (!isFinal) retry = setTimeout(run, backoffMilliseconds(retryStart + failures++, retryMilliseconds));
    };
    const run = async () => {
      if (isBusy) return;
      isBusy = true;
      clearTimeout(retry);
      const { revision: begun } = latest.current;
      started.current = { revision: begun, again: run };
      try {
        const data = await latest.current.load(abort.signal);
        if (abort.signal.aborted) return;
        failures = 0;
        setHeld({ identity, data, error: null, at: performance.now() });
      } catch (error) {
        if (abort.signal.aborted) return;
        fail(error);
      } finally {
        isBusy = false;
      }
      if (latest.current.revision !== begun && failures === 0) void run();
    };

    void run();
    return () => {
      abort.abort();
      clearTimeout(retry);
      started.current = null;
    };
  }, [identity, isOn, choice]);

  useEffect(() => {
    if (started.current && started.current.revision !== revision) started.current.again();
  }, [revision]);

  const reload = useCallback(() => started.current?.again(), []);
  const current = held.identity === identity ? held : { data: null, error: null, at: null };
  return { data: current.data, error: current.error, at: current.at, reload };
}
