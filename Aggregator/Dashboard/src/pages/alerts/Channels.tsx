import { useState } from "react";
import { loadChannels, testChannel, type Channel, type Heartbeat, type TestResult } from "../../api/channels";
import { CallError } from "../../api/client";
import { ErrorCard } from "../../components/ErrorCard";
import { Link } from "../../components/Link";
import { Skeleton } from "../../components/Skeleton";
import { Mark } from "../../components/StatusMark";
import { serverNow } from "../../lib/clock";
import { withParams } from "../../lib/router";
import { clock } from "../../lib/time";
import { duration } from "../../lib/units";
import { useResource } from "../../lib/useResource";

const health = { ok: ["healthy", "Delivers"], failing: ["critical", "Fails"], unused: ["unknown", "Not used yet"] } as const;

/** "Delivered in 0.9 s, answer 200." */
export function testSentence(result: TestResult): string {
  const code = result.code == null ? "" : `, answer ${result.code}`;
  if (result.delivered) return `Delivered in ${duration(result.latencySeconds)}${code}.`;
  const fallback = result.fallback ? ` ${result.fallback} ${result.fallbackDelivered ? "took its place" : "could not take its place either"}.` : "";
  return `Not delivered${code}: ${result.error ?? "no reason was given"}.${fallback}`;
}

function TestButton({ name }: { name: string }) {
  const [said, setSaid] = useState<{ text: string; isWrong: boolean } | null>(null);
  const [isBusy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    setSaid(null);
    try {
      const result = await testChannel(name);
      setSaid({ text: testSentence(result), isWrong: !result.delivered });
    } catch (error) {
      setSaid({ text: error instanceof CallError ? error.message : String(error), isWrong: true });
    }
    setBusy(false);
  };
  return (
    <>
      <button className="btn" disabled={isBusy} aria-label={`Send a test on ${name}`} onClick={() => void send()}>{isBusy ? "Sending…" : "Send test"}</button>
      <p className={said?.isWrong ? "small degraded" : "small t2"} role="status">{said?.text}</p>
    </>
  );
}

function ChannelCard({ channel, mayAct }: { channel: Channel; mayAct: boolean }) {
  const [mark, word] = health[channel.health ?? "unused"];
  const now = serverNow();
  return (
    <section className="card" data-channel={channel.name} aria-label={channel.name}>
      <header className="ruled"><Mark status={mark} /><h2 className="cut">{channel.name}</h2><span className="t3">{channel.kind}</span><span className="grow" /><span className="small">{word}</span></header>
      <div className="body stack">
        <dl className="kv left">
          {channel.target && <><dt>To</dt><dd>{channel.target}</dd></>}
          <dt>Last delivered</dt><dd>{channel.lastDelivered ? clock(channel.lastDelivered.at, now) : "never"}</dd>
          {channel.lastFailed && <><dt>Last failure</dt><dd>{clock(channel.lastFailed.at, now)}: {channel.lastFailed.code ?? ""} {channel.lastFailed.error ?? ""}</dd></>}
          {(channel.waiting ?? 0) > 0 && <><dt>Waiting</dt><dd>{channel.waiting}</dd></>}
          <dt>If it fails</dt><dd>{channel.fallback ?? "is tried again; nothing takes its place"}</dd>
          {channel.managed && <><dt>Set in</dt><dd>{channel.managed === "api" ? "the API" : "the configuration file"}</dd></>}
        </dl>
        <div className="row wrap">{mayAct && <TestButton name={channel.name} />}
          <Link className="btn quiet" href={withParams({ view: "deliveries", channel: channel.name })}>Deliveries</Link></div>
      </div>
    </section>
  );
}

function Beat({ heartbeat }: { heartbeat: Heartbeat | null | undefined }) {
  if (heartbeat === undefined) return null; // an aggregator that does not tell: nothing can be said about it
  if (heartbeat === null) return <p className="t3 small">No dead man's switch is configured: nobody is told when the aggregator itself stops.</p>;
  if (heartbeat.trouble) return <p className="row degraded" role="alert"><Mark status="degraded" size="s" />The dead man's switch is not fed: {heartbeat.trouble}</p>;
  return <p className="row t2 small"><Mark status="healthy" size="s" />The dead man's switch was fed {heartbeat.lastBeat == null ? "never yet" : `at ${clock(heartbeat.lastBeat, serverNow(), true)}`}.</p>;
}

/** Where alerts are told, how that goes, and a test for each. */
export function Channels({ mayAct }: { mayAct: boolean }) {
  const { data, error, at, reload } = useResource("channels", 0, loadChannels);
  if (data === null) return error ? <ErrorCard title="Cannot load the channels" error={error} retry={reload} /> : <Skeleton tall />;
  return (
    <>
      {error && <ErrorCard title="Cannot refresh the channels" error={error} retry={reload} dataAt={at} />}
      {data.channels.length === 0
        ? <section className="card empty"><h2>Nobody is told</h2><p>No channel is configured: alerts are only seen here. Add one under notifications in the aggregator's configuration.</p></section>
        : <div className="g2">{data.channels.map((channel) => <ChannelCard key={channel.name} channel={channel} mayAct={mayAct} />)}</div>}
      <Beat heartbeat={data.heartbeat} />
    </>
  );
}
