"""Print the tables of ``docs/peers.md`` from the last runs of PyLops' suite, ``python -m pytest -m peers``.

PYTHONPATH=. python tests/peers/table.py
"""

from collections import Counter

import suite
from explanations import explained

Items = dict[str, suite.Item]


def numbers(items: list[suite.Item]) -> tuple[int, int, int]:
    """How many items count, how many of these pass, and the number of operators that they apply."""
    counted = [item for item in items if item.counts]
    passed = sum(item.outcome == "passed" for item in counted)
    return len(counted), passed, sum(sum(item.applied.values()) for item in counted)


def row(title: str, name: str, runs: list[Items]) -> str:
    """A line of the table: items of files whose name contains ``name``, in each run."""
    chosen = [[item for node, item in items.items() if name in node] for items in runs]
    skipped = sum(item.outcome == "skipped" for item in chosen[0])
    cells = [len(chosen[0]), skipped, *(n for items in chosen for n in numbers(items))]
    return f"| {title} | {' | '.join(map(str, cells))} |"


def main() -> None:
    """Print a line for each file, and how many items fail for which reason."""
    runs = [suite.kept(arrays) for arrays in suite.ARRAYS]
    print(
        "| file | items | skipped | chunks: counted | pass | operators | NumPy: counted | pass | operators |"
    )
    print(f"|{' --- |' * 9}")
    for name in suite.files(suite.fetch()):
        print(row(f"`{name}`", f"/{name}", runs))
    print(row("all", "", runs))
    for arrays, items in zip(suite.ARRAYS, runs, strict=True):
        failed = [(node, item.message) for node, item in items.items() if item.outcome == "failed"]
        reasons = Counter(explained(*each) or f"not explained: {' '.join(each)}" for each in failed)
        print(f"\n{arrays}:\n")
        for reason, count in reasons.most_common():
            print(f"- {count}: {reason}")


if __name__ == "__main__":
    main()
