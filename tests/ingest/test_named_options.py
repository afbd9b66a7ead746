"""Every message of ingest that names an option is one of a table, and each of the table is executed."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.io import savemat
from segy_files import write_traces
from test_cures_of_files import CURES, segy, two_grids

from pylops_distributed import ingest
from pylops_distributed.ingest import Source, open_source, open_sources
from pylops_flows.cli.options import parse_settings

TRACES = np.arange(12, dtype="f4").reshape(4, 3)
ROOT = Path(ingest.__file__).parent
OPTION = re.compile(r"\b(?!e=)[a-z_]{4,}=(?![<>])|the option|--[a-z]+")


def patched(changes: dict[int, bytes], **how: object) -> Callable[[Path], None]:
    """Writes a SEG-Y file with other bytes, counted from 1."""

    def write(path: Path) -> None:
        segy(**how)(path)
        raw = bytearray(path.read_bytes())
        for byte, data in changes.items():
            raw[byte - 1 : byte - 1 + len(data)] = data
        path.write_bytes(raw)

    return write


def su(path: Path) -> None:
    write_traces(str(path), TRACES, {21: [1, 2, 3, 4]}, endian="little")
    path.write_bytes(path.read_bytes()[3600:])


def wrong_su(path: Path) -> None:
    su(path)
    raw = bytearray(path.read_bytes())
    raw[114:116] = b"\x09\x00"
    path.write_bytes(raw)


def structs(path: Path) -> None:
    savemat(path, {"run": {"one": TRACES}})


def integers(path: Path) -> None:
    write_traces(str(path), TRACES.astype("i4"), {21: [1, 2, 3, 4]}, code=2)


def depths(path: Path) -> None:
    np.savez(path, one=TRACES, three=np.zeros((2, 2, 2)), text=np.array(["a", "b"]))


LINE = ["variables=[one]"]
# File, how it is made, options, words of the error, and options that take the place of those (-name: left out).
TABLE = [
    ("a.npz", two_grids, [*LINE, "coords.twt=[0, 4, 8]"], r"name the axes with dims=", "dims=[x, twt]"),
    (
        "a.npz", two_grids, [*LINE, "dims=[x, twt]", "interval=4 ms", "coords.twt=[0, 4, 8]"], r"give one of",
        "-interval",
    ),
    ("a.npz", depths, ["variables=[text]"], r"choose others with variables=", "variables=[one]"),
    ("a.mat", structs, [], r"choose a group with group=", "group=run"),
    ("a.mat", structs, ["group=run/no"], r"for group=", "group=run"),
    ("a.sgy", segy(headers={115: [3, 3, 4, 3]}), [], r"give samples=3", "samples=3"),
    ("a.sgy", segy(headers={117: [4000, 4000, 2000, 4000]}), [], r"give interval=", "interval=4"),
    ("a.sgy", segy(headers={181: [1, 2, 3, 4], 89: [1, 2, 1, 1]}), [], r"leave it out with coords=", "coords={}"),
    ("a.sgy", segy(), ["preset=no"], r"or give dims=", "dims={cdp: 21}; -preset"),
    ("a.sgy", segy(), ["dims={}"], r"such as dims=", "dims={cdp: 21}"),
    ("a.sgy", segy(), ["preset=poststack2d", "dims={cdp: 21}"], r"dims= takes its place", "-preset"),
    ("a.sgy", segy(), ["variable=cdp", "dims={cdp: 21}"], r"are given twice among", "-variable"),
    ("a.sgy", integers, ["dtype=float32"], r"expected 'float32' or 'float64', and one that", "dtype=float64"),
    ("a.sgy", patched({3501: b"\x09\x00"}, headers={109: 4, 215: 10}), [], r"with revision=", "revision=1"),
    ("a.sgy", patched({3501: b"\x09\x00"}, headers={109: 4, 215: 10}), [], r"or give start=", "start=0"),
    ("a.sgy", patched({3273: np.array(4000.0, ">f8").tobytes()}), [], r"say which it is with revision=", "revision=1"),
    (
        "a.sgy", patched({3273: np.array(-1.0, ">f8").tobytes(), 3501: b"\x02\x00"}), ["endian=big"],
        r"give endian= or revision=", "revision=1",
    ),
    ("a.sgy", segy(binary={3221: 0}), [], r"give samples=3", "samples=3"),
    ("a.sgy", segy(binary={3221: 0}, headers={115: 0}), [], r": give samples=", "samples=3"),
    ("a.sgy", segy(binary={3221: 5}, headers={115: 0}), [], r"samples= and revision=", "samples=3"),
    (
        "a.sgy", segy(headers={21: 0, 189: [200000, 200000, 200010, 200010], 193: [300000, 300010] * 2}), [],
        r"if they are line numbers, preset='poststack3d'", "preset=poststack3d",
    ),
    (
        "a.sgy",
        segy(headers={21: 0, 181: [1, 1, 2, 2], 185: [1, 2, 1, 2], 189: [200000, 200000, 200010, 200010],
                      193: [300000, 300010] * 2}), [],
        r"give dims=\{'inline': 181, 'crossline': 185\}.*coords=",
        "dims={inline: 181, crossline: 185}; coords={cdp_x: 189, cdp_y: 193}",
    ),
    ("a.sgy", segy(headers={109: [4, 5, 6, 7]}), ["dims={cdp: '107:i4'}"], r"give start= and", "start=0; interval=4"),
    (
        "a.sgy", segy(headers={21: [1, 1, 2, 2], 37: [10, 20, 10, 20]}), ["dims={cdp: 21}"],
        r"add 'trace': 'counter' to dims=", "dims={cdp: 21, trace: counter}",
    ),
    (
        "a.sgy", lambda path: write_traces(str(path), np.zeros((40, 3), "f4"), {21: np.arange(40), 37: np.arange(40)}),
        ["dims={cdp: 21, offset: 37}"], r"as in dims=", "dims={cdp: 21, offset: {byte: 37, bin: 50}}",
    ),
    (
        "a.sgy", segy(headers={13: 0, 17: 0, 29: [10, 20, 30, 40], 37: 0}),
        ["dims={offset: {compute: offset, bin: 1}}"], r"give coords= with their bytes",
        "coords={source_x: 13, source_y: 17, receiver_x: '29:i2', receiver_y: 37}",
    ),
    ("a.su", wrong_su, [], r"Give samples= or", "samples=3"),
    ("a.su", su, ["endian=big"], r"or endian= if", "endian=little"),
    ("a.txt", lambda path: path.write_text("1 2\n3 4 5\n"), ["columns=[x, y]"], r"with columns=", None),
]  # fmt: skip

# Messages about a fault in the value of an option, and those whose cures other tests execute: words of each,
# and the file of the test where there is one.
VALUES = (
    ": expected", " is unknown", "has {}, but", "are axes of different lengths", "the classic format has no groups",
    "three bytes have no pairs", "form no grid: {} for", "have empty or infinite", "does not fit {} files",
    "has a number more than once", "has an axis of that name", "are no names for", "along={}: {}.",
    "has the present names", "are dimensions, and coords= has the same names", "{}: dims={}", "{}: rename={}",
    "SEG-Y holds up to",
)  # fmt: skip
ELSEWHERE = {
    "beyond single precision": "test_ibm.py",
    "are rounded to doubles": "test_segy_samples.py",
    "Take the part that they share": "test_cures_of_files.py",
    "choose with variables=": "test_several_files.py",
    "choose the one for": "test_named_options.py",
    "are NaN or infinite: give it anew": "test_named_options.py",
    "--replace": "test_discarding.py",
    "without sealed=True": "test_discarding.py",
    "extended sample interval": "test_segy_meaning.py",
    "give interval=": "test_cures_of_files.py",
    "As revision 2 it is whole": "test_segy_meaning.py",
    "only numerical arrays can be ingested": "test_ingest.py",
    "cannot be the name of an array": "test_ingest.py",
    "is no option of a reader": "test_labels.py",
    "names of axes (": "test_info.py",
    "the sample interval along": "test_info.py",
    "is no table of": "test_named_options.py",
}


def merged(given: list[str], cure: str) -> dict[str, object]:
    options = parse_settings(given)
    for one in cure.split("; "):
        if one.startswith("-"):
            options.pop(one[1:])
        else:
            options |= parse_settings([one])
    return options


@pytest.mark.parametrize(("name", "write", "given", "words", "cure"), TABLE)
def test_the_cure_that_an_error_names_is_one(tmp_path, name, write, given, words, cure):
    write(tmp_path / name)
    with pytest.raises(ValueError, match=re.compile(words, re.DOTALL)):
        open_source(str(tmp_path / name), **parse_settings(given))
    if cure is None:
        (tmp_path / name).write_text("1 2\n3 4\n#5\n")
        cure = "columns=[x, y]"
    assert open_source(str(tmp_path / name), **merged(given, cure)).sizes


def test_one_of_several_variables_is_chosen(tmp_path):
    depths(tmp_path / "a.npz")
    path = str(tmp_path / "a.npz")
    with pytest.raises(ValueError, match="with the option variables="):
        open_sources({"data": Source(path=path)})
    assert open_sources({"data": Source(path=path, options={"variables": ["one"]})}).data.shape == (4, 3)


def test_a_coordinate_with_gaps_is_given_anew(tmp_path):
    ds = xr.Dataset({"one": (("x", "twt"), TRACES)}, {"twt": [0.0, np.nan, 8.0]})
    ds.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    path = str(tmp_path / "a.nc")
    with pytest.raises(ValueError, match="with the option coords="):
        open_sources({"": Source(path=path)})
    cured = Source(path=path, options={"coords": {"twt": [0, 4, 8]}})
    assert open_sources({"": cured}).twt.values.tolist() == [0, 4, 8]


def named_options() -> Iterator[tuple[str, str]]:
    """File and text of each message that names an option, with {} for each inserted value."""
    for path in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(path.read_text())
        inner = {
            id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
        }
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if id(node) in inner | docs or not isinstance(node, ast.JoinedStr | ast.Constant):
                continue
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
            if " " in text and OPTION.search(text):
                yield str(path.relative_to(ROOT)), text


def test_every_message_that_names_an_option_has_its_cure_executed():
    words = [re.compile(case[3], re.DOTALL) for case in (*TABLE, *CURES)]
    missing = []
    for file, text in named_options():
        plain = re.sub(r"\{\}", "", text)
        shown = text.replace("{}", "3")
        executed = any(one.search(text) or one.search(plain) or one.search(shown) for one in words)
        if not executed and not any(one in text for one in (*VALUES, *ELSEWHERE)):
            missing.append(f"{file}: {text}")
    assert not missing, "\n".join(missing)
    for file in ELSEWHERE.values():
        assert Path(__file__).with_name(file).exists()
