"""Opening raw files: one lazy, labelled dataset whatever the format."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pylops_distributed.ingest.formats.failures import naming
from pylops_distributed.ingest.formats.file_digest import FileDigest
from pylops_distributed.registry import import_on_use
from pylops_distributed.storage.object_store import open_storage

if TYPE_CHECKING:  # these load Dask's arrays
    import xarray as xr

    from pylops_distributed.ingest.formats.contents import FileContents
    from pylops_distributed.vectors.types import Options, Settings


class Format(NamedTuple):
    """A file format: its reader, as ``module:function`` below this package, and how its files are recognised.

    Readers return the contents of a file as they are stored, to which the options that all formats share are applied;
    or, where ``labels`` is true, a labelled dataset.
    """

    reader: str
    suffixes: tuple[str, ...]
    magic: tuple[bytes, ...] = ()
    labels: bool = False

    def load_reader(self) -> Callable[..., xr.Dataset | FileContents]:
        """Import the reader."""
        module, _, function = self.reader.partition(":")
        reader: Callable[..., xr.Dataset] = getattr(import_on_use(f"{__package__}.{module}"), function)
        return reader


# Options that readers of arrays share, and options that all readers share; applied by labels.py and shared.py.
WORDS = ("variables", "dims", "coords", "interval", "chunks")
SHARED = ("rename", "units", "window")

# A file format is one line here.
FORMATS: dict[str, Format] = {
    "segy": Format("segy.reader:open_segy", (".sgy", ".segy"), labels=True),
    "su": Format("segy.reader:open_su", (".su",), labels=True),
    "hdf": Format("hdf5:read_hdf", (".nc", ".nc4", ".cdf", ".h5", ".hdf5", ".he5"), (b"\x89HDF", b"CDF")),
    "matlab": Format("matlab:read_matlab", (".mat",), (b"MATLAB",)),
    "npy": Format("numpy:read_npy", (".npy", ".npz"), (b"\x93NUMPY", b"PK\x03\x04")),
    "las": Format("las:read_las", (".las",), (b"~V", b"~v")),
    "table": Format("table:read_table", (".csv", ".txt", ".xyz")),
    "wavelet": Format("table:read_wavelet", ()),
    "horizon": Format("table:read_horizon", ()),
    "zarr": Format("zarr:read_zarr", (".zarr", ".mdio")),
}


class Source(BaseModel):
    """A raw file and how to read it: small, hashable by content, the same in Python and in YAML.

    Parameters
    ----------
    path : str
        File, folder or ``s3://`` URL (Zarr only). A local path is made absolute. With ``along``, a pattern of several
        files.
    format : str, optional
        A key of ``FORMATS``. By default recognised by suffix, then by content.
    options : dict, optional
        Keyword arguments of the format's reader; those that all formats share may also be given next to ``path``.
    paths : sequence of str, optional
        Several files instead of one.
    along : dict, optional
        Name of the axis along which several files are joined, and their coordinates: a number for each file, or a
        regular expression whose group is the number in the name of a file, or None for 0, 1, 2, ...
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    path: str
    format: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    paths: tuple[str, ...] | None = None
    along: dict[str, list[float] | str | None] | None = None

    @model_validator(mode="before")
    @classmethod
    def _gathered(cls, given: object) -> object:
        """Shared options among the options, and the first of several paths as the path."""
        if not isinstance(given, Mapping):
            return given
        fields = {key: value for key, value in given.items() if key not in (*WORDS, *SHARED, "group")}
        words = {key: value for key, value in given.items() if key not in fields}
        options = given.get("options") or {}
        if isinstance(options, Mapping):
            if twice := sorted(set(words) & set(options)):
                raise ValueError(f"{twice} are given twice, next to path and in options")
            fields |= {"options": {**options, **words}} if words else {}
        if "path" not in fields and fields.get("paths"):
            fields["path"] = next(iter(fields["paths"]))
        return fields

    @model_validator(mode="after")
    def _several(self) -> Source:
        if self.paths is not None and self.along is None:
            raise ValueError(
                "several paths need the axis along which they are joined, such as along: {angle: [5, 15]}"
            )
        return self

    @field_validator("path")
    @classmethod
    def _absolute(cls, path: str) -> str:
        return path if "://" in path else os.path.abspath(Path(path).expanduser())

    @field_validator("paths")
    @classmethod
    def _all_absolute(cls, paths: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if paths is None else tuple(map(cls._absolute, paths))

    @field_validator("options", mode="before")
    @classmethod
    def _plain(cls, options: Settings) -> object:
        """Arrays as lists: options are stored and sent as JSON."""
        if isinstance(options, Mapping):
            return {key: cls._plain(value) for key, value in options.items()}
        if isinstance(options, np.ndarray | np.generic):
            return options.tolist()
        return [cls._plain(value) for value in options] if isinstance(options, list | tuple) else options

    def files(self) -> list[str]:
        """The file, or all of several."""
        if self.along is None:
            return [self.path]
        if self.paths is not None:
            return list(self.paths)
        matching: list[str] = import_on_use(f"{__package__}.several").find_files(self.path, self.along)
        return matching

    def open(self, *, checksum: bool = True) -> xr.Dataset:
        """Open lazily; see :func:`open_source`."""
        if "format" in self.options:
            raise ValueError(
                f"format={self.options['format']!r} is no option of a reader: give it next to the options (in YAML "
                "format:, with pld ingest --format)."
            )
        if self.along is None:
            return open_source(self.path, format=self.format, checksum=checksum, **self.options)
        return self._join(self.along, checksum)

    def _join(self, along: dict[str, list[float] | str | None], checksum: bool) -> xr.Dataset:
        """All files along a new axis."""
        several, files, options = import_on_use(f"{__package__}.several"), self.files(), dict(self.options)
        name, values = several.positions(along, files)
        chunks = dict(options.get("chunks") or {})
        length = chunks.pop(name, 1)
        if "chunks" in options:
            options["chunks"] = chunks
        opened = [open_source(one, format=self.format, checksum=checksum, **options) for one in files]
        ds: xr.Dataset = several.join_files(
            opened, files, name, values, len(files) if length == -1 else length
        )
        each = {key: [one.attrs.get(key) for one in opened] for key in ("size", "sha256") if checksum}
        return ds.assign_attrs(files=files, along={name: values.tolist()}, **each)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder or prefix, of which all there is must be listed to know its stamp."""
        return any("://" in path or Path(path).is_dir() for path in self.files())

    def stamp(self) -> tuple[int, int]:
        """Size [bytes] and time of change [ns], of several files their sums: they tell whether it changed meanwhile.

        Raises
        ------
        FileNotFoundError
            If it is gone, or away.
        """
        stamps = [_stamp(path) for path in self.files()]
        return sum(size for size, _ in stamps), sum(changed for _, changed in stamps)


def _stamp(path: str) -> tuple[int, int]:
    if "://" in path or Path(path).is_dir():
        return open_storage(path).stamp()
    status = Path(path).stat()
    return status.st_size, status.st_mtime_ns


def open_source(
    path: str, *, format: str | None = None, checksum: bool = True, **options: object
) -> xr.Dataset:
    """Open a raw file of any known format as a lazy dataset with coordinates, units and provenance.

    Parameters
    ----------
    path : str
        File, folder, or URL (Zarr only).
    format : str, optional
        A key of ``FORMATS``. By default recognised by suffix, then by content.
    checksum : bool, optional
        Whether to read the file once, streaming, for its SHA-256.
    **options
        Options of the format, such as those of :func:`~pylops_distributed.ingest.formats.segy.reader.open_segy`;
        ``chunks``,
        a mapping of dimension to length, is common to all.

    Returns
    -------
    xarray.Dataset
        Lazy variables. The attributes ``source``, ``format``, ``size`` and ``sha256`` tell which file.

    Raises
    ------
    FileNotFoundError
        If there is nothing at ``path``.
    ValueError
        If the format is not known, the file is not what it claims to be, or an option does not exist.
    """
    path = path if "://" in path else os.path.abspath(Path(path).expanduser())
    name = format or recognise(path)
    if name not in FORMATS:
        raise ValueError(f"format={name!r} is unknown: expected one of {list(FORMATS)}.")
    reader = FORMATS[name].load_reader()
    own = [one for one in list(inspect.signature(reader).parameters)[1:] if one != "wanted"]
    accepted = dict.fromkeys([*own, *SHARED, *([] if FORMATS[name].labels else WORDS)])
    if unknown := sorted(set(options) - set(accepted)):
        raise ValueError(f"unknown options {unknown} for format {name!r}: expected some of {[*accepted]}.")
    if "://" not in path and not Path(path).exists():
        raise FileNotFoundError(f"there is no file {path!r}.")
    if not checksum:
        with naming(path):
            return _read(FORMATS[name], reader, path, options).assign_attrs(source=path, format=name)
    with FileDigest(path) as digest:
        with naming(path):
            ds = _read(FORMATS[name], reader, path, options)
        return ds.assign_attrs(source=path, format=name, **digest.result())


def _read(
    form: Format, reader: Callable[..., xr.Dataset | FileContents], path: str, options: Options
) -> xr.Dataset:
    """The contents of a file with the options applied."""
    shared = import_on_use(f"{__package__}.shared")
    words = {key: value for key, value in options.items() if key in WORDS and not form.labels}
    own = {key: value for key, value in options.items() if key not in words and key not in SHARED}
    if form.labels:
        own = shared.with_old_names(own, options.get("rename"))
        ds = shared.rename_all(reader(path, **own), options.get("rename"), path)
    else:
        wanted = words.get("variables")
        if wanted is not None and "wanted" in inspect.signature(reader).parameters:
            named = [one for one in (words.get("coords") or {}).values() if isinstance(one, str)]
            own["wanted"] = [*wanted, *named]
        label = import_on_use(f"{__package__}.labels").label
        ds = label(reader(path, **own), path, rename=options.get("rename"), **words)
    ds = shared.convert(ds, options.get("units"), path)
    windowed: xr.Dataset = shared.cut_window(ds, options.get("window"), path)
    return windowed


def recognise(path: str) -> str:
    """Name of a path's format, from its suffix, else from its first bytes.

    Raises
    ------
    ValueError
        If neither is known.
    """
    suffix = Path(path.rstrip("/")).suffix.lower()
    for name, form in FORMATS.items():
        if suffix in form.suffixes:
            return name
    if "://" in path or Path(path).is_dir():
        return "zarr"
    if not Path(path).exists():
        raise FileNotFoundError(f"there is no file {path!r}.")
    with Path(path).open("rb") as file:
        head = file.read(16)
    for name, form in FORMATS.items():
        if head.startswith(form.magic):
            return name
    if _is_segy(path):
        return "segy"
    raise ValueError(
        f"cannot tell the format of {path!r}: give format=, one of {list(FORMATS)}, in YAML format:, with pld "
        "ingest --format (suffixes "
        f"{', '.join(suffix for form in FORMATS.values() for suffix in form.suffixes)})."
    )


def _is_segy(path: str) -> bool:
    """Whether the binary header and the size of a file are those of SEG-Y, which has no signature."""
    try:
        import_on_use(f"{__package__}.segy.detection").read_layout(path)
    except ValueError:
        return False
    return True
