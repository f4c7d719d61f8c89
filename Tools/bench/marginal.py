"""What one more sample costs, from the scrape to the committed row: slopes, so that what is fixed cancels out.

Aggregator and PostgreSQL: the slope of their CPU time over samples a second, between two fleets of simulated agents that
replay real scrapes with keys, signatures and connections of their own. Rules and judgement run as they always do.

Agent: the slope of its CPU time over the samples of a scrape, between two real agents at one interval, one of whose
members shows every series several times. What a tick costs besides (six requests, the host's files, a signature, the
spool) is the same for both and printed beside it.
"""

import itertools
import pathlib
import re
import time

from Tools.lab.installation import Agent, Aggregator

from . import fleet, marginal_peers
from .page_server import PageServer
from .process_cost import run_seconds

INTERVAL, SETTLE_SECONDS, MEASURE_SECONDS = 5, 20, 30
COUNTS = (100, 1000)
COPIES = (1, 12)


def run(folder: pathlib.Path, binaries: pathlib.Path):
    with fleet.loaded_cluster(folder) as etcd:
        scrapes = fleet.record(folder / "scrapes", etcd.members[0])
        agent, tick = _agent_share(folder, binaries, etcd.members[0], scrapes)
    yield f"agent: {agent * 1e6:.3f} µs a sample, and {tick * 1e3:.2f} ms a tick besides (etcd, host, status, signature, spool)"
    points = [fleet.measure(folder / f"fleet-{count}", binaries, count, scrapes, INTERVAL, SETTLE_SECONDS, MEASURE_SECONDS)
              for count in COUNTS]
    for count, point in zip(COUNTS, points):
        yield fleet.sentence(count, point)
        if abs(point["pace"] - 1) > 0.05:
            yield f"  {point['pace'] * 100:.0f} % of what {count} nodes measure meanwhile: too busy a machine, and no steady state to compare"
    rates = [point["samples"] / point["seconds"] for point in points]
    slope = {}
    for part in ("own", "database"):
        shares = [point[part] / point["seconds"] for point in points]
        slope[part] = (shares[1] - shares[0]) / (rates[1] - rates[0])
    total = slope["own"] + slope["database"]
    fixed = (points[0]["own"] + points[0]["database"]) / points[0]["seconds"] - total * rates[0]
    yield (f"aggregator + PostgreSQL: {slope['own'] * 1e6:.3f} + {slope['database'] * 1e6:.3f} µs a sample, and "
           f"{fixed * 100:.1f} % of a core whatever the fleet")
    ours = total + agent
    yield f"together, scrape to committed row: {ours * 1e6:.3f} µs a sample (goal 0.5)"
    pages = [path.read_text() for path in sorted(scrapes.iterdir())]
    for name, cost in marginal_peers.run(folder / "peers", pages, _series(pages[0]), COUNTS, INTERVAL, SETTLE_SECONDS,
                                         MEASURE_SECONDS):
        if cost is None:
            yield f"{name}: not installed, or it does not keep pace with {COUNTS[1]} targets here"
        else:
            yield f"{name}: {cost * 1e6:.3f} µs a sample, without rules (ratio {ours / cost:.2f})"


# The agent

def _agent_share(folder: pathlib.Path, binaries: pathlib.Path, member, scrapes: pathlib.Path) -> tuple[float, float]:
    """(CPU seconds a sample, CPU seconds a tick besides)."""
    aggregator = Aggregator(folder / "aggregator-agent", binaries)
    pages = [path.read_text() for path in sorted(scrapes.iterdir())]
    servers, agents = [], []
    try:
        aggregator.start()
        for copies in COPIES:
            servers.append(PageServer([_multiplied(page, copies) for page in pages]))
            agents.append(Agent(folder / f"agent-{copies}", binaries, aggregator, "bench", f"node-{copies}", member,
                                client_url=member.client_url, metrics_url=servers[-1].url, interval="1s"))
            agents[-1].enrol()
            agents[-1].start()
        time.sleep(10)
        before = [(run_seconds(agent.process.pid), server.served) for agent, server in zip(agents, servers)]
        time.sleep(MEASURE_SECONDS)
        ticks = []
        for agent, server, (cpu, served) in zip(agents, servers, before):
            ticks.append((run_seconds(agent.process.pid) - cpu) / (server.served - served))
    finally:
        for thing in agents + servers + [aggregator]:
            thing.stop()
    few, many = (copies * _series(pages[0]) for copies in COPIES)
    slope = (ticks[1] - ticks[0]) / (many - few)
    return slope, ticks[0] - slope * few


def _series(page: str) -> int:
    return sum(1 for line in page.splitlines() if line and not line.startswith("#"))


def _multiplied(page: str, copies: int) -> bytes:
    """The page, and again with other names."""
    more = (re.sub(r"^(# [A-Z]+ )?(?=[a-z])", lambda found: f"{found[1] or ''}copy{number}_", page, flags=re.MULTILINE)
            for number in range(1, copies))
    return "".join(itertools.chain([page], more)).encode()
