"""Arguments and options that several commands take, and how they are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml

from pylops_distributed.errors import OversizedSettingsError
from pylops_flows.cli.run_names import complete_run
from pylops_flows.settings.bounded import DEPTH, read_yaml
from pylops_flows.settings.nested import nested

if TYPE_CHECKING:
    from pylops_distributed.storage.group_metadata import Json as JsonValues


def complete_runs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the runs whose names begin like a word that is being typed."""
    root = ctx.params.get("root") or "runs"
    try:
        return complete_run(root, incomplete)
    except Exception:  # a shell that completes a word has no place for errors
        return []


Config = Annotated[str, typer.Argument(metavar="CONFIG.yaml", help="Settings; see data/ for examples.")]
Root = Annotated[str, typer.Option("--root", metavar="DIR", help="Folder or s3:// URL where runs live.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Also show Prefect's log.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, e.g. solver.niter=100."),
]
RUN_HELP = "Run: path, URL, name or its beginning, number in `pld runs`, or latest."
RunPath = Annotated[str, typer.Argument(metavar="RUN", help=RUN_HELP, autocompletion=complete_runs)]
RunPaths = Annotated[list[str], typer.Argument(metavar="RUN...", help=RUN_HELP, autocompletion=complete_runs)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, and nothing else.")]
Target = Annotated[str, typer.Argument(metavar="TARGET.zarr", help="Folder or URL of the dataset to write.")]
Pool = Annotated[str, typer.Option("--pool", help="Work pool; created if it does not exist.")]
Deployments = Annotated[Path, typer.Option("--file", metavar="FILE", help="File with the deployments.")]


def parse_settings(settings: list[str] | None) -> JsonValues:
    """Return nested values of ``a.b=value`` arguments; values are read as YAML."""
    changes: dict[str, Any] = {}
    for setting in settings or []:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ValueError(
                f"--set {setting!r} is not a setting: write --set KEY=VALUE, such as solver.niter=100"
            )
        if key.count(".") >= DEPTH:
            raise ValueError(f"{key[:40]!r}... names a setting more than {DEPTH} levels deep")
        try:
            changes[key] = read_yaml(value)
        except OversizedSettingsError:
            raise
        except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
            words = " ".join(str(getattr(error, "problem", None) or error).split())
            raise ValueError(f"--set {key}: the value {value[:60]!r} is not YAML: {words}") from None
    return nested(changes)
