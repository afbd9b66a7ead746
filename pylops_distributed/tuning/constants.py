"""The constants that may be tuned: name, default, unit, bounds and reason of each, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Unit: TypeAlias = Literal["bytes", "seconds", "count", "share"]


@dataclass(frozen=True)
class Tunable:
    """A constant that may be set by Dask's configuration."""

    unit: Unit
    default: str | int | float
    """As one would write it in the configuration."""
    bounds: tuple[str | int | float, str | int | float]
    """The least and the greatest value that are accepted."""
    reason: str
    """Its effect, and why the default is as it is."""


def _bytes(default: str, reason: str, bounds: tuple[str, str] = ("1 B", "1 TiB")) -> Tunable:
    return Tunable("bytes", default, bounds, reason)


def _seconds(default: str, reason: str, bounds: tuple[str, str] = ("1 ms", "1 d")) -> Tunable:
    return Tunable("seconds", default, bounds, reason)


def _count(default: int, reason: str, bounds: tuple[int, int] = (1, 10**9)) -> Tunable:
    return Tunable("count", default, bounds, reason)


def _share(default: float, reason: str, bounds: tuple[float, float] = (0.0, 1.0)) -> Tunable:
    return Tunable("share", default, bounds, reason)


# fmt: off
TABLE: dict[str, Tunable] = {
    # Operators.
    "blockwise.cache-block": _bytes("256 KiB",
        "Part of a chunk that a finite difference or transform takes at a time: with its temporary arrays it stays in "
        "the processor's cache."),
    "blockwise.small-chunk": _bytes("1 MiB",
        "Largest chunk that is rechunked in one task a new chunk, which takes whole old ones; larger ones are cut "
        "first, as Dask does.", ("0 B", "1 TiB")),
    "blockwise.rechunk-parts": _count(256,
        "Most chunks along the axes that a kernel needs whole for which their parts are joined in the kernel's own "
        "task; Dask rechunks more in several steps."),
    "blockwise.table-samples": _count(2**22,
        "Samples of a table of curves (Radon transforms) that one task makes: some 32 MiB in double precision."),
    "blockwise.pylops-operators": _count(16,
        "PyLops operators that a process keeps for reuse, one for each thread and shape of block."),
    "waveeqprocessing.whole-spectrum": _bytes("4 MiB",
        "Largest spectrum of a chunk in MDC that is sent whole: below, a task that cuts it costs more than sending it.",
        ("0 B", "1 TiB")),
    "waveeqprocessing.kirchhoff-samples": _count(2**26,
        "Image points times traces in one task of Kirchhoff: a second or so. Sums of other tasks round differently.",
        (1, 10**12)),
    "optimization.dense-eigenvalues": _bytes("16 MiB",
        "Largest matrix whose eigenvalues one task computes directly, in seconds; those of larger ones are iterated.",
        ("0 B", "1 TiB")),
    # Execution of solves.
    "execution.report-interval": _seconds("250 ms",
        "How long workers take steps on their own before the driver hears of them, unless somebody watches each."),
    "execution.operator-memory": _share(0.3,
        "Share of a worker's free memory in which blocks of the operator are kept; the rest is for the state and "
        "temporary arrays. Blocks beyond it are read again in each step."),
    "execution.retained-memory": _bytes("2 GiB",
        "Free memory from which a worker keeps what it frees instead of returning it to the system: steps are faster."),
    "execution.switch-interval": _seconds("0.2 ms",
        "Python's switch interval during steps: with its own 5 ms, messages would wait for computing threads.",
        ("1 us", "1 s")),
    "execution.separate-constants": _bytes("64 KiB",
        "Constant array from which on it is sent to its worker on its own instead of within the task graph."),
    "execution.largest-share": _count(2,
        "How many times an even share of the operator's blocks a worker works with that holds so many; of more, other "
        "workers take the rest."),
    "execution.transfer-at-once": _bytes("64 MiB",
        "How much of an operator a worker is handed at a time: it lies twice in memory for a moment."),
    "execution.connect-timeout": _seconds("30 s",
        "For all parts of a solve to connect with each other."),
    "execution.caller-timeout": _seconds("5 s",
        "For one caller on a port of a solve to prove that it knows the solve's secret."),
    "execution.pending-callers": _count(256,
        "Callers at a time that have not proved it yet; the one silent for longest makes room for the next."),
    "execution.queued-callers": _count(512,
        "Callers that the system queues on a port of a solve until they are accepted.", (1, 65535)),
    "execution.retry-interval": _seconds("50 ms",
        "Between two tries to connect with a part that was too busy to answer."),
    "execution.poll-interval": _seconds("1 ms",
        "Between two looks at which parts have connected.", ("100 us", "1 s")),
    "execution.local-worker-timeout": _seconds("60 s",
        "For a worker of this machine to start when there is none: it takes seconds, or never ends."),
    "execution.worker-check-interval": _seconds("5 s",
        "Between two looks at whether the workers still exist, while nothing comes from them."),
    "execution.abandoned-check-interval": _seconds("1 s",
        "Between two looks of a worker at whether the driver of its solve still exists."),
    "execution.close-timeout": _seconds("5 s",
        "For the parts of a solve to close, which may be in the middle of a step."),
    "execution.event-timeout": _seconds("5 s",
        "For the scheduler to say why a worker was lost."),
    # Runs in storage.
    "storage.lease-renewal": _seconds("20 s",
        "Between two signs of life of a run's writer: several fit into storage.lease-time."),
    "storage.lease-time": _seconds("90 s",
        "Without a sign of life, after which a run may be taken over. The same on all machines that share runs, and "
        "several times storage.lease-renewal.", ("0 s", "1 d")),
    "storage.lease-check-interval": _seconds("2 s",
        "Between two looks at the lease of a writer on another machine that is watched."),
    "storage.lease-age": _seconds("1 d",
        "Age of the last sign of life of a writer on another machine from which it counts as gone without being "
        "watched: clocks differ by less.", ("1 m", "365 d")),
    "storage.request-tries": _count(4,
        "Requests to an object store for one object, where the client does not repeat them itself.", (1, 100)),
    "storage.request-time": _seconds("60 s",
        "After which a request that fails is not sent again."),
    "storage.save-time": _seconds("2 m",
        "A save that takes longer, in addition to the time for its bytes, counts as stuck."),
    "storage.save-rate": _bytes("10 MB",
        "Bytes a second that even the slowest store writes; see storage.save-time."),
    "storage.digest-piece": _bytes("64 MiB",
        "Piece of a file or an array that is read at once for its digest, which does not depend on it."),
    "storage.small-array": _bytes("1 MB",
        "Array below which checksums are computed by the driver: not worth a round trip to the workers.",
        ("0 B", "1 TiB")),
    "storage.folder-tries": _count(3,
        "Tries to write into, or delete, a folder that another process deletes, or writes into, meanwhile.", (1, 100)),
    "storage.result-tries": _count(5,
        "Tries to read a result that is replaced meanwhile.", (1, 100)),
    # Datasets.
    "ingest.block": _bytes("64 MiB",
        "Part of a dataset that one task writes, whole chunks: which is also written again after a failure."),
    "ingest.chunk": _bytes("16 MiB",
        "Chunk of a dataset where neither the user nor the file says another. Other chunks are another dataset.",
        ("1 KiB", "1 GiB")),
    "ingest.chunks": _count(10_000_000,
        "Most chunks that a source may claim to have: more are a corrupt file, and would be listed in memory."),
    "ingest.segy-window": _bytes("32 MiB",
        "Part of a SEG-Y file that is mapped at once when headers are read.", ("4 KiB", "1 TiB")),
    "ingest.segy-fill": _share(0.1,
        "Least share of a grid's cells with a trace: below it a header field is probably wrong."),
    # Inversions, problems and runs.
    "inversion.save-grace": _seconds("20 s",
        "For the last save of an inversion that was interrupted: process managers give 30 s before they kill."),
    "inversion.worker-check-interval": _seconds("5 s",
        "Between two looks at whether there are more workers, on which the inversion then continues."),
    "inversion.large-chunk": _bytes("256 MiB",
        "Chunk that pld check warns of: it leaves workers little memory for temporary arrays."),
    "inversion.small-chunk": _bytes("256 KiB",
        "Mean size of many chunks that pld check warns of: they cost more to handle than to compute.",
        ("0 B", "1 TiB")),
    "solving.checkpoint-interval": _seconds("1 s",
        "Between two checkpoints of pylops_distributed.solve at least: short solves save their end alone."),
    "solving.progress-delay": _seconds("3 s",
        "Before which pylops_distributed.solve shows no progress, unless it is asked for.", ("0 s", "1 d")),
    "problems.chunk": _bytes("16 MiB",
        "Largest chunk of a problem's data along axes that may be cut; sums of other chunks round differently.",
        ("1 KiB", "1 GiB")),
    "runs.image-samples": _count(1000,
        "Samples along an axis of a picture; of more, every n-th is drawn."),
    "runs.viewer-dpi": _count(110,
        "Dots an inch of the pictures of pld view.", (10, 1000)),
    "runs.norm-slabs": _count(16,
        "Slabs in which an L-curve's norms are computed, one after another, so that little is in memory."),
    # Clusters.
    "clusters.workers-per-core": _count(4,
        "Most worker processes a core of this machine: more take each other's time.", (1, 100)),
    "clusters.least-workers": _count(8,
        "Worker processes that are allowed on a machine of any number of cores.", (1, 1000)),
    "clusters.idle-worker-memory": _bytes("250 MB",
        "Memory that a worker process takes before it does anything, which limits their number."),
    "clusters.start-timeout": _seconds("60 s",
        "For the other workers of this machine to start once there is one."),
    "clusters.worker-check-interval": _seconds("2 s",
        "Between two looks for workers of this machine that died and are replaced.", ("10 ms", "1 d")),
    # Pipelines.
    "pipelines.driver-ingest": _bytes("64 MiB",
        "Largest dataset that the flow writes itself: before workers could, they would import Prefect.",
        ("0 B", "1 TiB")),
    "pipelines.segment": _seconds("45 s",
        "Of a solve in one task run: hours take hundreds of them, and a pause waits less than a minute.",
        ("1 s", "1 d")),
    "pipelines.heartbeat": _seconds("30 s",
        "Between two signs of life of a flow run."),
    "pipelines.silence": _seconds("90 s",
        "Without a sign of life, after which the server marks a flow run Crashed: several times pipelines.heartbeat. "
        "Read by pld deploy and pld up.", ("10 s", "1 d")),
    "pipelines.artifact-interval": _seconds("3 s",
        "Between two updates of what the server shows of a running inversion."),
    "pipelines.picture-share": _share(0.05,
        "Share of the time that drawing pictures of a running inversion may take from its solver.", (0.001, 1.0)),
    "pipelines.first-picture": _seconds("15 s",
        "Before which no picture of a running inversion is drawn: short ones are drawn once, at the end.",
        ("0 s", "1 d")),
    "pipelines.last-artifacts": _seconds("5 s",
        "For the last artifacts of a stage to reach the server."),
    "pipelines.pause-timeout": _seconds("60 s",
        "For a run to end after pld pause asked it to: longer than inversion.save-grace."),
    "pipelines.suspension": _seconds("365 d",
        "After which a suspended flow run fails; pld resume continues it all the same.", ("1 m", "3650 d")),
    "pipelines.server-start-timeout": _seconds("3 m",
        "For the embedded Prefect server to answer."),
    "pipelines.server-answer-timeout": _seconds("5 s",
        "For a Prefect server to say that it is healthy."),
    "pipelines.server-stop-timeout": _seconds("10 s",
        "For the embedded Prefect server to end before it is killed."),
    "pipelines.last-events": _seconds("5 s",
        "For the last events and logs of a command to reach the embedded server before it ends."),
    "pipelines.stop-timeout": _seconds("45 s",
        "For flows to save their states when pld up ends: longer than inversion.save-grace."),
    "pipelines.worker-restart-limit": _seconds("20 s",
        "A worker of pld up that ends sooner is not started again: something is wrong.", ("0 s", "1 d")),
    "pipelines.flow-check-interval": _seconds("2 s",
        "Between two looks of pld up for the flows of its worker."),
    "pipelines.quiet-time": _seconds("3 s",
        "Without a flow, after which a worker that ends has none left to start."),
    "pipelines.sweep-runs": _count(10_000,
        "Most runs of one sweep: more are a mistake in a list."),
}
# fmt: on
