"""Settings of a pipeline: one model for YAML files, the command line and Prefect's forms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pylops_distributed.errors import OversizedSettingsError
from pylops_distributed.ingest.formats.source import Source
from pylops_distributed.ingest.models import FINGERPRINT
from pylops_distributed.problems.poststack import Poststack
from pylops_distributed.problems.registry import ProblemChoice
from pylops_distributed.settings.solver_settings import SOLVERS, SolverChoice
from pylops_distributed.storage.checkpoint_policies import Every, Retention
from pylops_flows.settings.bounded import check_size, read_yaml
from pylops_flows.settings.explained import explain
from pylops_flows.settings.nested import merge
from pylops_flows.settings.paths import absolute
from pylops_flows.settings.secrets import fill_secrets, reject_secrets

if TYPE_CHECKING:
    from pylops_distributed.storage.group_metadata import Json


class Form(BaseModel):
    """Base of all settings: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class CheckpointConfig(Form):
    """When to save the solver's state, and how many states to keep."""

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
    """Where to compute. Secrets are names of environment variables, since settings are stored and shown."""

    hardware: str = Field(
        default="single", description="single, ssh, slurm, pbs, kubernetes, or the address of a scheduler"
    )
    options: dict[str, Any] = Field(
        default_factory=lambda: {"n_workers": 2, "threads_per_worker": 1},
        description="options of that cluster; adapt: {minimum: 1, maximum: 8} lets it grow and shrink",
    )

    @field_validator("options")
    @classmethod
    def _keeps_secrets(cls, options: Json) -> Json:
        reject_secrets(options)
        return options

    @property
    def filled(self) -> Json:
        """The options, with secrets read from the environment."""
        return {name: fill_secrets(value, name) for name, value in self.options.items()}


class TimeoutConfig(Form):
    """Seconds after which a stage is stopped; its finished work is kept, and the next run resumes."""

    ingest: float | None = Field(default=None, gt=0, description="seconds for reading raw files")
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
        default=None, description="ingested dataset; made from the sources if it does not exist"
    )
    problem: ProblemChoice = Field(default=Poststack(), description="what to invert")
    solver: SolverChoice = Field(default=SOLVERS["cgls"](name="cgls"), description="how to solve it")
    checkpoint: CheckpointConfig = Field(default=CheckpointConfig(), description="when to save its state")
    cluster: ClusterConfig = Field(default=ClusterConfig(), description="where to compute")
    warm_start: bool = Field(
        default=False,
        description="start from the newest result of this name, problem and solver, when the data are new",
    )
    timeouts: TimeoutConfig = Field(
        default=TimeoutConfig(), description="when to stop stages; never by default"
    )
    run: str | None = Field(
        default=None, description="folder or URL of the run; by default below the root, under its own name"
    )

    @model_validator(mode="before")
    @classmethod
    def _is_harmless(cls, raw: object) -> object:
        """Reject settings that are too large or hold secrets, wherever they come from."""
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
        """URL of the dataset, perhaps with a gap for the fingerprint of its sources; see :func:`dataset_url`."""
        return self.dataset or f"{self.root.rstrip('/')}/datasets/{self.name}-{FINGERPRINT}.zarr"


def load(path: str | Path, overrides: Json | None = None) -> PipelineConfig:
    """Read a pipeline from YAML; relative paths of sources count from the file's folder.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        If it is not YAML, or keys or values are not allowed; the message names all of them.
    """
    return validate(read(path, overrides), str(path), overrides)


def read(path: str | Path, overrides: Json | None = None) -> Json:
    """Return the settings of a YAML file, not validated, with absolute paths of sources; raises as :func:`load`."""
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"{file} does not exist: expected a YAML file with settings")
    try:
        raw = read_yaml(file.read_text())
    except OversizedSettingsError as error:
        raise ValueError(f"{file} cannot be read: {error}") from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:  # bytes, dates, letters
        raise ValueError(f"{file} is not YAML: {error}") from None
    if not isinstance(raw, dict):
        raise ValueError(f"{file} holds {type(raw).__name__}: expected a mapping of settings")
    sources = raw.get("sources")
    for source in sources.values() if isinstance(sources, dict) else ():
        if isinstance(source, dict) and isinstance(source.get("path"), str):
            source["path"] = absolute(source["path"], file.parent)
        if isinstance(source, dict) and isinstance(source.get("paths"), list):
            source["paths"] = [absolute(str(path), file.parent) for path in source["paths"]]
    return merge(raw, overrides or {})


def validate(raw: Json, origin: str, changes: Json | None = None) -> PipelineConfig:
    """Return a pipeline of plain values; one error names every wrong key, and says which of them ``changes`` gave."""
    try:
        config = PipelineConfig.model_validate(raw)
    except ValidationError as error:
        raise ValueError(explain(error, PipelineConfig, raw, origin, changes or {})) from None
    paths = {k: absolute(v) for k in ("root", "dataset", "run") if (v := getattr(config, k)) is not None}
    return config.model_copy(update=paths)
