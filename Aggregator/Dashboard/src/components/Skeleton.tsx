import { useDelay } from "../lib/useDelay";

/** The shape of what comes, after 200 ms. */
export function Skeleton({ cards = 1, tall = false }: { cards?: number; tall?: boolean }) {
  const isSlow = useDelay(200);
  if (!isSlow) return null;
  return (
    <div className={cards > 1 ? "g3" : "stack"} aria-busy="true">
      {Array.from({ length: cards }, (_, index) => (
        <div className="card" key={index}>
          <div className="body stack">
            <div className="skel w2" /><div className="skel w4 fade" /><div className="skel w3 fade" />
            {tall && <div className="skel tall fade" />}
            <div className="skel w1 fade" />
          </div>
        </div>
      ))}
      <span className="sr" role="status">Loading</span>
    </div>
  );
}
