"""The command line: ``pylops-distributed``, short ``pld``."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.table import Table

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Large linear inverse problems as pipelines that can be stopped, killed and resumed. Start with: pld demo",
    epilog="Exit codes: 0 done, 1 failed, 2 bad input, 3 the run is being worked on by another process, "
    "4 interrupted (pld resume RUN goes on).",
)
# Paths are printed whole on one line, however narrow the terminal: scripts read them.
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

Root = Annotated[str, typer.Option("--root", metavar="DIR", help="Folder or s3:// URL where runs live.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show Prefect's own log, too.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a setting, e.g. solver.niter=100."),
]
RunPath = Annotated[
    str, typer.Argument(metavar="RUN", help="Folder or URL of a run, as `pld runs` lists it.")
]


# Errors of the operating system that are about what was given; of others, such as a full disk, 1 is told.
PATHS = (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError)


class Interrupted(BaseException):
    """SIGTERM: not an error, and nothing may catch it as one."""


def guard(command: Callable[..., None]) -> Callable[..., None]:
    """Turn errors into one clear message and an exit code."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> None:
        from pylops_distributed.lease import RunBusy, Superseded

        signal.signal(signal.SIGTERM, _interrupt)
        try:
            command(*args, **kwargs)
        except typer.Exit:
            raise
        except (RunBusy, Superseded) as error:
            _fail(error, 3)
        except (ValueError, TypeError, *PATHS) as error:
            _fail(error, 2)
        except (Interrupted, KeyboardInterrupt):
            err.print("interrupted: the newest state is saved, `pld resume RUN` or the same command goes on")
            raise typer.Exit(4) from None
        except Exception as error:
            _fail(error, 1)

    return guarded


def _interrupt(*_: Any) -> None:
    raise Interrupted


def _fail(error: Exception, code: int) -> None:
    logging.getLogger(__name__).debug("the whole story:", exc_info=error)
    err.print(f"[red]error:[/red] {type(error).__name__}:", end=" ")
    err.print(str(error), markup=False)
    raise typer.Exit(code) from None


@app.command()
@guard
def demo(
    problem: Annotated[
        str, typer.Argument(metavar="PROBLEM", help="A problem by name, as `pld problems` lists them.")
    ] = "poststack",
    root: Root = "runs",
    seed: int = 0,
    set_: Set = None,
    verbose: Verbose = False,
) -> None:
    """Make a small case of a problem and solve it: a faulted volume inverted for impedance, if none is named."""
    from flows.demo import make_case

    config = make_case(problem, Path(root), seed)
    out.print(f"made {config.parent}: {config.read_text().splitlines()[0].removeprefix('# ')}")
    run(str(config), root=root, set_=set_, into=None, verbose=verbose)


@app.command()
@guard
def problems() -> None:
    """List the problems there are, with what each is about."""
    from pylops_distributed.problems import PROBLEMS

    table = Table("problem", "what it is", box=None)
    for name, form in PROBLEMS.items():
        table.add_row(name, (form.__doc__ or "").split("\n")[0])
    out.print(table)


@app.command()
@guard
def run(
    config: Annotated[str, typer.Argument(metavar="CONFIG.yaml", help="Settings; see data/ for examples.")],
    root: Root = "runs",
    set_: Set = None,
    into: Annotated[str | None, typer.Option("--into", metavar="RUN", help="Place of the run.")] = None,
    verbose: Verbose = False,
) -> None:
    """Run a pipeline: ingest, invert, postprocess. Run again, it goes on from where it was."""
    from flows.config import load

    changes = _changes(set_) | ({"run": into} if into else {})
    _pipeline(load(config, {"root": root, **changes}), verbose)


@app.command()
@guard
def sweep(
    config: Annotated[
        str, typer.Argument(metavar="CONFIG.yaml", help="Settings with lists, e.g. damp: [0.01, 0.1, 1].")
    ],
    root: Root = "runs",
    set_: Set = None,
    verbose: Verbose = False,
) -> None:
    """Run once for each combination of listed values, side by side on the cluster, and draw the L-curve."""
    from flows.config import read
    from flows.preflight import preflight
    from flows.sweeping import configs, expand

    base, values = expand(read(config, {"root": root, **_changes(set_)}), config)
    wanted = configs(base, values)
    for settings in wanted:
        preflight(settings)
    with _prefect(verbose):
        from flows.sweep import TABLE
        from flows.sweep import sweep as flow

        place = _place(flow(base, values))
    out.print(Path(place, TABLE).read_text().strip() if "://" not in place else f"{len(wanted)} runs")
    out.print(f"sweep: {place}")


@app.command()
@guard
def resume(path: RunPath, set_: Set = None, root: Root = "runs", verbose: Verbose = False) -> None:
    """Go on with a run from its newest checkpoint; --set solver.niter=N extends one that is finished."""
    from flows.config import merge, validate
    from pylops_distributed.run import Run

    place = _find(path, root)
    stored = Run.open(place).attrs
    params = stored["params"] | {"sources": {}, "dataset": stored["dataset"], "run": place}
    raw = merge(params, _changes(set_))
    _pipeline(validate(raw, f"the settings of {path}"), verbose)


@app.command()
@guard
def ingest(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="SEG-Y, NetCDF/HDF5, MATLAB, NumPy or Zarr.")
    ],
    target: Annotated[str, typer.Argument(metavar="TARGET.zarr")],
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", metavar="KEY=VALUE", help="Option of the format's reader."),
    ] = None,
    root: Root = "runs",
    verbose: Verbose = False,
) -> None:
    """Copy a raw file into a labelled, chunked, checksummed Zarr dataset."""
    from flows.config import absolute
    from pylops_distributed.ingest import Source

    request = Source(path=absolute(source), options=_changes(option))
    request.open(checksum=False)  # what is no such file is refused before anything is started
    with _prefect(verbose):
        from flows.ingest import ingest as flow

        url = flow(request, absolute(target))
    out.print(f"dataset: {_place(url)}")


@app.command()
@guard
def forward(
    config: Annotated[str, typer.Argument(metavar="CONFIG.yaml")],
    target: Annotated[str, typer.Argument(metavar="TARGET.zarr")],
    root: Root = "runs",
    verbose: Verbose = False,
) -> None:
    """Model data from the model in a dataset (the truth of a synthetic, or the background)."""
    from flows.config import absolute, load
    from pylops_distributed.ingest import open_dataset

    settings = load(config, {"root": root})
    dataset = settings.located
    settings.problem.check(open_dataset(dataset))
    with _prefect(verbose):
        from flows.forward import forward as flow

        url = flow(dataset, settings.problem, absolute(target))
    out.print(f"modelled: {_place(url)}")


@app.command()
@guard
def invert(
    config: Annotated[str, typer.Argument(metavar="CONFIG.yaml")],
    root: Root = "runs",
    set_: Set = None,
    verbose: Verbose = False,
) -> None:
    """Solve on a dataset that is ingested already."""
    from flows.config import load
    from flows.preflight import preflight

    settings = load(config, {"root": root, **_changes(set_)})
    settings = settings.model_copy(update={"dataset": settings.located, "sources": {}})
    preflight(settings)
    with _prefect(verbose):
        from flows.invert import invert as flow
        from flows.runner import task_runner

        url = flow.with_options(task_runner=task_runner(settings.cluster))(settings.target, settings)
    out.print(f"run: {_place(url)}")


@app.command()
@guard
def postprocess(path: RunPath, root: Root = "runs", verbose: Verbose = False) -> None:
    """Label and measure a run's newest iterate, and draw its report."""
    from pylops_distributed.run import Run

    place = _find(path, root)
    Run.open(place)
    with _prefect(verbose):
        from flows.postprocess import postprocess as flow

        report = flow(place)
    out.print(f"report: {report}")


@app.command()
@guard
def runs(root: Root = "runs") -> None:
    """List the runs below a folder; reads the store alone, no server needed."""
    from pylops_distributed.run import list_runs

    table = Table("run", "state", "iteration", "cost", "size", "age", box=None)
    for found in list_runs(root):
        s = found.status()
        cost = s.metrics.get("cost")
        table.add_row(
            s.url.rsplit("/", 1)[-1], s.state, "-" if s.iteration is None else str(s.iteration),
            "-" if cost is None else f"{cost:.3e}", f"{s.size / 2**20:.1f} MiB", _ago(s.age),
        )  # fmt: skip
    out.print(table)


@app.command()
@guard
def show(path: RunPath, root: Root = "runs") -> None:
    """Tell about one run: state, quality, contents; reads the store alone."""
    from pylops_distributed.report import NAME, summary
    from pylops_distributed.results import open_run
    from pylops_distributed.run import Run

    found = Run.open(_find(path, root))
    status, tree = found.status(), open_run(_find(path, root))
    table = Table(box=None, show_header=False)
    rows = {
        "state": status.state,
        "reason": status.reason or "-",
        "attempts": status.attempts,
        **summary(tree),
    }
    for key, value in rows.items():
        table.add_row(key, str(value))
    out.print(table)
    out.print(str(tree.to_dataset() if not tree.children else tree), markup=False)
    if found.storage.exists(NAME):
        out.print(f"report: {_place(found.storage.url)}/{NAME}")
    out.print(f"run: {_place(found.storage.url)}")


@app.command()
@guard
def verify(path: RunPath, root: Root = "runs") -> None:
    """Check every checksum, count and link of a run, and say what is wrong; changes nothing."""
    from pylops_distributed.audit import verify as check

    found = check(_find(path, root))
    for finding in found:
        out.print(f"[{'red' if finding.harmful else 'yellow'}]{finding.path or 'run'}[/]:", end=" ")
        out.print(finding.words, markup=False)
    if any(finding.harmful for finding in found):
        out.print("pld repair RUN goes back to the newest sound checkpoint")
        raise typer.Exit(1)
    out.print("sound" if not found else "sound, but for what was left unfinished")


@app.command()
@guard
def repair(path: RunPath, root: Root = "runs") -> None:
    """Bring a run back to its newest sound checkpoint; what is sound is never deleted."""
    from pylops_distributed.audit import repair as mend

    for finding in mend(_find(path, root)):
        out.print(f"deleted {finding.path}:", end=" ")
        out.print(finding.words, markup=False)
    out.print("pld resume RUN goes on")


@app.command()
@guard
def new(
    kind: Annotated[str, typer.Argument(metavar="problem", help="What to begin: a problem.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, as of a Python module.")],
) -> None:
    """Write NAME.py, a problem of your own that works, to change as you need it."""
    from flows.new import write_problem

    if kind != "problem":
        raise ValueError(f"there is nothing to begin a {kind!r} with: write `pld new problem {name}`")
    path, form = write_problem(name, Path.cwd())
    out.print(f"wrote {path}; next: pld check {path.name}, pld demo {form}")


@app.command()
@guard
def check(
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="problem.py, or module:Class, or a CONFIG.yaml with data.")
    ],
    set_: Set = None,
    root: Root = "runs",
) -> None:
    """Look at a problem before a long run: dot test, chunks, memory; a problem's own demo where no data are given."""
    from flows.new import look

    failed = 0
    for name, good, words in look(target, {"root": root, **_changes(set_)}):
        out.print(f"[{'green' if good else 'red'}]{'ok  ' if good else 'FAIL'}[/] {name}: ", end="")
        out.print(words, markup=False)
        failed += not good
    if failed:
        raise typer.Exit(1)


@app.command()
@guard
def doctor(root: Root = "runs") -> None:
    """Check versions, disk, the Prefect server, and that Dask workers reach it."""
    from flows.doctor import checks

    failed = 0
    for name, good, words in checks(root):
        out.print(f"[{'green' if good else 'red'}]{'ok  ' if good else 'FAIL'}[/] {name}: ", end="")
        out.print(words, markup=False)
        failed += not good
    if failed:
        raise typer.Exit(1)


def _pipeline(config: Any, verbose: bool) -> None:
    from flows.preflight import preflight
    from flows.session import prefect_session

    preflight(config)
    with prefect_session(verbose, out):
        from flows.pipeline import pipeline

        url = pipeline(config)
    place = _place(url)
    from pylops_distributed.report import NAME, summary
    from pylops_distributed.results import open_run

    for key, value in summary(open_run(url)).items():
        out.print(f"{key}: {value}")
    out.print(f"report: {place}/{NAME}")
    out.print(f"run: {place}")


def _prefect(verbose: bool) -> Any:
    from flows.session import prefect_session

    return prefect_session(verbose, out)


def _changes(settings: list[str] | None) -> dict[str, Any]:
    """Nested values from ``a.b=value`` words; values are read as YAML."""
    changes: dict[str, Any] = {}
    for setting in settings or []:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ValueError(f"{setting!r} is no setting: write KEY=VALUE, such as solver.niter=100")
        *path, last = key.split(".")
        place = changes
        for part in path:
            place = place.setdefault(part, {})
        place[last] = yaml.safe_load(value)
    return changes


def _find(path: str, root: str) -> str:
    """A run by its place, or by its name below the root."""
    from flows.config import absolute

    below = Path(root) / path
    return (
        absolute(str(below))
        if "://" not in path and not Path(path).exists() and below.exists()
        else absolute(path)
    )


def _place(url: str) -> str:
    return url.removeprefix("file://")


def _ago(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def main() -> None:
    """Entry point; modules in the folder one works in can be imported, as with ``python -m``."""
    sys.path.insert(0, str(Path.cwd()))
    app()


if __name__ == "__main__":
    main()
