"""Start a Dask process on another machine with a TLS key that comes through its standard input.

``python -m pylops_distributed.clusters.secured -m MODULE ARGUMENTS`` runs a module as Python's own ``-m`` does. On a
command line or in a file, other users or the next job of that machine could find the key.
"""

from __future__ import annotations

import json
import runpy
import sys
from typing import TYPE_CHECKING, Any

import dask

if TYPE_CHECKING:
    from distributed.security import Security

ROLES = ("client", "scheduler", "worker")


def settings(security: Security) -> dict[str, object]:
    """Dask's settings for the same certificates: plain values, with keys in them."""
    options: dict[str, Any] = {
        "distributed.comm.require-encryption": True,
        "distributed.comm.tls.ca-file": security.get_tls_config_for_role("client").get("ca_file"),
    }
    for role in ROLES:
        one = security.get_tls_config_for_role(role)
        options |= {f"distributed.comm.tls.{role}.{part}": one[part] for part in ("key", "cert")}
    return options


def run_secured() -> None:
    """Read settings as one line of JSON, then run the module that is named."""
    dask.config.set(json.loads(sys.stdin.readline()))
    _, _, module, *arguments = sys.argv
    sys.argv[:] = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    run_secured()
