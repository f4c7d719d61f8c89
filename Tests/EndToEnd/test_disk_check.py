"""`disk check` alone on a host: good disks, slow ones, and those that are none."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile

import lossy_disk
import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")

#: A user who owns nothing here.
NOBODY = 65534


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="etcd-monitor-disk-", dir="/tmp") as name:
        path = pathlib.Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture
def slow_disk(folder):
    try:
        disk = lossy_disk.LossyDisk(lossy_disk.build(folder), folder / "slow", 0)
    except lossy_disk.Unusable as reason:
        pytest.skip(str(reason))
    yield disk
    disk.unmount()


@pytest.fixture
def tmpfs(folder):
    """Mounts a tmpfs with options, and unmounts it."""
    mounted = []

    def mount(options: str) -> pathlib.Path:
        place = folder / f"tmpfs{len(mounted)}"
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True)
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", "-l", place], check=False)


def check(stage, *words, wrapper=(), uid=None):
    return subprocess.run(
        [*wrapper, stage / "etcd-monitor-agent", "disk", "check", *map(str, words)], capture_output=True, text=True,
        timeout=300, user=uid, group=uid)


def test_memory_is_fast_and_is_told_to_be_no_disk(stage, tmpfs):
    done = check(stage, "--runs", 1, "--json", tmpfs("size=200m"))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["grade"] == "fast"
    assert result["facts"]["filesystem"] == "tmpfs"
    assert "not-a-disk" in {advice["code"] for advice in result["advice"]}
    latencies = result["latencies"]
    assert 0 < latencies["p50"] <= latencies["p90"] <= latencies["p99"] <= latencies["p999"]


def test_a_slow_disk_is_not_ready(stage, slow_disk):
    slow_disk.take_for_each_sync(60)
    done = check(stage, "--profile", "database", "--runs", 1, slow_disk.mountpoint)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "NOT READY" in done.stdout
    assert "limit: p99 below 25.0 ms" in done.stdout
    assert list(slow_disk.mountpoint.iterdir()) == []


def test_a_check_can_be_cancelled_and_leaves_nothing(stage, slow_disk):
    slow_disk.take_for_each_sync(20)
    running = subprocess.Popen([stage / "etcd-monitor-agent", "disk", "check", slow_disk.mountpoint],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stderr.readline() == "run 1 of 3\n"
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=20)
    assert running.returncode == 130
    assert output == ""
    assert list(slow_disk.mountpoint.iterdir()) == []


def test_each_disk_that_cannot_be_checked_has_its_own_message(stage, tmpfs, folder):
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    hidden = ["unshare", "-m", "sh", "-c", 'mount --bind /dev/null /usr/bin/fio && exec "$@"', "sh"]
    for words, options, expected in [
        ((folder / "missing",), {}, ["does not exist", "mkdir -p"]),
        ((stage / "etcd",), {}, ["is not a directory"]),
        ((tmpfs("ro"),), {}, ["read-only filesystem", "remount"]),
        ((tmpfs("size=30m"),), {}, ["needs 86 MiB", "30 MiB are free"]),
        ((closed,), {"uid": NOBODY}, ["permission denied", "as root"]),
        ((folder,), {"wrapper": hidden}, ["fio is not installed", "apt-get install fio"]),
    ]:
        done = check(stage, *words, **options)
        assert done.returncode == 1, (words, done.stdout, done.stderr)
        for text in expected:
            assert text in done.stderr, (words, done.stderr)
        assert done.stdout == ""


def test_wrong_arguments_are_told(stage, folder):
    for words in [("--profile", "fast", folder), ("--runs", "0", folder), (), (folder, "more")]:
        done = check(stage, *words)
        assert done.returncode == 2, words
