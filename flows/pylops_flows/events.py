"""Names of the events that flows emit, and that deployments and automations wait for."""

from __future__ import annotations

FILE_ARRIVED = "pylops-distributed.file.arrived"
DATASET_SEALED = "pylops-distributed.dataset.sealed"
FLOW_RUN_SUSPENDED = "pylops-distributed.flow-run.suspended"
# Prefect's own, emitted by us: see `pylops_flows.runtime.heartbeat`.
HEARTBEAT = "prefect.flow-run.heartbeat"
# Flows whose runs give signs of life: without `announce-files`, which ends before its first one is read.
FLOWS = ("pipeline", "sweep", "ingest", "invert", "forward", "postprocess")
