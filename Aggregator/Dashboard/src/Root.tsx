import { useEffect } from "react";
import { App } from "./App";
import { ErrorCard } from "./components/ErrorCard";
import { Skeleton } from "./components/Skeleton";
import { resumeSession, sessionError, user } from "./lib/session";
import { useStore } from "./lib/store";
import { SignInPage } from "./pages/SignInPage";

const retryMilliseconds = 5_000;

/** The application for a reader with a session, the sign-in for anyone else. */
export function Root() {
  const reader = useStore(user);
  const error = useStore(sessionError);
  useEffect(() => void resumeSession(), []);
  useEffect(() => {
    if (!error) return undefined;
    const timer = setTimeout(() => void resumeSession(), retryMilliseconds);
    return () => clearTimeout(timer);
  }, [error]);
  if (reader) return <App key={reader.name} user={reader} />;
  if (reader === null) return <SignInPage />;
  return (
    <main className="page">
      <h1 className="sr">etcd-monitor</h1>
      {error ? <ErrorCard title="Cannot reach the aggregator" error={error} retry={() => void resumeSession()} /> : <Skeleton cards={3} />}
    </main>
  );
}
