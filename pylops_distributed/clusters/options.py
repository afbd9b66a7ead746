"""Checks of the options of clusters."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import ModuleType

from distributed.security import Security

from pylops_distributed.compat.distributed import Cluster
from pylops_distributed.registry import import_on_use

COMMON = {"n_workers", "threads_per_worker", "processes", "adapt", "security"}
ADAPT = {"minimum", "maximum", "interval", "wait_count", "target_duration"}


@dataclass(frozen=True)
class ClusterKind:
    """A kind of cluster.

    Attributes
    ----------
    start : callable
        Starts a cluster with ``n_workers``, ``threads_per_worker``, ``processes`` and further options.
    check : callable
        Raises for options that ``start`` cannot take; nothing is started.
    """

    start: Callable[..., Cluster]
    check: Callable[..., None]


def need(package: str, hardware: str, processes: bool = True) -> ModuleType:
    """Import a package that only this hardware takes, hardware of other machines.

    Raises
    ------
    ImportError
        If it is not installed; says how to install it.
    ValueError
        If workers are not to be processes: on other machines they always are.
    """
    if not processes:
        raise ValueError(f"hardware={hardware!r} starts processes: processes=False is for hardware='single'")
    return import_on_use(
        package,
        f"hardware={hardware!r} needs the package {package!r}: pip install 'pylops-distributed[cluster]'",
    )


def check_security(hardware: str, security: object) -> None:
    """Reject a value of ``security`` that is neither a switch nor Dask's own settings.

    Raises
    ------
    ValueError
        Names the value given and the values expected.
    """
    if security is not None and not isinstance(security, bool | Security):
        raise ValueError(
            f"hardware={hardware!r} takes security=True (TLS with a temporary certificate, the default) or "
            f"security=False (no encryption), got {security!r}"
        )


def encryption(hardware: str, security: bool | Security | None) -> Security | None:
    """TLS settings of a cluster on several machines; None if ``security`` turns TLS off.

    What Dask's own configuration (``distributed.comm.tls``) sets comes before a temporary certificate.

    Raises
    ------
    ImportError
        If a temporary certificate is needed, and there is no package to make it.
    """
    check_security(hardware, security)
    if security is False:
        return None
    if isinstance(security, Security):
        return security
    configured = Security()
    if configured.require_encryption or configured.get_tls_config_for_role("scheduler").get("cert"):
        return configured
    need("cryptography", hardware)
    temporary: Security = Security.temporary()
    return temporary


def check_options(hardware: str, options: Mapping[str, object], *makers: Callable[..., object]) -> None:
    """Raise for options that none of ``makers`` takes, and for impossible sizes.

    Raises
    ------
    ValueError
        Names the option, the value given and the values expected.
    """
    accepted = COMMON.union(*map(_argument_names, makers))
    for name in options.keys() - accepted:
        near = get_close_matches(name, accepted, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"it takes those of {makers[0].__qualname__}"
        raise ValueError(f"hardware={hardware!r} has no option {name!r}: {hint}")
    for name, least in (("n_workers", 0), ("threads_per_worker", 1)):
        _whole(name, options.get(name), least)
    if (adapt := options.get("adapt")) is not None:
        _check_adapt(adapt)


def _check_adapt(adapt: object) -> None:
    if not isinstance(adapt, Mapping) or "maximum" not in adapt or adapt.keys() - ADAPT:
        raise ValueError(
            f"adapt must be {{minimum: 1, maximum: N}}, with any of {sorted(ADAPT)}, got {adapt!r}"
        )
    least = adapt.get("minimum", 1)
    _whole("adapt.minimum", least, 1)  # the pipeline that starts a cluster always needs a worker
    _whole("adapt.maximum", adapt["maximum"], least)


def _whole(name: str, value: object, least: int) -> None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < least):
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")


def _argument_names(maker: Callable[..., object]) -> set[str]:
    """Names of all arguments that a function takes, or a class and those that it is made of."""
    makers = [vars(c).get("__init__", c) for c in maker.__mro__[:-1]] if isinstance(maker, type) else [maker]
    parameters = (p for m in makers for p in inspect.signature(m).parameters.values())
    return {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)} - {"self"}
