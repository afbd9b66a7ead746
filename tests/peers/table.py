"""Print the tables of ``docs/peers.md`` from the last run of PyLops' whole suite, ``python -m pytest -m peers``.

PYTHONPATH=. python tests/peers/table.py
"""

from collections import Counter

import suite
from explanations import explained


def row(name: str, items: list[suite.Item]) -> str:
    """A line of the table."""
    counted = [item for item in items if item.counts]
    numbers = (
        len(items), sum(item.outcome == "skipped" for item in items), len(counted),
        sum(item.outcome == "passed" for item in counted), sum(sum(item.applied.values()) for item in counted),
    )  # fmt: skip
    return f"| {name} | {' | '.join(map(str, numbers))} |"


def main() -> None:
    """Print a line for each file, and how many items fail for which reason."""
    items = suite.kept()
    print("| file | items | skipped | counted | of these pass | operators applied |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in suite.files(suite.fetch()):
        print(row(f"`{name}`", [item for node, item in items.items() if f"/{name}" in node]))
    print(row("all", list(items.values())))
    failed = [(node, item.message) for node, item in items.items() if item.outcome == "failed"]
    reasons = Counter(explained(*each) or f"not explained: {' '.join(each)}" for each in failed)
    print()
    for reason, count in reasons.most_common():
        print(f"- {count}: {reason}")


if __name__ == "__main__":
    main()
