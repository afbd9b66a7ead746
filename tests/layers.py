"""What each folder may import, from the bottom up: the structure of the code as one table.

The picture in ``docs/design.md`` is made from it: ``python tests/layers.py``.
"""

VECTORS = {"vectors", "graph", "compat"}
OPERATORS = VECTORS | {"linearoperator", "blockwise", "basicoperators"}
SOLVING = OPERATORS | {"execution", "optimization", "signalprocessing"}

LIBRARY: dict[str, set[str]] = {
    "errors": set(),
    "config": set(),
    "registry": set(),
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
    "ingest": {"storage", "errors", "registry"},
    "settings": {"optimization", "execution", "registry"},
    "problems": SOLVING
    | {"avo", "medical", "waveeqprocessing", "settings", "storage", "synthetic", "registry"},
    "inversion": SOLVING | {"problems", "settings", "storage", "ingest", "utils", "errors"},
    "runs": {"inversion", "ingest", "storage", "execution", "problems", "vectors", "errors"},
}
# Every package binds its names lazily.
LIBRARY = {name: below | {"registry"} - {name} for name, below in LIBRARY.items()}
# The package itself hands names on, from all of its folders.
LIBRARY[""] = set(LIBRARY)


WHOLE = set(LIBRARY) - {""}

PIPELINES: dict[str, set[str]] = {
    "pylops_flows": set(),
    "pylops_flows.settings": WHOLE,
    "pylops_flows.server": WHOLE,
    "pylops_flows.runtime": WHOLE | {"pylops_flows.server", "pylops_flows.settings"},
    "pylops_flows.tasks": WHOLE | {"pylops_flows.runtime", "pylops_flows.settings"},
    "pylops_flows.watch": WHOLE,
    **{
        f"pylops_flows.{stage}": WHOLE
        | {"pylops_flows.runtime", "pylops_flows.settings", "pylops_flows.tasks"}
        | ({"pylops_flows.watch"} if stage == "ingest" else set())
        for stage in ("ingest", "forward", "invert", "postprocess")
    },
}
STAGES = set(PIPELINES)
PIPELINES["pylops_flows.sweep"] = WHOLE | STAGES
PIPELINES["pylops_flows.pipeline"] = WHOLE | STAGES
PIPELINES["pylops_flows.deploy"] = WHOLE | set(PIPELINES)
PIPELINES["pylops_flows.cli"] = WHOLE | set(PIPELINES) | {""}

ALLOWED = LIBRARY | PIPELINES


def main() -> None:
    """Print the layers, from the bottom up, as the diagram of ``docs/design.md``."""
    print("```mermaid\nflowchart BT")
    for name, below in ALLOWED.items():
        direct = {b for b in below if not any(b in ALLOWED[other] for other in below - {b})}
        for other in sorted(direct):
            print(f"    {name or 'public names'} --> {other}")
    print("```")


if __name__ == "__main__":
    main()
