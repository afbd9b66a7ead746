"""One page a problem, generated from its docstring, the settings of its demo, and the demo's figures.

Figures and pictures in ``docs/problems`` are of real runs: ``python benchmarks/demos.py`` makes them again.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from string import Template
from typing import Any

from pylops_distributed.problems.base import Problem
from pylops_distributed.problems.registry import PROBLEMS

FOLDER = Path(__file__).parent / "problems"
CONFIGS = {"poststack": "sample/demo.yaml"}
PAGE = Template(
    """# $title

```{eval-rst}
$about
```

## Its demo

```
pld demo$command
```

makes its own data, solves it and reports, of norms relative to those of the truth or the data:

| figure | % |
| --- | --- |
$figures

```{image} $name.png
:alt: The result of the demo next to the truth
```

Its settings, to start from (`pld run CONFIG.yaml`):

```{literalinclude} ../../data/$config
:language: yaml
```

## Parameters

| key of `problem` | default | meaning |
| --- | --- | --- |
$parameters
"""
)


def write_pages(folder: Path = FOLDER) -> None:
    """Write the pages of all problems into a folder."""
    figures = json.loads((FOLDER / "figures.json").read_text())
    for name, form in PROBLEMS.items():
        (folder / f"{name}.md").write_text(page(name, form, figures[name]["metrics"]))


def page(name: str, form: type[Problem], metrics: dict[str, float]) -> str:
    """A problem's page, as Markdown."""
    title, _, about = (inspect.getdoc(inspect.getmodule(form)) or "").partition("\n")
    assert not about, f"the module of {name} says more than its title"
    fields = ((key, field) for key, field in form.model_fields.items() if key != "name")
    return PAGE.substitute(
        name=name,
        title=title.partition(": ")[0].rstrip("."),
        about=inspect.getdoc(form),
        command="" if name == "poststack" else f" {name}",
        figures="\n".join(
            f"| {key.replace('_', ' ')} | {100 * value:.2f} |" for key, value in metrics.items()
        ),
        config=CONFIGS.get(name, f"{name}.yaml"),
        parameters="\n".join(
            f"| `{key}` | {_default(field)} | {field.description or ''} |" for key, field in fields
        ),
    )


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    shown = value.model_dump(mode="json") if hasattr(value, "model_dump") else value
    return f"`{shown}`"
