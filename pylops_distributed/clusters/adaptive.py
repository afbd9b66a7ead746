"""Clusters that grow and shrink with what there is to do, and leave a solve its workers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import distributed

from pylops_distributed.compat.distributed import actor_holders

C = TypeVar("C", bound=distributed.SpecCluster)


class Adaptive(distributed.Adaptive):
    """Dask's rule, as many workers as the tasks that wait need, for all but solves.

    A solve has no tasks at the scheduler: its parts live on their workers as actors, which Dask's rule would take for
    idle, and end. While there are any, as many workers as may be are wanted, and none that holds one is let go.
    """

    async def target(self) -> int:
        """How many workers there should be."""
        wanted = self.maximum if await actor_holders(self.scheduler) else await super().target()
        return int(wanted)

    async def workers_to_close(self, target: int) -> list[str]:
        """Names of workers that may go."""
        names, held = await super().workers_to_close(target), await actor_holders(self.scheduler)
        return [name for name in names if name not in held]


def adapted(cluster: C, adapt: Mapping[str, object] | None) -> C:
    """``cluster``, set to grow and shrink if ``adapt`` says between which numbers of workers."""
    if adapt is not None:
        options: dict[str, Any] = {"minimum": 1, **adapt}
        cluster.adapt(Adaptive=Adaptive, **options)
    return cluster
