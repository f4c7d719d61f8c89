"""Disks whose power can be cut, and that can be slow: mounts of lossyfs, see lossyfs/lossyfs.c for what they forget and what they keep."""

import os
import pathlib
import signal
import subprocess
import time

SOURCE = pathlib.Path(__file__).resolve().parent / "lossyfs/lossyfs.c"


class Unusable(Exception):
    """Why this machine has no such disks."""


def build(folder: pathlib.Path) -> pathlib.Path:
    """The program, compiled into `folder`."""
    if os.geteuid() != 0:
        raise Unusable("mounting needs root")
    if not os.path.exists("/dev/fuse"):
        raise Unusable("there is no /dev/fuse")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "fuse3"], capture_output=True, text=True)
    if flags.returncode != 0:
        raise Unusable("libfuse3-dev is not installed")
    program = folder / "lossyfs"
    subprocess.run(["cc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", SOURCE, "-o", program, *flags.stdout.split(), "-pthread"],
                   check=True)
    return program


class LossyDisk:
    """What is below `mountpoint`, belonging to `uid`."""

    def __init__(self, program: pathlib.Path, mountpoint: pathlib.Path, uid: int):
        self.mountpoint = mountpoint
        backing = mountpoint.with_name(mountpoint.name + ".backing")
        self._delay = mountpoint.with_name(mountpoint.name + ".backing.delay")
        mountpoint.mkdir(parents=True)
        backing.mkdir(mode=0o700)
        os.chown(backing, uid, uid)
        self._server = subprocess.Popen([program, backing, mountpoint], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self._server.stdout.readline() != "mounted\n":
            raise Unusable(f"FUSE cannot be mounted: {self._server.stderr.read().strip()}")

    def processes(self) -> list[int]:
        """Who works in a directory of this disk or has a file of it open."""
        below = str(self.mountpoint) + "/"
        return [int(process.name) for process in pathlib.Path("/proc").iterdir()
                if process.name.isdigit() and any(target.startswith(below) for target in _targets(process))]

    def kill_everyone(self):
        """kill -9 of all processes on this disk, until there are none. They are stopped first: with the power nobody
        sees another go, and PostgreSQL would write what it has when it sees its aggregator go."""
        for number in (signal.SIGSTOP, signal.SIGKILL):
            self._signal(self.processes(), number)
        while found := self.processes():
            self._signal(found, signal.SIGKILL)
            time.sleep(0.01)

    @staticmethod
    def _signal(processes: list[int], number: int):
        for process in processes:
            try:
                os.kill(process, number)
            except ProcessLookupError:
                pass

    def cut_power(self) -> tuple[int, int, int]:
        """Takes back what was not synced: (files, pages, names). Nobody may have a file open."""
        self._server.send_signal(signal.SIGUSR1)
        word, *counts = self._server.stdout.readline().split()
        assert word == "cut", self._server.stderr.read()
        files, pages, names = map(int, counts)
        return files, pages, names

    def take_for_each_sync(self, milliseconds: int):
        """From now on every fsync and fdatasync takes so long."""
        fresh = self._delay.with_suffix(".new")
        fresh.write_text(f"{milliseconds}\n")
        fresh.rename(self._delay)

    def unmount(self):
        subprocess.run(["umount", "-l", self.mountpoint], check=False)
        self._server.terminate()
        self._server.wait(10)


def _targets(process: pathlib.Path) -> list[str]:
    try:
        return [os.readlink(link) for link in (process / "cwd", *(process / "fd").iterdir())]
    except OSError:
        return []  # it ended, or is a zombie
