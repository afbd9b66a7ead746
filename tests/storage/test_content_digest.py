"""Digests are kept with runs and compared by later versions: the same content has the same one for ever."""

import functools
import math
import operator
import sys
from types import ModuleType

import dask.array as da
import numpy as np
import pytest
import zarr
from numcodecs import blosc
from scipy.sparse import csr_array

from pylops_distributed.storage.checksums import text_of
from pylops_distributed.storage.content_digest import file_digest, token
from pylops_distributed.storage.source_code import installed

X = np.arange(24.0).reshape(4, 6)


def stored(folder, chunks=(2, 3)):
    array = zarr.create_array(folder / "a.zarr", shape=X.shape, chunks=chunks, dtype=X.dtype, overwrite=True)
    array[:] = X
    return array


DIGESTS = {
    "number": (lambda folder: 2.5, "0c7028885a754d4c"),
    "text": (lambda folder: "cgls", "4669a41f84963b3f"),
    "array": (lambda folder: X, "207433c3fc78264a"),
    "0-d array": (lambda folder: np.array(2.5), "41133971aba2abf4"),
    "empty array": (lambda folder: np.ones((0, 3)), "7418dcdcbc045ddd"),
    "strided array": (lambda folder: X[:, ::2], "5e020d0daa48abea"),
    "array of objects": (lambda folder: np.array([1, "a"], object), "6fd1b52cc93fe288"),
    "lazy array": (lambda folder: da.from_array(X, chunks=(2, 4)), "51448125210c89bc"),
    "lazy array, cut otherwise": (lambda folder: da.from_array(X, chunks=(1, 6)), "51448125210c89bc"),
    "lazy 0-d array": (lambda folder: da.from_array(np.array(2.5)), "321be410826c5d64"),
    "lazy empty array": (lambda folder: da.from_array(np.ones((0, 3))), "0618973d5b06ed48"),
    "stored array": (stored, "86529d9d8ca9a1b4"),
    "stored array, read lazily": (lambda folder: da.from_zarr(stored(folder)), "ba23a18a8b1b95c3"),
    "stored number": (
        lambda folder: zarr.create_array(folder / "a.zarr", shape=(), dtype="f8", fill_value=2.5),
        "ba39762ecdd4a817",
    ),
    "nested": (lambda folder: {"a": (1, [2.0, None]), "b": {3, 1, 2}}, "d62a2c90fda01e15"),
    "function of Python": (lambda folder: math.sqrt, "4fef854ae526744d"),
    "partial": (lambda folder: functools.partial(operator.add, 1), "276b090e0f001dde"),
    "module": (lambda folder: math, "bb099b396b9df5ca"),
    "ufunc": (lambda folder: np.add, "e2ce1f44a707a60d"),
}


@pytest.mark.parametrize(("value", "digest"), DIGESTS.values(), ids=list(DIGESTS))
def test_digests_are_those_of_earlier_versions(tmp_path, value, digest):
    assert token(value(tmp_path))[:16] == digest


def test_sparse_matrices_and_compiled_functions_count():
    matrix = csr_array([[0.0, 1.0], [2.0, 0.0]])
    assert token(matrix) == token(matrix.copy()) != token(2 * matrix)
    assert token(blosc.compress) == token(blosc.compress) != token(blosc.decompress)
    generator = np.random.default_rng(1)
    assert token(generator.normal) != token(np.random.default_rng(2).normal)


@pytest.mark.parametrize("slab", [1, 150, 10_000])
def test_every_element_of_an_array_counts_in_pieces_of_any_size(tuned, slab):
    x = np.zeros((5, 8))
    whole = token(da.from_array(x, chunks=(2, -1)))
    tuned("storage.digest-piece", slab)
    assert token(da.from_array(x, chunks=(2, -1))) == whole
    for element in np.ndindex(x.shape):
        y = x.copy()
        y[element] = 1e-300
        assert token(da.from_array(y, chunks=(2, -1))) != whole


def test_files_count_by_content_and_hierarchies_by_names_too(tmp_path):
    stored(tmp_path)
    before = file_digest(tmp_path / "a.zarr")
    (tmp_path / "a.zarr").rename(tmp_path / "b.zarr")
    assert file_digest(tmp_path / "b.zarr") == before
    (tmp_path / "b.zarr/c/0/0").rename(tmp_path / "b.zarr/c/0/2")
    assert file_digest(tmp_path / "b.zarr") != before
    assert file_digest(tmp_path) is None
    (tmp_path / "a.txt").write_bytes(b"abc")
    assert (
        file_digest(tmp_path / "a.txt") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


def test_checksums_of_chunks_are_eight_digits_each():
    assert text_of(np.array([[0, 1], [-1, 2**32 - 2]])) == "0000000000000001" + "ffffffff" + "fffffffe"


def test_modules_of_packages_are_distinguished_from_those_of_users(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "module_of_a_user.py").write_text("")
    fresh = ModuleType("module_without_a_file")
    monkeypatch.setitem(sys.modules, "module_without_a_file", fresh)
    assert "pip" not in sys.modules  # neither imported nor of the user
    for name in (
        "pip",
        "numpy",
        "numpy.linalg",
        "json",
        "itertools",
        "sys",
        "builtins",
        "pylops_distributed.errors",
        None,
    ):
        assert installed(name), name
    for name in ("module_of_a_user", "module_without_a_file", "module_that_does_not_exist", "__main__"):
        assert not installed(name), name
