"""The one table of names that commands import late: Prefect, and what takes part in a run.

Prefect takes more than a second to import, and reads its settings from the environment when it is imported. So it is
imported once a command's own settings are found to be good, while an embedded server and a cluster start.
"""

from __future__ import annotations

from typing import Any

from pylops_flows.server.fast_import import import_without_gc

LATE = {
    "delete_deployment": "pylops_flows.deploy.management:delete_deployment",
    "deploy_config": "pylops_flows.deploy.deployments:deploy_config",
    "deploy_file": "pylops_flows.deploy.deployments:deploy_file",
    "ensure_automation": "pylops_flows.deploy.deployments:ensure_automation",
    "ensure_pool": "pylops_flows.deploy.deployments:ensure_pool",
    "ensure_server": "pylops_flows.server.embedded:ensure_server",
    "find_removable": "pylops_distributed.runs.pruning:find_removable",
    "find_server": "pylops_flows.server.embedded:find_server",
    "flow_result": "pylops_flows.runtime.stages:flow_result",
    "forward": "pylops_flows.forward:forward",
    "free_port": "pylops_flows.server.embedded:free_port",
    "healthy": "pylops_flows.server.embedded:healthy",
    "ingest": "pylops_flows.ingest:ingest_sources",
    "invert": "pylops_flows.invert:invert",
    "list_deployments": "pylops_flows.deploy.deployments:list_deployments",
    "open_run": "pylops_distributed.runs.reading:open_run",
    "pause_run": "pylops_flows.runtime.pause:pause_run",
    "pipeline": "pylops_flows.pipeline:pipeline",
    "pipeline_plan": "pylops_flows.settings.pipeline_plan:pipeline_plan",
    "postprocess": "pylops_flows.postprocess:postprocess",
    "preflight": "pylops_flows.settings.preflight:preflight",
    "prestarted_cluster": "pylops_flows.runtime.cluster_prestart:prestarted_cluster",
    "progress_line": "pylops_flows.cli.progress:progress_line",
    "progress_listeners": "pylops_flows.runtime.monitor:progress_listeners",
    "resume_flow_run": "pylops_flows.runtime.pause:resume_flow_run",
    "running_stack": "pylops_flows.deploy.stack:running_stack",
    "set_api_url": "pylops_flows.server.embedded:set_api_url",
    "start_deployment": "pylops_flows.deploy.management:start_deployment",
    "start_server": "pylops_flows.server.embedded:start_server",
    "summary": "pylops_distributed.runs.report:summary",
    "sweep": "pylops_flows.sweep:sweep",
    "task_runner": "pylops_flows.runtime.task_runner:task_runner",
}


def import_late(name: str) -> Any:
    """Import and return the object of a name in :data:`LATE`."""
    module, _, attribute = LATE[name].partition(":")
    (imported,) = import_without_gc(module)
    return getattr(imported, attribute)
