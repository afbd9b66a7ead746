"""Networks of machines made of network namespaces, whose links can be cut without a signal to either side."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any


def ip(*words: str) -> None:
    """Root's command for networks."""
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


class Network:
    """Machines on one switch; of each the address is in :attr:`addresses`.

    Parameters
    ----------
    names : sequence of str
        Names of the machines.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.prefix, self.processes = f"pld{os.getpid()}", list[subprocess.Popen[str]]()
        self.addresses = {name: f"10.199.0.{k}" for k, name in enumerate(names, 1)}

    def make(self) -> None:
        """Make the machines and their links, which :meth:`close` takes away however far it came."""
        self._add("hub")
        ip("-n", self.space("hub"), "link", "add", "bridge", "type", "bridge")
        ip("-n", self.space("hub"), "link", "set", "bridge", "up")
        for name, address in self.addresses.items():
            self._add(name)
            ends = f"{name} type veth peer net netns {self.space(name)}"
            ip("-n", self.space("hub"), "link", "add", *ends.split())
            ip("-n", self.space("hub"), "link", "set", name, "master", "bridge", "up")
            ip("-n", self.space(name), "address", "add", f"{address}/24", "dev", "net")
            ip("-n", self.space(name), "link", "set", "net", "up")

    def space(self, name: str) -> str:
        """The namespace of a machine."""
        return f"{self.prefix}{name}"

    def _add(self, name: str) -> None:
        ip("netns", "add", self.space(name))
        ip("-n", self.space(name), "link", "set", "lo", "up")

    def start(
        self, name: str, *words: str, environment: Mapping[str, str], **options: Any
    ) -> subprocess.Popen[str]:
        """Run Python on a machine."""
        command = ["ip", "netns", "exec", self.space(name), sys.executable, *words]
        process = subprocess.Popen(command, env=dict(environment), text=True, **options)
        self.processes.append(process)
        return process

    def cut(self, *names: str) -> None:
        """Drop in silence all that goes between these machines; between one and all others if it is one."""
        for name in names:
            how = ["nomaster"] if len(names) == 1 else ["type", "bridge_slave", "isolated", "on"]
            ip("-n", self.space("hub"), "link", "set", name, *how)

    def restore(self) -> None:
        """Let all links work again."""
        for name in self.addresses:
            ip("-n", self.space("hub"), "link", "set", name, "master", "bridge")
            ip("-n", self.space("hub"), "link", "set", name, "type", "bridge_slave", "isolated", "off")

    def close(self) -> None:
        """End all that was started, and take the network away."""
        for process in reversed(self.processes):
            process.kill()
            process.wait()
        for name in ["hub", *self.addresses]:
            subprocess.run(["ip", "netns", "delete", self.space(name)], capture_output=True)


@contextmanager
def network(*names: str) -> Iterator[Network]:
    """A network, for a while.

    Raises
    ------
    subprocess.CalledProcessError, OSError
        If this process may not make networks.
    """
    made = Network(names)
    try:
        made.make()
        yield made
    finally:
        made.close()
