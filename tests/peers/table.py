"""Run PyLops' tests against this library and print a table for ``docs/peers.md``.

PYTHONPATH=. python tests/peers/table.py
"""

from collections import Counter

import suite
from explanations import explained


def main() -> None:
    """Run all files and print."""
    folder = suite.fetch()
    names = suite.files(folder)
    items = suite.run(folder, names, timeout=3500)
    print("| file | items | skipped | exercise an operator | of these pass | operators applied |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in names:
        here = [item for node, item in items.items() if f"/{name}" in node]
        used = [item for item in here if item.applied and item.outcome != "skipped"]
        skipped = sum(item.outcome == "skipped" for item in here)
        passed = sum(item.outcome == "passed" for item in used)
        applied = sum(sum(item.applied.values()) for item in used)
        print(f"| `{name}` | {len(here)} | {skipped} | {len(used)} | {passed} | {applied} |")
    failed = [(node, item.message) for node, item in items.items() if item.outcome == "failed"]
    reasons = Counter(
        explained(node, message) or f"not explained: {node} {message}" for node, message in failed
    )
    for reason, count in reasons.most_common():
        print(f"- {count}: {reason}")


if __name__ == "__main__":
    main()
