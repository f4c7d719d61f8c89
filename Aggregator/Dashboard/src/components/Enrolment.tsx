import { loadAbout } from "../api/about";
import { useResource } from "../lib/useResource";
import { CopyButton } from "./CopyButton";
import { Skeleton } from "./Skeleton";

/** What an operator runs on an etcd host, with the token from standard input so that no process list shows it. */
export function enrolmentCommand(server: string, fingerprint: string, token: string): string {
  return [
    `echo ${token} | sudo etcd-monitor-agent enrol \\`,
    `  --server ${server} \\`,
    `  --ca-fingerprint ${fingerprint} \\`,
    "  --token-file -",
  ].join("\n");
}

/** The one-liner; `token` is a placeholder until an admin has made one. */
export function Enrolment({ token }: { token: string | null }) {
  const about = useResource("about", 0, loadAbout);
  if (about.data === null && about.error === null) return <Skeleton />;
  const fingerprint = about.data?.caFingerprint ?? "FINGERPRINT";
  const command = enrolmentCommand(about.data?.url ?? location.origin, fingerprint, token ?? "TOKEN");
  return (
    <>
      <pre className="code wrap" tabIndex={0} aria-label="Enrolment command">{command}</pre>
      <div className="row wrap">
        <CopyButton primary={token !== null} label="Copy command" text={() => command} />
        {token === null && (
          <span className="small t3">
            TOKEN comes from <code>etcd-monitor-aggregator token create --cluster NAME</code> or from an admin, on the page Agents.
          </span>
        )}
        {fingerprint === "FINGERPRINT" && <span className="small t3">FINGERPRINT is printed by the aggregator at its start.</span>}
      </div>
    </>
  );
}
