"""What a process costs, as the kernel counts it."""

import os
import pathlib
import time

TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def run_seconds(pid: int) -> float:
    """The same by the process's own clock, to the nanosecond: `cpu_seconds` counts ticks of 10 ms."""
    return time.clock_gettime(~pid << 3 | 2)  # clock_getcpuclockid(3), as the kernel encodes it: CPUCLOCK_SCHED


def tree_cpu_seconds(pid: int) -> float:
    """Of the process and its living descendants, and of the children it has waited for."""
    return sum(seconds for _, seconds in _tree(pid).values())


def _tree(pid: int) -> dict[int, tuple[int, float]]:
    """The process and its living descendants: each one's parent and CPU seconds, with those of children it waited for."""
    processes = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            processes[int(entry.name)] = (int(fields[1]), sum(map(int, fields[11:15])) / TICK)
    wanted = {pid}
    grew = True
    while grew:
        more = {child for child, (parent, _) in processes.items() if parent in wanted} - wanted
        wanted |= more
        grew = bool(more)
    return {each: processes[each] for each in wanted if each in processes}


def memory(pid: int) -> dict[str, int]:
    """RssAnon, RssFile, VmRSS, VmHWM in bytes."""
    return {key: int(rest.split()[0]) * 1024
            for key, rest in (line.split(":", 1) for line in
                              pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
            if key in ("RssAnon", "RssFile", "VmRSS", "VmHWM")}


def tree_memory(pid: int) -> int:
    """Anonymous memory of the process and its descendants in bytes, and what PostgreSQL's processes share, once."""
    total, shared = 0, 0
    for each in _tree(pid):
        try:
            lines = pathlib.Path(f"/proc/{each}/status").read_text().splitlines()
        except OSError:
            continue
        sizes = {key: int(rest.split()[0]) * 1024 for key, rest in (line.split(":", 1) for line in lines)
                 if key in ("RssAnon", "RssShmem")}
        total += sizes.get("RssAnon", 0)
        shared = max(shared, sizes.get("RssShmem", 0))
    return total + shared
