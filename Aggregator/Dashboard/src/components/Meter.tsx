import type { Database } from "../api/clusters";

/** How much of the quota the database holds on disk, and within it, in use. */
export function Meter({ database }: { database: Database }) {
  const quota = database.quotaBytes;
  if (!quota) return null;
  const width = (bytes: number) => Math.min(48, (bytes / quota) * 48).toFixed(1);
  return (
    <svg className="meter" viewBox="0 0 48 6" preserveAspectRatio="none" aria-hidden="true">
      <rect className="trk" width="48" height="6" rx="1" />
      <rect className={database.isOver ? "hot" : "alloc"} width={width(database.sizeBytes)} height="6" rx="1" />
      {database.inUseBytes != null && <rect className="use" width={width(database.inUseBytes)} height="6" rx="1" />}
    </svg>
  );
}
