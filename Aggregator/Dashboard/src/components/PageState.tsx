import type { CallError } from "../api/client";
import { ErrorCard } from "./ErrorCard";
import { Skeleton } from "./Skeleton";

/** A page that has nothing to show yet: its name for those who listen, then the failure or the shape of what comes. */
export function PageState({ name, error, retry, cards = 1 }: { name: string; error: CallError | null; retry: () => void; cards?: number }) {
  return (
    <>
      <h1 className="sr">{name}</h1>
      {error ? <ErrorCard title={`Cannot load ${name}`} error={error} retry={retry} /> : <Skeleton cards={cards} tall={cards === 1} />}
    </>
  );
}
