"""Turn a solution into a labelled result, metrics and a report."""

from __future__ import annotations

from prefect import flow

from pylops_flows import tasks
from pylops_flows.runtime.flow_run_names import name_from
from pylops_flows.runtime.heartbeat import heartbeat
from pylops_flows.runtime.task_runner import cluster, task_runner


@flow(name="postprocess", task_runner=task_runner(), flow_run_name=name_from("postprocess {run}"))
def postprocess(run: str) -> str:
    """Publish the run's newest iterate as its result, and draw its report.

    Parameters
    ----------
    run : str
        URL of a run.

    Returns
    -------
    str
        URL of the report.
    """
    with heartbeat(), cluster():
        tasks.write_run_result(run)
        return tasks.write_run_report(run)
