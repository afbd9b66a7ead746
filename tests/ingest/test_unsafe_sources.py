"""Sources of strangers: no code of theirs runs, whatever Zarr, its codecs and the environment would allow."""

import json
import math
import pickle
import shutil

import numcodecs
import numpy as np
import pytest
import zarr

from pylops_distributed.errors import UnsafeCodecError
from pylops_distributed.ingest import ingest, open_source
from pylops_distributed.storage import codecs
from pylops_distributed.storage.codecs import check_document

ARRAY = {
    "zarr_format": 2, "shape": [4], "chunks": [4], "dtype": "<f8", "fill_value": 0, "order": "C",
    "compressor": None, "filters": None,
}  # fmt: skip
TEXT = ARRAY | {"dtype": "|O", "fill_value": "", "filters": [{"id": "vlen-utf8"}]}
PICKLE = {"id": "pickle", "protocol": 5}
RAN = []


class Evil:
    """What runs when it is unpickled, and then passes for encoded text."""

    def __reduce__(self):
        return run, ()


def run():
    RAN.append(1)
    return numcodecs.VLenUTF8().encode(np.array(list("abcd"), dtype=object))


@pytest.fixture(autouse=True)
def permissive(monkeypatch):
    """As numcodecs was before 0.16.6, and is where its variable is set."""
    monkeypatch.setattr("numcodecs.pickles.ALLOW_UNSAFE_PICKLE_DECODE", True)
    RAN.clear()


def array(folder, meta, values=None, dims=("x",)):
    folder.mkdir(parents=True)
    (folder / ".zarray").write_text(json.dumps(meta))
    (folder / ".zattrs").write_text(json.dumps({"_ARRAY_DIMENSIONS": list(dims)}))
    evil = pickle.dumps(Evil(), protocol=4)
    (folder / "0").write_bytes(evil if values is None else values)


@pytest.fixture
def group(tmp_path):
    folder = tmp_path / "strangers.zarr"
    array(folder / "data", ARRAY, np.arange(4.0).tobytes())
    (folder / ".zgroup").write_text('{"zarr_format": 2}')
    return folder


TRICKS = {
    "filter": TEXT | {"filters": [{"id": "vlen-utf8"}, PICKLE]},
    "compressor": TEXT | {"compressor": PICKLE},
    "first filter": TEXT | {"filters": [PICKLE]},
    "numbers": ARRAY | {"filters": [PICKLE]},
}


@pytest.mark.parametrize("meta", TRICKS.values(), ids=TRICKS)
def test_no_pickle_is_read_as_an_index_coordinate(meta, group):
    array(group / "x", meta)
    with pytest.raises(UnsafeCodecError, match=r"x/\.zarray.*'pickle'.*expected some of"):
        ingest(str(group), str(group.parent / "out.zarr"))
    assert not RAN
    assert not (group.parent / "out.zarr").exists()


def test_the_trick_works_where_nothing_is_checked(group, monkeypatch):
    """Else the tests above could not fail."""
    monkeypatch.setattr(codecs, "check_document", lambda *_: None)
    array(group / "x", TRICKS["filter"])
    open_source(str(group), checksum=False)
    assert RAN


def test_nor_from_an_array_alone_or_next_to_good_metadata(group):
    shutil.rmtree(group / "data")
    array(group / "one", TRICKS["filter"])
    with pytest.raises(UnsafeCodecError):
        open_source(str(group / "one"), format="zarr")
    assert not RAN


def test_nor_named_in_consolidated_metadata_alone(group):
    array(group / "x", TEXT)
    consolidated = {".zgroup": {"zarr_format": 2}, "x/.zarray": TRICKS["filter"], "data/.zarray": ARRAY}
    (group / ".zmetadata").write_text(json.dumps({"zarr_consolidated_format": 1, "metadata": consolidated}))
    with pytest.raises(UnsafeCodecError, match=r"\.zmetadata"):
        open_source(str(group))
    assert not RAN


def document(codec, **more):
    return {
        "zarr_format": 3, "node_type": "array", "shape": [4], "data_type": "float64", "fill_value": 0.0,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4]}},
        "chunk_key_encoding": {"name": "default"}, "attributes": {}, "codecs": [codec],
    } | more  # fmt: skip


BAD = {
    "name": document({"name": "numcodecs.pickle"}),
    "short form": document("pickle"),
    "of an installed package": document({"name": "module.Class"}),
    "inside of shards": document({"name": "sharding_indexed", "configuration": {"codecs": [{"name": "pickle"}]}}),
    "of their index": document({"name": "sharding_indexed", "configuration": {"index_codecs": ["pickle"]}}),
    "type": document({"name": "bytes"}, data_type="object"),
    "type with settings": document({"name": "bytes"}, data_type={"name": "pickle", "configuration": {}}),
    "consolidated": {
        "zarr_format": 3, "node_type": "group",
        "consolidated_metadata": {"kind": "inline", "metadata": {"a": document("pickle")}},
    },
    "consolidated inside": {
        "zarr_format": 3, "node_type": "group",
        "consolidated_metadata": {
            "metadata": {"a": {"consolidated_metadata": {"metadata": {"b": document("pickle")}}}}
        },
    },
}  # fmt: skip


@pytest.mark.parametrize("meta", BAD.values(), ids=BAD)
def test_version_3_knows_its_codecs_too(meta, tmp_path):
    folder = tmp_path / "a.zarr"
    folder.mkdir()
    (folder / "zarr.json").write_text(json.dumps(meta))
    with pytest.raises(UnsafeCodecError, match=r"zarr\.json.*expected"):
        open_source(str(folder))


@pytest.mark.parametrize("inner", ["pickle", [["deep", "os.system"]]])
def test_fields_of_records_are_looked_at(inner):
    def described(kind):
        return json.dumps(ARRAY | {"dtype": [["a", "<f8"], ["b", kind, [2]], ["c", [["d", "|S3"]]]]}).encode()

    check_document(".zarray", described("<i4"))
    with pytest.raises(UnsafeCodecError, match="data type"):
        check_document(".zarray", described(inner))


def test_shards_in_shards_do_not_exhaust_the_stack():
    meta = {"name": "bytes"}
    for _ in range(300):
        meta = {"name": "sharding_indexed", "configuration": {"codecs": [meta]}}
    with pytest.raises(UnsafeCodecError, match="nested"):
        check_document("zarr.json", json.dumps(document(meta)).encode())


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_what_zarr_writes_is_read(zarr_format, tmp_path):
    """Every data type and compressor that a file of numbers may have, and text as a coordinate."""
    values = np.arange(6.0)
    for name, dtype, how in (
        ("a", "f4", {}), ("b", "c16", {"compressors": None}), ("c", "bool", {}), ("d", "i8", {}),
        ("e", ">f8", {"filters": [numcodecs.Delta(dtype=">f8")] if zarr_format == 2 else "auto"}),
    ):  # fmt: skip
        one = zarr.create_array(
            tmp_path / "z", name=name, shape=(6,), chunks=(3,), dtype=dtype, zarr_format=zarr_format, **how
        )
        one[...] = values
    if zarr_format == 3:
        one = zarr.create_array(tmp_path / "z", name="s", shape=(6,), chunks=(2,), shards=(6,), dtype="f8")
        one[...] = values
    ds = open_source(str(tmp_path / "z"), format="zarr").compute(scheduler="sync")
    for name in ds:
        np.testing.assert_array_equal(ds[name], values.astype(bool) if name == "c" else values)


@pytest.mark.parametrize("shape", [[10**12], [2, 10**12]])
def test_a_chunk_that_no_memory_holds(shape, tmp_path):
    folder = tmp_path / "a.zarr"
    folder.mkdir()
    grid = {"name": "regular", "configuration": {"chunk_shape": shape}}
    (folder / "zarr.json").write_text(json.dumps(document({"name": "bytes"}, shape=shape, chunk_grid=grid)))
    with pytest.raises(
        ValueError, match=rf"chunk of {8 * math.prod(shape) / 1e12:.0f} TB.*memory.*smaller chunks"
    ):
        open_source(str(folder))
