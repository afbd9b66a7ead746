"""Versions of other packages that break Prefect silently."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

from packaging.version import Version

# Package, first version that breaks Prefect 3.8, and how.
PINS = (
    ("fastapi", "0.151", "the Prefect server does not start"),
    ("sqlalchemy", "2.1", "no scheduled run is ever created"),
)


def check_pins() -> Iterator[tuple[str, bool, str]]:
    """Yield each package, whether its version works with Prefect, and a message."""
    for package, limit, harm in PINS:
        installed = Version(version(package))
        works = installed < Version(limit)
        problem = f"{package} {installed}: {harm}; fix: pip install '{package}<{limit}'"
        yield package, works, str(installed) if works else problem
