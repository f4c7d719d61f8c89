"""The aggregator restored from a backup: what came after it, agents send again; nothing is there twice."""

import os
import pathlib
import shutil
import subprocess
import time

import spool_files
from Tools.lab.processes import LabError, await_true


def acknowledged(world) -> dict[str, set[tuple[int, int]]]:
    """What each agent's spool holds as acknowledged."""
    return {agent.node: {(batch.epoch, batch.sequence) for batch in spool_files.batches(agent.state / "spool") if batch.is_acknowledged}
            for agent in world.installation.agents}


def sql(world, statement: str) -> list[list[str]]:
    socket = world.aggregator.state / "postgres/socket"
    done = subprocess.run(["psql", "-h", socket, "-U", "etcd_monitor", "-d", "etcd_monitor", "-AtqF", " ", "-c", statement],
                          capture_output=True, text=True, check=True, cwd="/")
    return [line.split(" ") for line in done.stdout.splitlines()]


def stored(world) -> dict[str, set[tuple[int, int]]]:
    """What the ledger says was stored, by node."""
    found = {agent.node: set() for agent in world.installation.agents}
    for node, epoch, first, end in sql(
            world, "select n.name, l.epoch, lower(r), upper(r) from ledger l join agent a on a.id = l.agent_id"
                   " join node n on n.id = a.node_id, unnest(l.ranges) r"):
        found[node] |= {(int(epoch), sequence) for sequence in range(int(first), int(end))}
    return found


def test_what_came_after_the_backup_is_sent_again(world):
    aggregator = world.aggregator
    backup = pathlib.Path(aggregator.folder) / "backups" / "one"
    backup.parent.mkdir(mode=0o700)
    if aggregator.uid is not None:
        os.chown(backup.parent, aggregator.uid, aggregator.uid)
    aggregator.command("backup", str(backup))
    assert {path.name for path in backup.iterdir()} == {"database.dump", "state.tar"}
    assert backup.stat().st_mode & 0o077 == 0 and (backup / "database.dump").stat().st_mode & 0o077 == 0
    before = acknowledged(world)
    authority = aggregator.ca_fingerprint

    # "An hour" later an agent has begun another epoch, and blocks were made.
    await_true("much was stored since", lambda: all(
        len(after - before[node]) >= 6 for node, after in acknowledged(world).items()), 120, pause=0.5)
    world.installation.agents[0].stop()
    world.installation.agents[0].start()
    marked = acknowledged(world)
    await_true("the new epoch was stored", lambda: len(
        acknowledged(world)["etcd-1"] - marked["etcd-1"]) >= 2, 60, pause=0.5)
    lost = {node: after - before[node] for node, after in acknowledged(world).items()}
    measured = time.time()
    times = {series["metric"]["instance"]: {at for at, _ in series["values"]}
             for series in aggregator.query('up{job="etcd"}[3m]', at=measured)}

    aggregator.stop()
    shutil.move(aggregator.state / "postgres", aggregator.state / "postgres.lost")
    shutil.rmtree(aggregator.state / "tls")
    aggregator.command("restore", str(backup))
    assert aggregator.ca_fingerprint == authority
    aggregator.start()

    def missing():
        found = stored(world)
        return {node: sorted(batches - found[node]) for node, batches in lost.items() if batches - found[node]}
    try:
        await_true("what was lost is there again", lambda: not missing(), 150, pause=1)
    except LabError as error:
        raise AssertionError(f"not sent again: {missing()}") from error
    for series in await_true("the members' series", lambda: aggregator.query('up{job="etcd"}[3m]', at=measured)):
        missing = times[series["metric"]["instance"]] - {at for at, _ in series["values"]}
        assert not missing, f"{series['metric']['instance']} lacks {sorted(missing)}"
    assert any("lacks batches" in agent.process.log.read_text() for agent in world.installation.agents)
    assert "may have been restored" in aggregator.process.log.read_text()
    assert aggregator.command("storage", "check").endswith("0 damaged")


def test_restoring_over_a_database_is_refused(world):
    world.aggregator.stop()
    try:
        world.aggregator.command("restore", str(world.aggregator.folder / "backups/one"))
    except Exception as error:  # the lab's error holds what was printed
        assert "move it away first" in str(error)
    else:
        raise AssertionError("a database was overwritten")
    finally:
        world.aggregator.start()
