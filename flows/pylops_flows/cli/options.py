"""Arguments and options that several commands take, and how they are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pylops_flows.settings.bounded import DEPTH, read_yaml
from pylops_flows.settings.nested import nested
from pylops_flows.settings.paths import absolute

if TYPE_CHECKING:
    from pylops_distributed.storage.group_metadata import Json

Config = Annotated[str, typer.Argument(metavar="CONFIG.yaml", help="Settings; see data/ for examples.")]
Root = Annotated[str, typer.Option("--root", metavar="DIR", help="Folder or s3:// URL where runs live.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Also show Prefect's log.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, e.g. solver.niter=100."),
]
RunPath = Annotated[
    str, typer.Argument(metavar="RUN", help="Folder or URL of a run, or its name in the list of `pld runs`.")
]
Target = Annotated[str, typer.Argument(metavar="TARGET.zarr", help="Folder or URL of the dataset to write.")]
Pool = Annotated[str, typer.Option("--pool", help="Work pool; created if it does not exist.")]
Deployments = Annotated[Path, typer.Option("--file", metavar="FILE", help="File with the deployments.")]


def parse_settings(settings: list[str] | None) -> Json:
    """Return nested values of ``a.b=value`` arguments; values are read as YAML."""
    changes: dict[str, Any] = {}
    for setting in settings or []:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ValueError(f"{setting!r} is not a setting: write KEY=VALUE, such as solver.niter=100")
        if key.count(".") >= DEPTH:
            raise ValueError(f"{key[:40]!r}... names a setting more than {DEPTH} levels deep")
        changes[key] = read_yaml(value)
    return nested(changes)


def find_run(path: str, root: str) -> str:
    """Return the location of a run that is given by its path, or by its name below the root."""
    below = Path(root) / path
    by_name = "://" not in path and not Path(path).exists() and below.exists()
    return absolute(str(below) if by_name else path)
