"""Solvers as settings: what a person chooses and sets in YAML or in a form, made from the algorithms' own files.

:data:`ALGORITHMS` lists the solvers by name. The fields of an algorithm are its settings, with the defaults and the
words of its docstring; fields that hold operators, functions or vectors are no settings: a problem supplies them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model, model_validator
from pydantic import Field as Setting

from pylops_distributed.execution.state import EXTENDABLE
from pylops_distributed.optimization.session import Solver
from pylops_distributed.registry import Registry
from pylops_distributed.settings.tagged_union import TaggedUnion

# Absolute tolerances know nothing of the data's scale, and a pipeline's solver has more patience than a script's.
DEFAULTS: dict[str, Any] = {"tol": 0.0, "inner_tol": 0.0, "calc_var": False, "iter_lim": 100}
NITER = 50
WEIGHTS = ("epsRL1s", "epsRL2s")  # of operators, with which they come


class SolverSettings(BaseModel):
    """Settings of a solver; :data:`SOLVERS` holds one class for each."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    algorithm: ClassVar[type[Any]]
    name: str

    def build(self, **supplied: Any) -> Solver[Any]:
        """The solver itself.

        Parameters
        ----------
        **supplied
            Fields that are no settings, by name: operators, functions and vectors. A required one that is missing
            stays empty: such a solver has settings, but cannot solve.
        """
        empty = {f.name: () for f in injected_fields(self.algorithm) if f.default is MISSING}
        solver: Solver[Any] = self.algorithm(**self.model_dump(exclude={"name"}), **{**empty, **supplied})
        return solver

    @model_validator(mode="after")
    def _together(self) -> SolverSettings:
        """Let the algorithm say whether its settings go together, while the problem's part is still open."""
        self.build()
        return self


def injected_fields(algorithm: type[Any]) -> list[Field[Any]]:
    """Fields of an algorithm that are no settings."""
    hints = get_type_hints(algorithm)
    return [f for f in fields(algorithm) if f.name in WEIGHTS or not _plain(hints[f.name])]


def name_of(solver: Any) -> str:
    """Name of the solver of settings or of an algorithm."""
    if isinstance(solver, SolverSettings):
        return solver.name
    # Solvers of other people are known by their module.
    return SOLVERS.name_of(type(solver)) or type(solver).__module__.rsplit(".", 1)[-1]


def find_solver(name: str) -> type[SolverSettings]:
    """Settings of the solver ``name``; a ValueError names those there are."""
    if name not in SOLVERS:
        raise ValueError(f"there is no solver {name!r}; there are: {', '.join(map(repr, SOLVERS))}")
    return SOLVERS[name]


def max_steps_of(solver: Any) -> int:
    """Steps that a solver takes at most, 0 where that is not known."""
    algorithm = solver.build() if isinstance(solver, SolverSettings) else solver
    return int(getattr(algorithm, "most", getattr(algorithm, "niter", 0)))


def _settings(name: str, algorithm: type[Any]) -> type[SolverSettings]:
    hints, words = get_type_hints(algorithm), _described(algorithm)
    extendable = getattr(algorithm, "resumable_settings", EXTENDABLE)
    no_settings = {f.name for f in injected_fields(algorithm)}
    settings: dict[str, Any] = {"name": (Literal[name], name)}
    for f in fields(algorithm):
        if f.name in no_settings:
            continue
        default = {} if f.default is MISSING else f.default
        if f.name == "niter" and "niter" in extendable:
            default = NITER
        default = DEFAULTS.get(f.name, default)
        kind = hints[f.name]
        settings[f.name] = (Annotated[kind, Setting(description=words.get(f.name))], _limited(kind, default))
    title = inspect.getdoc(algorithm) or ""
    return create_model(
        f"{algorithm.__name__}Settings", __base__=SolverSettings, __module__=__name__, __doc__=title.split("\n\n")[0],
        algorithm=(ClassVar[type[Any]], algorithm), **settings,
    )  # fmt: skip


def _limited(kind: Any, default: Any) -> Any:
    """A setting's default, and its least value: counts begin at one, all other numbers at zero."""
    kinds = set(get_args(kind)) - {NoneType} if get_origin(kind) in (Union, UnionType) else {kind}
    if kinds == {int}:
        return Setting(default, ge=1)
    return Setting(default, ge=0) if kinds == {float} else Setting(default)


def _plain(kind: Any) -> bool:
    """Whether JSON has values of a type."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return all(_plain(k) for k in get_args(kind))
    return kind in (int, float, bool, str, NoneType) or origin is Literal or _collection(kind)


def _collection(kind: Any) -> bool:
    origin, inner = get_origin(kind), [k for k in get_args(kind) if k is not ...]
    return origin is Mapping or (origin is tuple and all(_plain(k) for k in inner))


def _described(algorithm: type[Any]) -> dict[str, str]:
    """What an algorithm's docstring, or that of one it is made from, says of each parameter."""
    words: dict[str, str] = {}
    for cls in reversed(algorithm.__mro__):
        section = re.search(
            r"\nParameters\n-+\n(.*?)(\n\n\w+\n-+\n|\Z)", inspect.getdoc(cls) or "", re.DOTALL
        )
        for names, text in re.findall(
            r"^(\S.*?) : .*\n((?:    .*\n?)+)", section[1] if section else "", re.MULTILINE
        ):
            clean = re.sub(r":\w+:`~?([^`]*)`", r"\1", " ".join(text.split())).replace("``", "")
            words |= dict.fromkeys(names.split(", "), clean)
    return words


# A solver is one line here. Names are stored with runs.
ALGORITHMS = {
    "admm": "pylops_distributed.optimization.algorithms.admm:ADMM",
    "cg": "pylops_distributed.optimization.algorithms.cg:CG",
    "cgls": "pylops_distributed.optimization.algorithms.cgls:CGLS",
    "fista": "pylops_distributed.optimization.algorithms.fista:FISTA",
    "irls": "pylops_distributed.optimization.algorithms.irls:IRLS",
    "irlsmodel": "pylops_distributed.optimization.algorithms.irlsmodel:IRLSModel",
    "ista": "pylops_distributed.optimization.algorithms.ista:ISTA",
    "linearizedadmm": "pylops_distributed.optimization.algorithms.linearizedadmm:LinearizedADMM",
    "lsmr": "pylops_distributed.optimization.algorithms.lsmr:LSMR",
    "lsqr": "pylops_distributed.optimization.algorithms.lsqr:LSQR",
    "mp": "pylops_distributed.optimization.algorithms.mp:MP",
    "omp": "pylops_distributed.optimization.algorithms.omp:OMP",
    "primaldual": "pylops_distributed.optimization.algorithms.primaldual:PrimalDual",
    "proximalgradient": "pylops_distributed.optimization.algorithms.proximalgradient:ProximalGradient",
    "spgl1": "pylops_distributed.optimization.algorithms.spgl1:SPGL1",
    "splitbregman": "pylops_distributed.optimization.algorithms.splitbregman:SplitBregman",
}
SOLVERS: Registry[type[SolverSettings]] = Registry(ALGORITHMS, _settings)
SolverChoice = Annotated[SolverSettings, TaggedUnion(SolverSettings, find_solver, lambda: SOLVERS, "cgls")]
