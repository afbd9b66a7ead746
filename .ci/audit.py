"""Known holes in the pinned packages, as far as PyPI's database can be asked.

    python -m pip install pip-audit && python .ci/audit.py

Ends with 1 if there are any, and with 2 if the database could not be asked: pip-audit alone ends with 0 then.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PINS = Path(__file__).parents[1] / "constraints.txt"


def main() -> None:
    """Ask, and print the known vulnerabilities."""
    words = [
        sys.executable,
        "-m",
        "pip_audit",
        "-r",
        str(PINS),
        "--no-deps",
        "--disable-pip",
        "--format",
        "json",
    ]
    done = subprocess.run([*words, "--progress-spinner", "off"], capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        print(f"the database could not be asked: {(done.stderr.strip() or 'no answer').splitlines()[-1]}")
        sys.exit(2)
    asked = [package for package in packages if "vulns" in package]
    holes = [(package, hole) for package in asked for hole in package["vulns"]]
    for package, hole in holes:
        fixed = ", ".join(hole["fix_versions"]) or "nothing yet"
        print(f"{package['name']} {package['version']}: {hole['id']}, fixed in {fixed}")
    if not asked:
        print(f"the database could not be asked about any of {len(packages)} packages: the result is void")
        sys.exit(2)
    print(f"{len(asked)} of {len(packages)} packages looked up, {len(holes)} known holes")
    sys.exit(bool(holes))


if __name__ == "__main__":
    main()
