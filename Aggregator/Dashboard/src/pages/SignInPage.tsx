import { useState, type FormEvent } from "react";
import { CallError } from "../api/client";
import { Icon } from "../components/Icon";
import { ThemeButton } from "../components/ThemeButton";
import { Mark } from "../components/StatusMark";
import { signIn } from "../lib/session";
import { useTitle } from "../lib/useTitle";

function reason(error: unknown): string {
  if (!(error instanceof CallError)) return "Signing in failed in this browser.";
  if (error.status === 401) return "User name or password is wrong.";
  if (error.status === 429) return `Too many attempts: ${error.message}. Wait a minute, then try again.`;
  return error.status === 0 ? `${error.call} got no answer: ${error.message}.` : `${error.call} answered ${error.status}: ${error.message}.`;
}

/** Name and password. The address stays, so that signing in leads where the link pointed. */
export function SignInPage() {
  useTitle("Sign in");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await signIn(name, password);
    } catch (failure) {
      setError(reason(failure));
      setPassword("");
      setBusy(false);
    }
  };
  return (
    <main className="sign-in">
      <form className="dialog" onSubmit={(event) => void submit(event)} aria-labelledby="sign-in-title">
        <div className="row"><span className="brand"><Icon name="logo" />etcd-monitor</span><span className="grow" /><ThemeButton /></div>
        <h1 id="sign-in-title">Sign in</h1>
        <div className="field"><label htmlFor="name">User name</label>
          <span className="input"><input id="name" name="username" autoComplete="username" autoFocus required value={name} onChange={(event) => setName(event.target.value)} /></span></div>
        <div className="field"><label htmlFor="password">Password</label>
          <span className={error === null ? "input" : "input wrong"}>
            <input id="password" name="password" type="password" autoComplete="current-password" required value={password} aria-invalid={error !== null}
              {...(error === null ? {} : { "aria-describedby": "sign-in-error" })} onChange={(event) => setPassword(event.target.value)} /></span>
          {error !== null && <span className="err" id="sign-in-error" role="alert"><Mark status="critical" size="s" /> {error}</span>}
        </div>
        <button className="btn primary" disabled={isBusy}>Sign in</button>
      </form>
    </main>
  );
}
