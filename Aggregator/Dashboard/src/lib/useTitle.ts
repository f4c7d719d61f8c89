import { useEffect } from "react";

/** "Fleet · etcd-monitor" in the tab. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · etcd-monitor`;
  }, [title]);
}
