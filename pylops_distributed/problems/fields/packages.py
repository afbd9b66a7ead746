"""Packages that settings may name classes of."""

from __future__ import annotations

import os

# Settings may come from people who must not run code of their choice here: the list is not one of the settings.
ENVIRONMENT = "PYLOPS_DISTRIBUTED_PACKAGES"
PACKAGES = ("pylops_distributed", "pylops")


def packages() -> tuple[str, ...]:
    """The packages that settings may name things of."""
    return (*PACKAGES, *filter(None, os.environ.get(ENVIRONMENT, "").split(",")))
