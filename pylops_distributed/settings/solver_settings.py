"""Solvers as settings: what a person chooses and sets in YAML or in a form, made from the algorithms' own files.

:data:`ALGORITHMS` lists the solvers by name. The fields of an algorithm are its settings, with the defaults and the
words of its docstring; fields that hold operators, functions or vectors are no settings: a problem supplies them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import BaseModel, ConfigDict, create_model, model_validator
from pydantic import Field as Setting

from pylops_distributed.registry import Registry, import_on_use
from pylops_distributed.settings.declared_fields import REQUIRED, read_class
from pylops_distributed.settings.tagged_union import TaggedUnion

if TYPE_CHECKING:
    from pylops_distributed.optimization.session import AnySolver

    pass

# Absolute tolerances know nothing of the data's scale, and a pipeline's solver has more patience than a script's.
DEFAULTS: dict[str, Any] = {"tol": 0.0, "inner_tol": 0.0, "calc_var": False, "iter_lim": 100}
NITER = 50
WEIGHTS = ("epsRL1s", "epsRL2s")  # of operators, with which they come


class SolverSettings(BaseModel):
    """Settings of a solver; :data:`SOLVERS` holds one class for each."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    location: ClassVar[str]
    checks: ClassVar[bool]
    name: str

    @classmethod
    def algorithm(cls) -> type[Any]:
        """Import the class of the solver itself."""
        module, _, name = cls.location.partition(":")
        algorithm: type[Any] = getattr(import_on_use(module), name)
        return algorithm

    def build(self, **supplied: object) -> AnySolver:
        """The solver itself.

        Parameters
        ----------
        **supplied
            Fields that are no settings, by name: operators, functions and vectors. A required one that is missing
            stays empty: such a solver has settings, but cannot solve.
        """
        algorithm = self.algorithm()
        empty = {f.name: () for f in injected_fields(algorithm) if f.default is MISSING}
        solver: AnySolver = algorithm(**self.model_dump(exclude={"name"}), **{**empty, **supplied})
        return solver

    @model_validator(mode="after")
    def _together(self) -> SolverSettings:
        """Let the algorithm say whether its settings go together, while the problem's part is still open."""
        if self.checks:
            self.build()
        return self


def injected_fields(algorithm: type) -> list[Field[object]]:
    """Fields of an algorithm that are no settings."""
    hints = get_type_hints(algorithm)
    return [f for f in fields(algorithm) if f.name in WEIGHTS or not _plain(hints[f.name])]


def name_of(solver: object) -> str:
    """Name of the solver of settings or of an algorithm."""
    if isinstance(solver, SolverSettings):
        return solver.name
    # Solvers of other people are known by their module.
    return SOLVERS.name_of(type(solver)) or type(solver).__module__.rsplit(".", 1)[-1]


def find_solver(name: str) -> type[SolverSettings]:
    """Settings of the solver ``name``; a ValueError names those there are."""
    if name not in SOLVERS:
        near = get_close_matches(name, list(SOLVERS), 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"there is no solver {name!r}; there are: {', '.join(map(repr, SOLVERS))}{hint}")
    return SOLVERS[name]


def max_steps_of(solver: object) -> int:
    """Steps that a solver takes at most, 0 where that is not known."""
    algorithm = solver.build() if isinstance(solver, SolverSettings) else solver
    return int(getattr(algorithm, "most", getattr(algorithm, "niter", 0)))


def _settings(name: str, location: str) -> type[SolverSettings]:
    """Make the settings of a solver, of the source of its class."""
    module, _, class_name = location.partition(":")
    declared = read_class(module, class_name)
    words = _described(declared.docs)
    extends_niter = "niter" in declared.variables.get("resumable_settings", ("niter",))
    settings: dict[str, Any] = {"name": (Literal[name], name)}
    for field_name, field in declared.fields.items():
        if field_name in WEIGHTS or not _plain(field.type):
            continue
        default = {} if field.default is REQUIRED else field.default
        if field_name == "niter" and extends_niter:
            default = NITER
        default = DEFAULTS.get(field_name, default)
        kind: Any = field.type
        described = Annotated[kind, Setting(description=words.get(field_name))]
        settings[field_name] = (described, _limited(kind, default))
    return create_model(
        f"{class_name}Settings", __base__=SolverSettings, __module__=__name__,
        __doc__=declared.docs[-1].split("\n\n")[0],
        location=(ClassVar[str], location), checks=(ClassVar[bool], declared.checks), **settings,
    )  # fmt: skip


def _limited(kind: object, default: object) -> object:
    """A setting's default, and its least value: counts begin at one, all other numbers at zero."""
    kinds = set(get_args(kind)) - {NoneType} if get_origin(kind) in (Union, UnionType) else {kind}
    if kinds == {int}:
        return Setting(default, ge=1)
    return Setting(default, ge=0) if kinds == {float} else Setting(default)


def _plain(kind: object) -> bool:
    """Whether JSON has values of a type."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return all(_plain(k) for k in get_args(kind))
    return kind in (int, float, bool, str, NoneType) or origin is Literal or _collection(kind)


def _collection(kind: object) -> bool:
    origin, inner = get_origin(kind), [k for k in get_args(kind) if k is not ...]
    return origin is Mapping or (origin is tuple and all(_plain(k) for k in inner))


def _described(docs: Iterable[str]) -> dict[str, str]:
    """Return the descriptions of parameters in docstrings; later ones take precedence."""
    words: dict[str, str] = {}
    for doc in docs:
        section = re.search(r"\nParameters\n-+\n(.*?)(\n\n\w+\n-+\n|\Z)", doc, re.DOTALL)
        for names, text in re.findall(
            r"^(\S.*?) : .*\n((?:    .*\n?)+)", section[1] if section else "", re.MULTILINE
        ):
            clean = re.sub(r":\w+:`~?([^`]*)`", r"\1", " ".join(text.split())).replace("``", "")
            words |= dict.fromkeys(names.split(", "), clean)
    return words


class _Forms(Registry[type[SolverSettings]]):
    """Settings by name, made when asked for, without importing their solvers."""

    def __getitem__(self, name: str) -> type[SolverSettings]:
        if name not in self._objects:
            self._objects[name] = _settings(name, self._places[name])
        return self._objects[name]


# A solver is one line here. Names are stored with runs.
ALGORITHMS = {
    "adaptiveprimaldual": "pylops_distributed.optimization.algorithms.adaptiveprimaldual:AdaptivePrimalDual",
    "admm": "pylops_distributed.optimization.algorithms.admm:ADMM",
    "admml2": "pylops_distributed.optimization.algorithms.admml2:ADMML2",
    "cg": "pylops_distributed.optimization.algorithms.cg:CG",
    "cgls": "pylops_distributed.optimization.algorithms.cgls:CGLS",
    "douglasrachford": "pylops_distributed.optimization.algorithms.douglasrachford:DouglasRachfordSplitting",
    "fista": "pylops_distributed.optimization.algorithms.fista:FISTA",
    "hqs": "pylops_distributed.optimization.algorithms.hqs:HQS",
    "hybridlsqr": "pylops_distributed.optimization.algorithms.hybridlsqr:HybridLSQR",
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
SOLVERS: Registry[type[SolverSettings]] = _Forms(ALGORITHMS)
SolverChoice = Annotated[SolverSettings, TaggedUnion(SolverSettings, find_solver, lambda: SOLVERS, "cgls")]
