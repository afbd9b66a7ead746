"""Prefect flows around the library: ingest, forward, invert, postprocess, and the pipeline of all four."""

import os

# Flows tell themselves that they are alive, see `pylops_flows.runtime.heartbeat`: Prefect's way would end each of
# them late. Prefect
# reads this when it is first imported; deployments say it to their workers.
os.environ.setdefault("PREFECT_FLOWS", '{"heartbeat_frequency": null}')
# A server that is away, locked or restarted is waited for: 2, 4, 8 … seconds, a quarter of an hour in all. With
# Prefect's five retries, a minute without it ends a run.
os.environ.setdefault("PREFECT_CLIENT_MAX_RETRIES", "9")
# What the library logs is shown in the Prefect UI, too.
os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "pylops_distributed")
# And where there is no flow to show it with, that is no error.
os.environ.setdefault("PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW", "ignore")
