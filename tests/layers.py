"""What each folder may import, from the bottom up: the structure of the code as one table.

``python tests/layers.py`` draws it in ``docs/design.md``.
"""

import re
from graphlib import TopologicalSorter
from pathlib import Path

VECTORS = {"vectors", "graph", "compat"}
OPERATORS = VECTORS | {"linearoperator", "blockwise", "basicoperators"}
SOLVING = OPERATORS | {"execution", "optimization", "signalprocessing"}

LIBRARY: dict[str, set[str]] = {
    "tuning": set(),
    "errors": set(),
    "config": set(),
    "registry": set(),
    "units": set(),
    "compat": {"errors"},
    "vectors": {"compat"},
    "graph": {"vectors", "compat", "errors"},
    "linearoperator": VECTORS | {"config", "errors"},
    "blockwise": VECTORS | {"linearoperator"},
    "basicoperators": VECTORS | {"linearoperator", "blockwise"},
    "signalprocessing": OPERATORS,
    "medical": OPERATORS | {"signalprocessing"},
    "execution": VECTORS | {"errors"},
    "optimization": OPERATORS | {"execution", "errors"},
    "utils": OPERATORS | {"clusters"},
    "avo": SOLVING | {"utils"},
    "waveeqprocessing": SOLVING | {"utils"},
    "jaxoperator": {"linearoperator"},
    "torchoperator": {"linearoperator"},
    "pytensoroperator": {"linearoperator"},
    "clusters": {"compat", "errors"},
    "synthetic": set(),
    "storage": VECTORS | {"execution", "errors"},
    "ingest": {"storage", "vectors", "compat", "errors", "registry", "units"},
    "settings": {"optimization", "execution", "registry"},
    "problems": SOLVING
    | {"avo", "medical", "waveeqprocessing", "settings", "storage", "synthetic", "registry", "units"},
    "inversion": SOLVING | {"problems", "settings", "storage", "ingest", "utils", "errors"},
    "solving": SOLVING | {"settings", "storage", "errors"},
    "testing": SOLVING | {"storage"},
    "runs": {"inversion", "ingest", "storage", "execution", "problems", "vectors", "errors"},
}
# Every package may bind its names lazily, and read the constants that may be tuned.
LIBRARY = {name: below | {"registry", "tuning"} - {name} for name, below in LIBRARY.items()}
LIBRARY["tuning"], LIBRARY["registry"] = {"registry"}, set()
# The package itself hands names on, from all of its folders.
LIBRARY[""] = set(LIBRARY)


WHOLE = set(LIBRARY) - {""}


def _flows(*names: str) -> set[str]:
    return {f"pylops_flows.{name}" for name in names}


STAGES = ("ingest", "forward", "invert", "postprocess", "announce_files")
# Settings, servers and names of events know no flow; what runs around flows knows them; and so on up to the commands.
ORDER = (
    ("settings", "server", "events"),
    ("runtime",),
    ("tasks",),
    STAGES,
    ("pipeline", "sweep"),
    ("deploy",),
    ("cli",),
)
PIPELINES: dict[str, set[str]] = {"pylops_flows": set()}
for _position, _names in enumerate(ORDER):
    _below = WHOLE | _flows(*(name for names in ORDER[:_position] for name in names))
    PIPELINES |= dict.fromkeys(sorted(_flows(*_names)), _below)
PIPELINES["pylops_flows.events"] = set()
# The template of custom problems uses public names.
PIPELINES["pylops_flows.cli"] = PIPELINES["pylops_flows.cli"] | {""}

ALLOWED = LIBRARY | PIPELINES


def picture() -> str:
    """Folders by floors, the lowest at the bottom: each imports from floors below its own only."""
    floors: dict[str, int] = {}
    for name in TopologicalSorter(ALLOWED).static_order():
        floors[name] = 1 + max((floors[other] for other in ALLOWED[name]), default=0)
    rows = [
        (floor, [name or "pylops_distributed" for name in ALLOWED if floors[name] == floor])
        for floor in range(max(floors.values()), 0, -1)
    ]
    return "\n".join(f"{floor:2d}  {'   '.join(names)}" for floor, names in rows)


if __name__ == "__main__":
    page = Path(__file__).parents[1] / "docs/design.md"
    page.write_text(
        re.sub(r"```text\n.*?\n```", f"```text\n{picture()}\n```", page.read_text(), count=1, flags=re.DOTALL)
    )
