"""What an agent costs its host and the network, everything on, beside node_exporter scraped as often."""

import gzip
import pathlib
import shutil
import time
import urllib.request

from Tools.lab.counting_proxy import CountingProxy
from Tools.lab.installation import ROOT, Agent, Aggregator
from Tools.lab.etcd import EtcdCluster
from Tools.lab.load import Load
from Tools.lab.processes import Process, await_true, free_port

from .process_cost import cpu_seconds, memory

SETTLE_SECONDS, MEASURE_SECONDS, INTERVAL = 20, 60, 5


def run(folder: pathlib.Path, binaries: pathlib.Path):
    etcd = EtcdCluster(folder / "etcd", ROOT / ".build-tools/etcd-3.5.1/etcd", ["etcd-1", "etcd-2", "etcd-3"])
    aggregator = Aggregator(folder / "aggregator", binaries)
    proxy = CountingProxy(aggregator.port)
    load = Load(etcd, per_second=100)
    exporter_port = free_port()
    exporter = Process("node_exporter", [shutil.which("prometheus-node-exporter"),
                                         f"--web.listen-address=127.0.0.1:{exporter_port}"], folder / "exporter.log")
    agent = None
    try:
        etcd.start()
        load.start()
        aggregator.start()
        proxy.start()
        exporter.start()
        member = etcd.members[0]
        agent = Agent(folder / "agent", binaries, aggregator, "bench", "etcd-1", member, client_url=member.client_url,
                      server_url=f"https://127.0.0.1:{proxy.port}")
        agent.enrol()
        agent.start()
        scrape = lambda: urllib.request.urlopen(f"http://127.0.0.1:{exporter_port}/metrics").read()
        await_true("node_exporter answers", scrape)
        _scrape_for(SETTLE_SECONDS, scrape)

        before = _reading(proxy, agent, exporter)
        _scrape_for(MEASURE_SECONDS, scrape)
        after = _reading(proxy, agent, exporter)
        yield from _report(before, after, agent, exporter, member)

        agent.stop()
        agent = Agent(folder / "agent-etcd", binaries, aggregator, "bench", "etcd-only", member,
                      client_url=member.client_url, server_url=f"https://127.0.0.1:{proxy.port}", more_yaml="host: false\n")
        agent.enrol()
        agent.start()
        time.sleep(SETTLE_SECONDS)
        began, counted = time.monotonic(), proxy.counted()
        time.sleep(MEASURE_SECONDS)
        scrapes = (time.monotonic() - began) / INTERVAL
        sent, received = (now - then for now, then in zip(proxy.counted(), counted))
        yield (f"wire, per etcd scrape (host: false), the agent's own series, HTTP and TLS in: {sent / scrapes:.0f} B out, "
               f"{received / scrapes:.0f} B back, {(sent + received) / scrapes:.0f} B together (goal 800)")
    finally:
        load.stop()
        for thing in (agent, exporter, proxy, aggregator, etcd):
            if thing is not None:
                thing.stop()


def _scrape_for(seconds: float, scrape):
    """Scrapes node_exporter on the agent's interval meanwhile, so that both do their work."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        scrape()
        time.sleep(min(INTERVAL, left))


def _reading(proxy, agent, exporter):
    return time.monotonic(), proxy.counted(), cpu_seconds(agent.process.pid), cpu_seconds(exporter.pid)


def _report(before, after, agent, exporter, member):
    seconds = after[0] - before[0]
    scrapes = seconds / INTERVAL
    sent, received = (now - then for now, then in zip(after[1], before[1]))
    text = member.metrics().encode()
    peer = len(gzip.compress(text, 5))
    wire = (sent + received) / scrapes
    yield (f"wire, per tick of etcd + host + agent, HTTP and TLS in: {sent / scrapes:.0f} B out, "
           f"{received / scrapes:.0f} B back, {wire:.0f} B together")
    yield f"a Prometheus scrape of the same member alone, gzipped: {peer} B + headers; ratio {wire / peer:.3f}"
    ours, theirs = memory(agent.process.pid), memory(exporter.pid)
    mb = lambda size: f"{size / 1e6:.1f} MB"
    yield (f"memory, resident (anonymous): agent {mb(ours['VmRSS'])} ({mb(ours['RssAnon'])}), node_exporter "
           f"{mb(theirs['VmRSS'])} ({mb(theirs['RssAnon'])}); ratio {ours['VmRSS'] / theirs['VmRSS']:.2f}")
    cpu, peer_cpu = ((after[index] - before[index]) / seconds * 100 for index in (2, 3))
    yield (f"CPU at {INTERVAL} s: agent {cpu:.2f} % of a core (etcd, host and status each second), node_exporter "
           f"{peer_cpu:.2f} % (host only)")
