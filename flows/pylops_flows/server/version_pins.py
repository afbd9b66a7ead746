"""Versions of other packages that Prefect needs, compared with those installed."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version

from packaging.version import Version

# Package, first version known to break Prefect 3.8, and how.
PINS = (
    ("fastapi", "0.151", "the Prefect server does not start"),
    ("sqlalchemy", "2.1", "no scheduled run is ever created"),
)


def pins() -> Iterator[tuple[str, bool, str]]:
    """Versions that break Prefect without a word."""
    for package, limit, harm in PINS:
        found = Version(version(package))
        good = found < Version(limit)
        yield package, good, f"{found}" if good else f"{package} {found}: {harm}; install {package}<{limit}"
