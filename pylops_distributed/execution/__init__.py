"""How a traced step is run."""

from pylops_distributed.execution.plain import materialise, replay
from pylops_distributed.execution.trace import trace

__all__ = ["materialise", "replay", "trace"]
