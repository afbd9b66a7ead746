"""Prefect flows around the library: ingest, forward, invert, postprocess, and the pipeline of all four."""

import os

# Flows tell that they are alive as often as Prefect allows, so that the dead are found within two minutes. Prefect
# reads this when it is first imported; deployments say it to their workers.
os.environ.setdefault("PREFECT_FLOWS_HEARTBEAT_FREQUENCY", "30")
# What the library logs is shown in the Prefect UI, too.
os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "pylops_distributed")
# And where there is no flow to show it with, that is no error.
os.environ.setdefault("PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW", "ignore")
