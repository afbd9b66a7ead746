"""Snapshots: one solver state as a group of labelled arrays, and back."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

import dask.array as da
import numpy as np

from pylops_distributed.errors import CorruptionError
from pylops_distributed.execution.state import State
from pylops_distributed.storage.atomic_group import Group, Variable, Verify, open_group
from pylops_distributed.storage.checkpoint_keys import ROOT, CheckpointKey, published_checkpoints
from pylops_distributed.storage.group_metadata import Json, LabelledArray, read_attrs
from pylops_distributed.storage.labels import Labels, SpaceLabels
from pylops_distributed.vectors.space import BlockVector
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.storage.object_store import Storage

S = TypeVar("S", bound=State)
History: TypeAlias = dict[str, NDArray]

SCHEMA = "pylops-distributed-checkpoint/1"
SUFFIX = "_history"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint(Generic[S]):
    """A state read back.

    Attributes
    ----------
    name : str
        Name of its group.
    state : State
        Vectors as lazy Dask arrays in their old chunks, scalars as NumPy numbers, bit by bit as saved.
    history : dict of numpy.ndarray
        The numbers of all steps up to it.
    attrs : dict
        What else is known of it: ``metrics``, ``created_at``, ``parent``.
    """

    name: str
    state: S
    history: History = field(repr=False)
    attrs: Json = field(repr=False)


def verified_checkpoints(storage: Storage) -> Iterator[CheckpointKey]:
    """The intact published checkpoints, newest first, each read in full when it is asked for."""
    for entry in reversed(published_checkpoints(storage)):
        try:
            open_checkpoint(storage, entry.name)
        except CorruptionError as error:
            log.warning("%s of %s is corrupt and skipped: %s", entry.name, storage.place, error)
        else:
            yield entry


def open_checkpoint(storage: Storage, name: str, verify: Verify = "full", get: object = None) -> Group:
    """Open a checkpoint's group after checking it, and that it is the run's, and what its name says.

    Raises
    ------
    CorruptionError
        If it is not.
    """
    entry = CheckpointKey.of(name)
    group = open_group(storage, entry.path, verify, get)
    iteration, attempt = group.attrs["iteration"], group.attrs["attempt"]
    if (iteration, attempt) != (entry.iteration, entry.attempt):
        raise CorruptionError(f"{entry.path} holds iteration {iteration} of attempt {attempt}")
    if "run" in group.attrs and group.attrs["run"] != read_attrs(storage)["fingerprint"]:
        raise CorruptionError(f"{entry.path} is that of another run, {group.attrs['run'][:8]}")
    return group


def load_checkpoint(
    storage: Storage, name: str, kind: type[S], verify: Verify = "full", get: object = None
) -> Checkpoint[S]:
    """Read a checkpoint after checking it.

    Parameters
    ----------
    storage : Storage
        The run's storage.
    name : str
        Name of the checkpoint.
    kind : type
        The class of the state; ``State`` reads the model alone, of any.
    verify : {"full", "fast"}, optional
        Whether to check every chunk's checksum, or only that all chunks exist, whole.
    get : callable or str, optional
        Dask scheduler that reads; the one in use if not given.

    Raises
    ------
    FileNotFoundError
        If there is no such checkpoint.
    CorruptionError
        If it is not as it was written.
    TypeError
        If it holds another kind of state.
    """
    path = f"{ROOT}/{name}"
    saved = read_attrs(storage, path)["kind"]
    if kind is not State and saved != kind.kind:
        raise TypeError(
            f"{storage.place}/{path} holds a {saved}, not a {kind.kind}: resume with the same solver"
        )
    group = open_checkpoint(storage, name, verify, get)
    values: dict[str, Any] = {"iteration": group.attrs["iteration"]}
    for f in fields(kind):
        if f.metadata.get("space", "") is None:
            values[f.name] = group.read(f.metadata["name"])[()]
        elif "space" in f.metadata:
            values[f.name] = _vector(group, f.name, f.metadata["name"])
    history = {n.removesuffix(SUFFIX): group.read(n) for n in group.manifest if n.endswith(SUFFIX)}
    return Checkpoint(name, kind(**values), history, group.attrs)


def checkpoint_attrs(state: State, history: History, parent: str | None, attempt: int, run: str) -> Json:
    """Attributes of a state's group, in a run of this fingerprint."""
    vectors = {f.name: getattr(state, f.name) for f in fields(state)}
    return {
        "schema": SCHEMA,
        "kind": state.kind,
        "iteration": state.iteration,
        "attempt": attempt,
        "run": run,
        "parent": parent,
        "created_at": datetime.now(UTC).isoformat(),
        "blocks": {name: len(v.arrays) for name, v in vectors.items() if isinstance(v, BlockVector)},
        "metrics": {k: float(v[-1]) for k, v in history.items() if len(v) and np.isfinite(v[-1])},
    }


@dataclass(frozen=True)
class Contents:
    """Arrays and attributes to write for a state.

    Attributes
    ----------
    arrays : dict of Variable
        All arrays: vectors, scalars, history and coordinates.
    vectors : list of str
        Which of them are vectors.
    coordinates : list of str
        Which of them are coordinates without being an axis.
    """

    arrays: dict[str, LabelledArray]
    vectors: list[str]
    coordinates: list[str]


def contents(state: State, history: History, labels: SpaceLabels) -> Contents:
    """Arrays and attributes to write for a state.

    Raises
    ------
    ValueError
        If the labels do not fit the vectors or each other.
    """
    arrays: dict[str, LabelledArray] = {}
    coords: dict[str, LabelledArray] = {"iteration": Variable((), np.int64(state.iteration))}
    vectors: list[str] = []
    for f in fields(state):
        value, space = getattr(state, f.name), f.metadata.get("space")
        if space is None and "space" in f.metadata:
            arrays[f.metadata["name"]] = Variable((), value, {"role": f.name})
        elif space is not None:
            for k, array in enumerate(value.arrays if isinstance(value, BlockVector) else (value,)):
                name = _member(f.metadata["name"], k)
                label = _label(labels, *_place(labels, space, f.metadata.get("below"), k), array.ndim)
                arrays[name] = Variable(label.dims, array, {**label.attrs, "role": f.name})
                coords.update(label.coords)
                vectors.append(name)
    if history:
        coords["step"] = Variable(("step",), np.arange(len(next(iter(history.values())))))
        arrays.update({f"{name}{SUFFIX}": Variable(("step",), v) for name, v in history.items()})
    _check(arrays, coords)
    return Contents({**arrays, **coords}, vectors, [n for n, v in coords.items() if tuple(v.dims) != (n,)])


def _check(arrays: Mapping[str, LabelledArray], coords: Mapping[str, LabelledArray]) -> None:
    """Raise unless arrays and coordinates make one dataset."""
    if taken := sorted(arrays.keys() & coords.keys()):
        raise ValueError(f"coordinates named as arrays of the state: {taken}; give them other names")
    lengths: dict[str, tuple[int, str]] = {}
    for name, variable in {**arrays, **coords}.items():
        for dim, length in zip(variable.dims, np.shape(variable.data), strict=True):
            expected, first = lengths.setdefault(dim, (length, name))
            if expected != length:
                raise ValueError(
                    f"axis {dim!r} has length {expected} in {first} and {length} in {name}: "
                    "axes that differ need different names"
                )


def _vector(group: Group, field_name: str, name: str) -> da.Array | BlockVector:
    """A vector of a state, lazily."""
    count = group.attrs["blocks"].get(field_name)
    if count is None:
        return group.lazy(name)
    return BlockVector(tuple(group.lazy(_member(name, k)) for k in range(count)))


def _member(name: str, k: int) -> str:
    """Name of the k-th array of a vector."""
    return f"{name}_{k}" if k else name


def _place(labels: SpaceLabels, space: str, below: str | None, k: int) -> tuple[str, int]:
    """The space and number of the k-th array of a vector that may have blocks of another space below its own."""
    space_labels = labels.get(space)
    count = 1 if space_labels is None or isinstance(space_labels, Labels) else len(space_labels)
    return (space, k) if below is None or k < count else (below, k - count)


def _label(labels: SpaceLabels, space: str, k: int, ndim: int) -> Labels:
    """Labels of the k-th array of a vector of a space; made up where not given."""
    space_labels = labels.get(space)
    if space_labels is None:
        return Labels(tuple(f"{_member(space, k)}_axis{i}" for i in range(ndim)))
    if not isinstance(space_labels, Labels) and k >= len(space_labels):
        raise ValueError(f"the {space} has more than {k} blocks, labels are given for {len(space_labels)}")
    label = space_labels if isinstance(space_labels, Labels) else space_labels[k]
    if len(label.dims) != ndim:
        raise ValueError(f"the {space} has {ndim} axes, its labels {len(label.dims)}: {label.dims}")
    return label
