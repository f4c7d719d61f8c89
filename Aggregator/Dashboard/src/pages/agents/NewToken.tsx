import { useState, type FormEvent } from "react";
import { CallError } from "../../api/client";
import { createEnrolmentToken, type EnrolmentToken } from "../../api/enrolment";
import { Enrolment } from "../../components/Enrolment";
import { ErrorCard } from "../../components/ErrorCard";
import { clock } from "../../lib/time";
import { serverNow } from "../../lib/clock";

const namePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Makes a token for one node and shows the command that uses it. Only once: the server keeps its hash. */
export function NewToken({ cluster: fixed }: { cluster: string | null }) {
  const [cluster, setCluster] = useState(fixed ?? "");
  const [replaces, setReplaces] = useState("");
  const [made, setMade] = useState<EnrolmentToken | null>(null);
  const [error, setError] = useState<CallError | null>(null);
  const isValid = namePattern.test(cluster);
  const create = async () => {
    try {
      setMade(await createEnrolmentToken(cluster, replaces));
      setError(null);
    } catch (failure) {
      if (failure instanceof CallError) setError(failure);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isValid) void create();
  };
  if (made) {
    return (
      <>
        <p>Run this on the host, once, before {clock(made.expires, serverNow())}. The token is not shown again.</p>
        <Enrolment token={made.token} />
        <div className="row"><button className="btn quiet" onClick={() => setMade(null)}>Make another token</button></div>
      </>
    );
  }
  return (
    <form className="stack token-form" onSubmit={submit}>
      <div className="field"><label htmlFor="token-cluster">Cluster</label>
        <span className={cluster === "" || isValid ? "input" : "input wrong"}>
          <input id="token-cluster" value={cluster} readOnly={fixed !== null} aria-describedby="token-cluster-hint" aria-invalid={cluster !== "" && !isValid}
            spellCheck={false} onChange={(event) => setCluster(event.target.value)} /></span>
        <span className={cluster === "" || isValid ? "hint" : "err"} id="token-cluster-hint">Small letters, digits and hyphens; a new name makes a new cluster.</span></div>
      <div className="field"><label htmlFor="token-replaces">Replaces node</label>
        <span className="input"><input id="token-replaces" value={replaces} spellCheck={false} aria-describedby="token-replaces-hint" onChange={(event) => setReplaces(event.target.value)} /></span>
        <span className="hint" id="token-replaces-hint">Only for a host that takes the place of one enrolled before.</span></div>
      <div className="row"><button className="btn primary" disabled={!isValid}>Make a token</button></div>
      {error && <ErrorCard title="No token was made" error={error} retry={() => void create()} />}
    </form>
  );
}
