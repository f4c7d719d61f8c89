"""A machine with systemd as its first process, made by hand: this system's files under an overlay, in namespaces of its own.

Needs root, the systemd package and cgroups that can be divided; nothing it writes reaches this system.
"""

import os
import pathlib
import shutil
import signal
import subprocess

from .processes import LabError, await_true

# Units that want hardware, a seat or this system's kernel settings.
_MASKED = ["systemd-udevd", "systemd-udev-trigger", "systemd-timesyncd", "systemd-resolved", "systemd-logind", "systemd-sysctl",
           "systemd-modules-load", "systemd-remount-fs", "systemd-update-utmp", "console-getty", "getty@tty1", "e2scrub_reap"]

_BOOT = r"""
set -e
root=$1
mount -t proc proc $root/proc
mount -t sysfs -o ro sysfs $root/sys
for folder in run tmp dev; do mount -t tmpfs tmpfs $root/$folder; done
chmod 1777 $root/tmp
for device in null zero full random urandom tty; do
    touch $root/dev/$device
    mount --bind /dev/$device $root/dev/$device
done
mkdir $root/dev/pts $root/dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts $root/dev/pts
mount -t tmpfs -o mode=1777 tmpfs $root/dev/shm
ln -s pts/ptmx $root/dev/ptmx
ln -s /proc/self/fd $root/dev/fd
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mount -t cgroup2 cgroup2 $root/sys/fs/cgroup
else
    mount -t tmpfs tmpfs $root/sys/fs/cgroup
    mkdir $root/sys/fs/cgroup/systemd
    mount -t cgroup -o none,name=systemd cgroup $root/sys/fs/cgroup/systemd
fi
cd $root
mkdir -p former
pivot_root . former
umount -l /former
exec env -i container=lab PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=multi-user.target --log-target=console
"""


class SystemdContainer:
    """Use `start`, then `run` commands in it. Its files are seen from outside below `root`."""

    name = "lab"

    def __init__(self, folder: pathlib.Path):
        self.folder, self.root = folder, folder / "root"
        self._cgroups: list[pathlib.Path] = []
        self._outer: subprocess.Popen | None = None
        self._pid: int | None = None

    def start(self, deadline: float = 60):
        if os.geteuid() != 0:
            raise LabError("a machine with systemd of its own needs root")
        if not pathlib.Path("/lib/systemd/systemd").exists():
            raise LabError("systemd is not installed")
        self._lay_files()
        log = open(self.folder / "console.log", "wb")
        try:
            self._cgroups = _make_cgroups(f"etcd-monitor-lab-{os.getpid()}")
            self._outer = subprocess.Popen(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "--net", "--cgroup",
                 "--propagation", "private", "bash", "-c", _BOOT, "boot", self.root],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=self._enter_cgroups, start_new_session=True)
        except OSError as error:
            raise LabError(f"this system's cgroups cannot be divided: {error}") from error
        finally:
            log.close()
        try:
            await_true("systemd has started its units", self._is_running, deadline, pause=0.2)
        except LabError as error:
            raise LabError(f"{error}\n{(self.folder / 'console.log').read_text(errors='replace')[-2000:]}") from error

    def _lay_files(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        _do("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", self.folder)
        for part in ("upper", "work", "root"):
            (self.folder / part).mkdir()
        _do("mount", "-t", "overlay", "-o", f"lowerdir=/,upperdir={self.folder}/upper,workdir={self.folder}/work",
            "overlay", self.root)
        units = self.root / "etc/systemd/system"
        for wanted in units.glob("*.wants"):
            shutil.rmtree(wanted)
        for unit in _MASKED:
            link = units / f"{unit}.service"
            link.unlink(missing_ok=True)
            link.symlink_to("/dev/null")
        for file, content in {"etc/fstab": "", "etc/machine-id": "", "etc/hostname": f"{self.name}\n",
                              "etc/hosts": f"127.0.0.1 localhost {self.name}\n"}.items():
            (self.root / file).write_text(content)
        # What keeps packages from starting services here must not do so there.
        (self.root / "usr/sbin/policy-rc.d").unlink(missing_ok=True)

    def _enter_cgroups(self):
        for group in self._cgroups:
            (group / "cgroup.procs").write_text("0")

    def _is_running(self) -> bool:
        if self._outer.poll() is not None:
            raise LabError("systemd ended while it started")
        children = pathlib.Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children").read_text().split()
        if not children or pathlib.Path(f"/proc/{children[0]}/comm").read_text() != "systemd\n":
            return False
        self._pid = int(children[0])
        return self.run("systemctl", "is-system-running", check=False).strip() in ("running", "degraded")

    def run(self, *command, given: str | None = None, check: bool = True, deadline: float = 120) -> str:
        """What a command run there as root prints."""
        done = subprocess.run(
            ["nsenter", "--target", str(self._pid), "--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup",
             "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "DEBIAN_FRONTEND=noninteractive", *map(str, command)],
            input=given, stdin=subprocess.DEVNULL if given is None else None, capture_output=True, text=True, timeout=deadline)
        if check and done.returncode != 0:
            raise LabError(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stdout[-1500:]}{done.stderr[-1500:]}")
        return done.stdout

    def stop(self):
        if self._outer and self._outer.poll() is None:
            if self._pid:
                os.kill(self._pid, signal.SIGKILL)  # the first process of its namespace: all others go with it
            self._outer.kill()
            self._outer.wait(30)
        for group in self._cgroups:
            for inner in sorted((path for path in group.rglob("*") if path.is_dir()), key=lambda path: -len(path.parts)):
                _remove(inner)
            _remove(group)
        for mounted in (self.root, self.folder):
            if mounted.is_mount():
                _do("umount", "--lazy", mounted)


def _make_cgroups(name: str) -> list[pathlib.Path]:
    """A group of its own in each hierarchy, so that what systemd makes there can be taken away whole."""
    own = {}  # mount options' name ("cpu", "name=systemd", "" for version 2) → our group
    for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        own[controllers] = path
    groups = []
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        left, right = line.split(" - ")
        kind, _, options = right.split()[:3]
        if kind not in ("cgroup", "cgroup2"):
            continue
        mounted = pathlib.Path(left.split()[4])
        controllers = next((known for known in own if kind == "cgroup" and known and known in options), "")
        group = mounted / own[controllers].lstrip("/") / name
        group.mkdir()
        groups.append(group)
        for setting in ("cpuset.cpus", "cpuset.mems"):  # empty in a new group of version 1, and nobody may enter
            if kind == "cgroup" and (group / setting).exists():
                (group / setting).write_text((group.parent / setting).read_text())
    if not groups:
        raise OSError("no cgroups are mounted")
    return groups


def _remove(group: pathlib.Path):
    await_true(f"{group} is empty", lambda: not (group / "cgroup.procs").read_text(), 20)
    group.rmdir()


def _do(*words):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
    if done.returncode != 0:
        raise LabError(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
