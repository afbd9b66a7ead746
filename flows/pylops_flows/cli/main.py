"""The command line: ``pylops-distributed``, short ``pld``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from pylops_flows.cli import exploring, looking, operating
from pylops_flows.cli.app import (
    Root,
    RunPath,
    Set,
    Verbose,
    app,
    as_path,
    find_run,
    out,
    parse_settings,
    prefect,
    report_errors,
)
from pylops_flows.server.fast_import import import_without_gc

__all__ = ["app", "exploring", "looking", "main", "operating"]


@app.command()
@report_errors
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
    from pylops_flows.cli.demo_data import make_case

    config = make_case(problem, Path(root), seed)
    out.print(f"made {config.parent}: {config.read_text().splitlines()[0].removeprefix('# ')}")
    run(str(config), root=root, set_=set_, into=None, verbose=verbose)


@app.command()
@report_errors
def run(
    config: Annotated[str, typer.Argument(metavar="CONFIG.yaml", help="Settings; see data/ for examples.")],
    root: Root = "runs",
    set_: Set = None,
    into: Annotated[str | None, typer.Option("--into", metavar="RUN", help="Place of the run.")] = None,
    verbose: Verbose = False,
) -> None:
    """Run a pipeline: ingest, invert, postprocess. Run again, it goes on from where it was."""
    changes = parse_settings(set_) | ({"run": into} if into else {})

    def settings() -> Any:
        from pylops_flows.settings.pipeline import load

        return load(config, {"root": root, **changes})

    run_pipeline(settings, verbose)


@app.command()
@report_errors
def sweep(
    config: Annotated[
        str, typer.Argument(metavar="CONFIG.yaml", help="Settings with lists, e.g. damp: [0.01, 0.1, 1].")
    ],
    root: Root = "runs",
    set_: Set = None,
    verbose: Verbose = False,
) -> None:
    """Run once for each combination of listed values, side by side on the cluster, and draw the L-curve."""
    from pylops_flows.settings.pipeline import read
    from pylops_flows.settings.preflight import preflight
    from pylops_flows.settings.sweep_grid import configs, expand

    base, values = expand(read(config, {"root": root, **parse_settings(set_)}), config)
    wanted = configs(base, values)
    for settings in wanted:
        preflight(settings)
    with prefect(verbose):
        from pylops_flows.runtime.stages import result
        from pylops_flows.sweep import TABLE
        from pylops_flows.sweep import sweep as flow

        place = as_path(result(flow, base, values))
    out.print(Path(place, TABLE).read_text().strip() if "://" not in place else f"{len(wanted)} runs")
    out.print(f"sweep: {place}")


@app.command()
@report_errors
def resume(path: RunPath, set_: Set = None, root: Root = "runs", verbose: Verbose = False) -> None:
    """Go on with a run from its newest checkpoint; --set solver.niter=N extends one that is finished.

    One that was paused in a deployment goes on there, in a worker.
    """

    def settings() -> Any:
        from pylops_distributed.storage.run import Run
        from pylops_flows.settings.pipeline import merge, validate
        from pylops_flows.settings.stored import settings_of

        place = find_run(path, root)
        found = Run.open(place)
        if not set_ and found.status().state == "interrupted":
            from pylops_flows.runtime.pause import resume as hand_over

            if flow_run := hand_over(found):
                out.print(f"a worker goes on with it: flow run {flow_run}")
                raise typer.Exit
        stored = found.attrs
        params = settings_of(found) | {"sources": {}, "dataset": stored["dataset"], "run": place}
        return validate(merge(params, parse_settings(set_)), f"the settings of {path}")

    run_pipeline(settings, verbose)


@app.command()
@report_errors
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
    from pylops_distributed.ingest import Source
    from pylops_flows.settings.pipeline import absolute

    request = Source(path=absolute(source), options=parse_settings(option))
    request.open(checksum=False)  # what is no such file is refused before anything is started
    with prefect(verbose):
        from pylops_flows.ingest import ingest as flow

        url = flow(request, absolute(target))
    out.print(f"dataset: {as_path(url)}")


@app.command()
@report_errors
def forward(
    config: Annotated[str, typer.Argument(metavar="CONFIG.yaml")],
    target: Annotated[str, typer.Argument(metavar="TARGET.zarr")],
    root: Root = "runs",
    verbose: Verbose = False,
) -> None:
    """Model data from the model in a dataset (the truth of a synthetic, or the background)."""
    from pylops_distributed.ingest import open_dataset
    from pylops_flows.settings.pipeline import absolute, load

    settings = load(config, {"root": root})
    dataset = settings.located
    settings.problem.check(open_dataset(dataset))
    with prefect(verbose):
        from pylops_flows.forward import forward as flow

        url = flow(dataset, settings.problem, absolute(target))
    out.print(f"modelled: {as_path(url)}")


@app.command()
@report_errors
def invert(
    config: Annotated[str, typer.Argument(metavar="CONFIG.yaml")],
    root: Root = "runs",
    set_: Set = None,
    verbose: Verbose = False,
) -> None:
    """Solve on a dataset that is ingested already."""
    from pylops_flows.settings.pipeline import load
    from pylops_flows.settings.preflight import preflight

    settings = load(config, {"root": root, **parse_settings(set_)})
    settings = settings.model_copy(update={"dataset": settings.located, "sources": {}})
    out.print(f"disk: {preflight(settings)}")
    with prefect(verbose):
        from pylops_flows.invert import invert as flow
        from pylops_flows.runtime.stages import result
        from pylops_flows.runtime.task_runner import task_runner

        ready = flow.with_options(task_runner=task_runner(settings.cluster))
        url = result(ready, settings.target, settings)
    out.print(f"run: {as_path(url)}")


@app.command()
@report_errors
def postprocess(path: RunPath, root: Root = "runs", verbose: Verbose = False) -> None:
    """Label and measure a run's newest iterate, and draw its report."""
    from pylops_distributed.storage.run import Run

    place = find_run(path, root)
    Run.open(place)
    with prefect(verbose):
        from pylops_flows.postprocess import postprocess as flow

        report = flow(place)
    out.print(f"report: {report}")


def run_pipeline(settings: Callable[[], Any], verbose: bool) -> None:
    """Run the pipeline; what it shall do is read, and its cluster begun, while an embedded server starts."""
    with ExitStack() as ends:

        def prepare() -> Any:
            import_without_gc("pylops_flows.runtime.cluster_prestart", "pylops_flows.settings.preflight")
            from pylops_flows.runtime.cluster_prestart import prestarted_cluster
            from pylops_flows.settings.preflight import preflight

            config = settings()
            out.print(f"disk: {preflight(config)}")
            ends.enter_context(prestarted_cluster(config.cluster))
            return config

        config = ends.enter_context(prefect(verbose, prepare))
        from pylops_flows.pipeline import pipeline
        from pylops_flows.runtime.stages import result

        url = result(pipeline, config)
    place = as_path(url)
    from pylops_distributed.runs.reading import open_run
    from pylops_distributed.runs.report import summary
    from pylops_distributed.storage.run import Run

    for key, value in summary(open_run(url)).items():
        out.print(f"{key}: {value}")
    out.print(f"report: {place}/{Run.open(url).report}")
    out.print(f"run: {place}")


def main() -> None:
    """Entry point; modules in the folder one works in can be imported, as with ``python -m``."""
    sys.path.insert(0, str(Path.cwd()))
    app()


if __name__ == "__main__":
    main()
