"""A light, bounded load on a cluster, so that charts live."""

import random
import threading

from .etcd import EtcdCluster


class Load:
    """Some `per_second` puts and gets on a few hundred keys, spread over the members that run."""

    def __init__(self, cluster: EtcdCluster, per_second: float = 20, keys: int = 200):
        self._cluster, self._pause, self._keys = cluster, 1 / per_second, keys
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _run(self):
        chance = random.Random(1)
        while not self._stop.wait(self._pause * chance.uniform(0.5, 1.5)):
            running = [member for member in self._cluster.members if member.process and member.process.running]
            if not running:
                continue
            member, key = chance.choice(running), f"demo/{chance.randrange(self._keys):04d}"
            try:
                if chance.random() < 0.5:
                    member.put(key, "x" * chance.randrange(16, 512))
                else:
                    member.get(key)
            except (OSError, ValueError):
                continue  # a member that is down or has no leader is what the demo wants to show
