"""What a pipeline is asked to do: one model for YAML files, the command line and Prefect's forms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pylops_distributed.ingest import Source, locate
from pylops_distributed.ingest.planning import FINGERPRINT
from pylops_distributed.problems.poststack import Poststack
from pylops_distributed.problems.registry import ProblemChoice
from pylops_distributed.settings.solver_settings import SOLVERS, SolverChoice
from pylops_distributed.storage.policies import Every, Retention
from pylops_flows.settings.bounded import Oversized, check_size, read_yaml
from pylops_flows.settings.secrets import fill_secrets, reject_secrets


class Form(BaseModel):
    """Base of all: an unknown key is an error, not a default used in silence."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class CheckpointConfig(Form):
    """When to keep the solver's state, and how many."""

    iterations: int | None = Field(default=10, ge=1, description="iterations between two checkpoints")
    seconds: float | None = Field(default=30.0, gt=0, description="seconds after which to save in any case")
    keep: int = Field(default=2, ge=2, description="how many of the newest to keep")
    keep_every: int | None = Field(default=None, ge=1, description="keep every so many-th iteration, too")

    @property
    def save(self) -> Every:
        """When to save."""
        return Every(self.iterations, self.seconds)

    @property
    def retention(self) -> Retention:
        """Which to keep."""
        return Retention(self.keep, self.keep_every)


class ClusterConfig(Form):
    """Where to compute. What is secret is the name of an environment variable, since settings are kept and shown."""

    hardware: str = Field(
        default="single", description="single, ssh, slurm, pbs, kubernetes, or the address of a scheduler"
    )
    options: dict[str, Any] = Field(
        default_factory=lambda: {"n_workers": 2, "threads_per_worker": 1},
        description="options of that cluster; adapt: {minimum: 1, maximum: 8} has it grow and shrink",
    )

    @field_validator("options")
    @classmethod
    def _keeps_secrets(cls, options: dict[str, Any]) -> dict[str, Any]:
        reject_secrets(options)
        return options

    @property
    def filled(self) -> dict[str, Any]:
        """The options, with secrets from the environment."""
        return {name: fill_secrets(value, name) for name, value in self.options.items()}


class TimeoutConfig(Form):
    """After how many seconds to give a stage up; what it has done is kept, and the next run goes on."""

    ingest: float | None = Field(default=None, gt=0, description="seconds for reading the raw files")
    invert: float | None = Field(default=None, gt=0, description="seconds for solving")
    postprocess: float | None = Field(default=None, gt=0, description="seconds for result and report")


class PipelineConfig(Form):
    """From raw files to an explored result."""

    name: str = Field(
        default="run", pattern=r"^[A-Za-z0-9][\w.-]*$", description="first part of the run's name"
    )
    root: str = Field(default="runs", description="folder or s3:// URL where datasets and runs live")
    sources: dict[str, Source] = Field(default_factory=dict, description="raw file of each variable")
    dataset: str | None = Field(
        default=None, description="ingested dataset; made from the sources if not there"
    )
    problem: ProblemChoice = Field(default=Poststack(), description="what to invert")
    solver: SolverChoice = Field(default=SOLVERS["cgls"](name="cgls"), description="how to solve it")
    checkpoint: CheckpointConfig = Field(default=CheckpointConfig(), description="when to keep its state")
    cluster: ClusterConfig = Field(default=ClusterConfig(), description="where to compute")
    warm_start: bool = Field(
        default=False,
        description="begin at the newest result of this name, problem and solver, when the data are new",
    )
    timeouts: TimeoutConfig = Field(
        default=TimeoutConfig(), description="when to give stages up; never by default"
    )
    run: str | None = Field(
        default=None, description="place of the run, if not below the root under its own name"
    )

    @model_validator(mode="before")
    @classmethod
    def _is_harmless(cls, raw: Any) -> Any:
        """Before anything is made of them: wherever settings come from, they are small and hold no secrets."""
        if isinstance(raw, dict):
            check_size(raw)
            reject_secrets(raw)
        return raw

    @model_validator(mode="after")
    def _has_data(self) -> PipelineConfig:
        if not self.sources and self.dataset is None:
            raise ValueError("give `sources` (raw files) or `dataset` (an ingested one)")
        return self

    @property
    def target(self) -> str:
        """Where the dataset is or goes; other sources under the same name go to another place."""
        return self.dataset or f"{self.root.rstrip('/')}/datasets/{self.name}-{FINGERPRINT}.zarr"

    @property
    def located(self) -> str:
        """:attr:`target` without a gap in its name: reads the sources where they are part of it."""
        return locate(self.sources, self.target) if FINGERPRINT in self.target else self.target


def absolute(place: str, base: Path | None = None) -> str:
    """``place`` as a URL or absolute path, since other processes work in other folders."""
    if "://" in place:
        return place
    try:
        return str(((base or Path.cwd()) / Path(place).expanduser()).resolve())
    except (ValueError, OSError) as error:  # no file can have that name
        raise ValueError(f"{place!r} cannot be a path: {error}") from None


def load(path: str | Path, overrides: dict[str, Any] | None = None) -> PipelineConfig:
    """Read a pipeline from YAML; relative paths of sources count from the file's folder.

    Raises
    ------
    FileNotFoundError
        If there is no file.
    ValueError
        If it is not YAML, or a key or value is not allowed; every one is named.
    """
    return validate(read(path, overrides), str(path))


def read(path: str | Path, overrides: dict[str, Any] | None = None) -> dict[str, Any]:
    """The settings of a YAML file, not yet looked at but for the paths of sources; raises as :func:`load`."""
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"there is no config {file}")
    try:
        raw = read_yaml(file.read_text())
    except Oversized as error:
        raise ValueError(f"{file} cannot be read: {error}") from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:  # bytes, dates, letters
        raise ValueError(f"{file} is not YAML: {error}") from None
    if not isinstance(raw, dict):
        raise ValueError(f"{file} holds no mapping of settings")
    sources = raw.get("sources")
    for source in sources.values() if isinstance(sources, dict) else ():
        if isinstance(source, dict) and isinstance(source.get("path"), str):
            source["path"] = absolute(source["path"], file.parent)
    return merge(raw, overrides or {})


def validate(raw: dict[str, Any], what: str) -> PipelineConfig:
    """A pipeline from plain values, or one error that names every wrong key."""
    try:
        config = PipelineConfig.model_validate(raw)
    except ValidationError as error:
        lines = (f"  {_place(e) or 'config'}: {_words(e)}" for e in error.errors())
        raise ValueError("\n".join([f"{what} cannot be used:", *lines])) from None
    places = {k: absolute(v) for k in ("root", "dataset", "run") if (v := getattr(config, k)) is not None}
    return config.model_copy(update=places)


def _place(error: Any) -> str:
    return ".".join(map(str, (*error["loc"], *(["name"] if error["type"] == "choice_name" else []))))


def _words(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "unknown key"
    if error["type"] in ("choice_name", "secret") or not error["loc"]:  # the input would be all there is
        return str(error["msg"]).removeprefix("Value error, ")
    return f"{error['msg']}, got {error['input']!r:.200}" if error["type"] != "missing" else "missing"


def merge(raw: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """``raw`` with the nested values of ``changes`` in place of its own."""
    merged = dict(raw)
    for key, value in changes.items():
        merged[key] = merge(merged.get(key) or {}, value) if isinstance(value, dict) else value
    return merged
