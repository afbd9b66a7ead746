"""The commands of ``pld``: one line and one file in ``commands/`` each."""

from __future__ import annotations

from pylops_flows.cli.lazy_commands import CommandEntry

RUN, INSPECT, AUTOMATE, MAINTAIN, EXTEND = "Run", "Inspect and export", "Automate", "Maintain", "Extend"

COMMANDS = {
    "demo": CommandEntry("demo:demo_command", RUN, "Run a small synthetic case of a problem."),
    "run": CommandEntry("run:run_command", RUN, "Run a pipeline: ingest, invert, postprocess."),
    "sweep": CommandEntry(
        "sweep:sweep_command", RUN, "Run every combination of listed values, and draw the L-curve."
    ),
    "resume": CommandEntry("resume:resume_command", RUN, "Resume a run from its newest checkpoint."),
    "pause": CommandEntry("pause:pause_command", RUN, "Stop a running run after a last checkpoint."),
    "info": CommandEntry("info:info_command", RUN, "Show what a raw file holds, and how to ingest it."),
    "ingest": CommandEntry(
        "ingest:ingest_command", RUN, "Copy a raw file into a labelled, chunked Zarr dataset."
    ),
    "forward": CommandEntry("forward:forward_command", RUN, "Model data from the model in a dataset."),
    "invert": CommandEntry("invert:invert_command", RUN, "Solve on an ingested dataset."),
    "postprocess": CommandEntry(
        "postprocess:postprocess_command", RUN, "Write a run's result and its report."
    ),
    "runs": CommandEntry(
        "runs:runs_command", INSPECT, "List the runs in a folder, or free their disk space."
    ),
    "status": CommandEntry(
        "status:status_command", INSPECT, "Show the runs that are running: iteration, residual and time left."
    ),
    "show": CommandEntry("show:show_command", INSPECT, "Show the state, quality and contents of a run."),
    "view": CommandEntry("view:view_command", INSPECT, "Browse a run: iterates, sections, data and history."),
    "compare": CommandEntry("compare:compare_command", INSPECT, "Compare the settings and metrics of runs."),
    "export": CommandEntry(
        "export:export_command", INSPECT, "Write a run's result as NetCDF, SEG-Y or Seismic Unix."
    ),
    "up": CommandEntry("up:up_command", AUTOMATE, "Start server, work pool, deployments and worker."),
    "deploy": CommandEntry("deploy:deploy_command", AUTOMATE, "Register pipelines with the Prefect server."),
    "deployments": CommandEntry(
        "deployments:deployments_command",
        AUTOMATE,
        "List the deployments on the Prefect server, with their schedules.",
    ),
    "undeploy": CommandEntry(
        "undeploy:undeploy_command", AUTOMATE, "Delete a deployment from the Prefect server."
    ),
    "verify": CommandEntry(
        "verify:verify_command", MAINTAIN, "Check every checksum, count and link of a run."
    ),
    "repair": CommandEntry(
        "repair:repair_command", MAINTAIN, "Return a run to its newest intact checkpoint."
    ),
    "rename": CommandEntry("rename:rename_command", MAINTAIN, "Rename a run."),
    "rm": CommandEntry("rm:rm_command", MAINTAIN, "Delete runs."),
    "discard": CommandEntry(
        "discard:discard_command", MAINTAIN, "Delete a dataset, or an ingest that was not finished."
    ),
    "doctor": CommandEntry(
        "doctor:doctor_command", MAINTAIN, "Check versions, disk, ports, server and workers."
    ),
    "problems": CommandEntry("problems:problems_command", EXTEND, "List the built-in problems."),
    "new": CommandEntry(
        "new:new_command", EXTEND, "Write a module with a working problem, to start your own from."
    ),
    "check": CommandEntry("check:check_command", EXTEND, "Check a problem before a long run."),
}
