"""The licence of each package pinned in constraints.txt, as its metadata state.

    python .ci/licences.py

Ends with 1 if one is unknown, or not among those that can be used from a library under the LGPL.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

PINS = Path(__file__).parents[1] / "constraints.txt"
GOOD = re.compile(
    r"apache|bsd|mit\b|mit-|\bisc|python|psf|matplotlib|mozilla|mpl|lgpl|lesser general|hpnd|unlicense|zlib|0bsd|"
    r"public domain|artistic|zope|zpl|cc0|eclipse|epl",
    re.IGNORECASE,
)
# Licences that packages do not state in full.
COMPLETED = {"asyncssh": "EPL-2.0 OR GPL-2.0-or-later", "text-unidecode": "Artistic-1.0 OR GPL-2.0-or-later"}


def licence(name: str) -> str | None:
    """What a package says of its licence, in a few words; None if it is not installed."""
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return None
    kinds = [c.rpartition(" :: ")[2] for c in about.get_all("Classifier", []) if c.startswith("License ::")]
    first = (about.get("License") or "").strip().partition("\n")[0]
    return (
        COMPLETED.get(name) or about.get("License-Expression") or ", ".join(kinds) or first[:60] or "unknown"
    )


def main() -> None:
    """Print them all, and those that are not good once more."""
    names = [line.partition("==")[0] for line in PINS.read_text().splitlines() if "==" in line]
    found = {name: licence(name) for name in names}
    for name, words in found.items():
        print(f"{name:32} {words or 'not installed here'}")
    bad = [name for name, words in found.items() if words is not None and not GOOD.search(words)]
    if bad:
        sys.exit(f"look at these: {', '.join(bad)}")


if __name__ == "__main__":
    main()
