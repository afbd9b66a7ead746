"""SEG-Y files of all kinds, written field by field as the standard has them, and the values they hold.

Nothing here is of the library: bytes come from :mod:`struct` and NumPy alone, and values from their definitions.
"""

from __future__ import annotations

import struct
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

ENDIANS = ("big", "little", "pairwise")
REVISIONS = ((0, 0), (1, 0), (2, 0), (2, 1))
CODES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16)
TYPES = ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8")
SCALARS = (0, 1, -1, 10, -10, -100, 1000, "mixed")
ORDERS = ("sorted", "reversed", "transposed", "shuffled")
HOLES = ("none", "one", "many")
# Name: bytes and types of the dimensions, and whether the reader finds them when nothing is said.
LAYOUTS: dict[str, tuple[dict[str, tuple[int, str]], bool]] = {
    "poststack3d": ({"inline": (189, "i4"), "crossline": (193, "i4")}, True),
    "poststack2d": ({"cdp": (21, "i4")}, True),
    "cdp_gathers": ({"cdp": (21, "i4"), "offset": (37, "i4")}, True),
    "cdp_gathers3d": ({"inline": (189, "i4"), "crossline": (193, "i4"), "offset": (37, "i4")}, True),
    "shot_gathers": ({"shot": (9, "i4"), "channel": (13, "i4")}, True),
    "shot_points": ({"shot": (17, "i4"), "channel": (13, "i4")}, False),
    "receiver_gathers": ({"receiver": (13, "i4"), "shot": (9, "i4")}, False),
    "obn": ({"component": (29, "i2"), "receiver": (13, "i4"), "shot": (17, "i4")}, False),
    "offset_gathers": ({"offset": (37, "i4"), "cdp": (21, "i4")}, False),
    "poststack3d_5_21": ({"inline": (5, "i4"), "crossline": (21, "i4")}, False),
    "poststack3d_9_21": ({"inline": (9, "i4"), "crossline": (21, "i4")}, False),
    "poststack3d_17_25": ({"inline": (17, "i4"), "crossline": (25, "i4")}, False),
    "poststack3d_213_217": ({"inline": (213, "i4"), "crossline": (217, "i4")}, False),
    "teapot": ({"inline": (181, "i4"), "crossline": (185, "i4")}, False),
    "headerless": ({}, False),
    "counter": ({"cdp": (21, "i4")}, False),
    "bins": ({"cdp": (21, "i4"), "offset": (37, "i4")}, False),
    "anywhere": ({"inline": (0, ""), "crossline": (0, "")}, False),
}
FIRST = {"teapot": (189, 193), "anywhere": (73, 77)}  # where positions are, if not at 181 and 185
NO_CDP = ("headerless", "shot_gathers", "shot_points", "receiver_gathers", "obn")
NEEDED = {*range(1, 9), *range(69, 73), *range(73, 81), 89, 90, *range(109, 119), 215, 216}
BIN = 50


@dataclass(frozen=True)
class Case:
    """One combination."""

    form: str
    code: int
    revision: tuple[int, int]
    endian: str
    layout: str
    types: tuple[str, ...]
    scalar: object
    holes: str
    order: str
    ascii: bool = False
    texts: int = 0
    extra: int = 0
    named: bool = False
    trailers: int = 0
    gap: int = 0
    long: bool = False
    constant: bool = False
    counted: bool = False
    automatic: bool = False
    delay: int = 0
    sizes: tuple[int, int] = (2, 5)  # of the dimensions, the second one not included

    @property
    def key(self) -> tuple[object, ...]:
        """Format, revision, byte order, layout, widths, scalar, holes and order."""
        return tuple(asdict(self).values())[:9]


@dataclass
class Written:
    """A file that was written, and what must be read from it: by trace."""

    options: dict[str, object]
    keys: dict[str, np.ndarray]
    samples: np.ndarray
    axis: np.ndarray
    positions: dict[str, np.ndarray]
    exact_bytes: bool
    traces: int = 0
    exact: dict[str, np.ndarray] = field(default_factory=dict)


def choose(rng: np.random.Generator) -> Case:
    """A combination by chance."""

    def one(values):
        return values[rng.integers(len(values))]

    form = "su" if rng.random() < 0.05 else "segy"
    layout = one(list(LAYOUTS))
    if form == "su":
        layout = one(
            ["poststack2d", "cdp_gathers", "shot_gathers", "shot_points", "headerless", "counter", "bins"]
        )
        return Case(form, 5, (0, 0), one(ENDIANS[:2]), layout, (), one(SCALARS), one(HOLES), one(ORDERS))
    code, revision, endian = one(CODES), one(REVISIONS), one(ENDIANS)
    if code in (7, 15) and endian == "pairwise":
        endian = "big"
    modern = revision[0] == 2
    return Case(
        form, code, revision, endian, layout, tuple(one(TYPES) for _ in range(2)) if layout == "anywhere" else (),
        one(SCALARS), one(HOLES), one(ORDERS), ascii=rng.random() < 0.5,
        texts=one((0, 0, 1, 2, -1)) if revision[0] else 0, extra=one((0, 0, 1, 2)) if modern else 0,
        named=rng.random() < 0.5, trailers=one((0, 0, 1, -1)) if modern else 0, gap=one((0, 0, 40)) if modern else 0,
        long=modern and rng.random() < 0.5, constant=modern and rng.random() < 0.5,
        counted=modern and rng.random() < 0.5, automatic=rng.random() < 0.5, delay=one((0, 0, 100)),
    )  # fmt: skip


def to_bytes(values, code: str, endian: str) -> bytes:
    """Numbers in a byte order."""
    raw = np.asarray(values).astype(np.dtype(code).newbyteorder("<" if endian == "little" else ">")).tobytes()
    if endian == "pairwise" and np.dtype(code).itemsize > 1:
        raw = b"".join(raw[k + 1 : k + 2] + raw[k : k + 1] for k in range(0, len(raw), 2))
    return raw


def make_samples(case: Case, shape: tuple[int, int], rng: np.random.Generator) -> tuple[bytes, np.ndarray]:
    """Bytes of samples, and their values by the definition of the format."""
    count = shape[0] * shape[1]
    code = case.code
    if code in (1, 4):
        words, values = [], []
        for _ in range(count):
            sign = int(rng.integers(2))
            if code == 1:
                power = int(rng.integers(50, 78))
                fraction = int(rng.integers(1 << 20, 1 << 24)) if case.named else int(rng.integers(1 << 24))
                words.append(sign << 31 | power << 24 | fraction)
                values.append((-1.0) ** sign * fraction / 2**24 * 16.0 ** (power - 64))
            else:
                gain, number = int(rng.integers(31)), int(rng.integers(-(1 << 15), 1 << 15))
                words.append(gain << 16 | number & 0xFFFF)
                values.append(number * 2.0 ** (-gain if case.revision[0] == 2 else gain))
        return to_bytes(words, "u4", case.endian), np.array(values).reshape(shape)
    if code in (7, 15):
        low, high = (-(1 << 23), 1 << 23) if code == 7 else (0, 1 << 24)
        numbers = rng.integers(low, high, count)
        order = "little" if case.endian == "little" else "big"
        raw = b"".join(int(n).to_bytes(3, order, signed=code == 7) for n in numbers)
        return raw, numbers.reshape(shape)
    kind = {2: "i4", 3: "i2", 5: "f4", 6: "f8", 8: "i1", 9: "i8", 10: "u4", 11: "u2", 12: "u8", 16: "u1"}[
        code
    ]
    if kind[0] == "f":
        numbers = (rng.standard_normal(count) * 10.0 ** rng.integers(-30, 30, count)).astype(kind)
        numbers[rng.random(count) < 0.02] = np.nan
        numbers[rng.random(count) < 0.02] = np.inf
    else:
        limits = np.iinfo(kind)
        numbers = rng.integers(limits.min, limits.max, count, dtype=kind, endpoint=True)
        if kind[1] == "8" and case.holes != "none":  # become doubles
            numbers >>= 11
    return to_bytes(numbers, kind, case.endian), numbers.reshape(shape)


def make_keys(case: Case, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Values of the dimensions by trace, with holes, in an order."""
    dims = list(LAYOUTS[case.layout][0]) or ["trace"]
    sizes = [int(rng.integers(*case.sizes)) for _ in dims]
    axes = [
        int(rng.integers(1, 20)) + (BIN if name == "offset" else int(rng.integers(1, 4))) * np.arange(n)
        for name, n in zip(dims, sizes, strict=True)
    ]
    if case.layout == "bins":
        axes[1] = BIN * np.arange(1, sizes[1] + 1)
    grid = np.meshgrid(*axes, indexing="ij")
    flat = np.stack([one.T.ravel() if case.order == "transposed" else one.ravel() for one in grid])
    lost = {"none": 0, "one": 1, "many": flat.shape[1] // 4}[case.holes]
    flat = flat[:, np.sort(rng.permutation(flat.shape[1])[lost:])]
    if case.order == "reversed":
        flat = flat[:, ::-1]
    if case.order == "shuffled":
        flat = flat[:, rng.permutation(flat.shape[1])]
    if case.layout == "counter":
        flat = np.repeat(flat, 2, axis=1)
        flat = flat[:, : flat.shape[1] - (case.holes != "none")]
    return dict(zip(dims, flat, strict=True))


def places_of(case: Case, rng: np.random.Generator) -> dict[str, tuple[int, str]]:
    """Bytes and types of the dimensions."""
    places = dict(LAYOUTS[case.layout][0])
    taken = set(NEEDED)
    for name, code in zip(places, case.types, strict=False):
        width = int(code[1])
        free = [b for b in range(1, 242 - width) if not taken & set(range(b, b + width))]
        byte = free[rng.integers(len(free))]
        taken |= set(range(byte, byte + width))
        places[name] = (byte, code)
    return places


class Headers:
    """Trace headers, one a row."""

    def __init__(self, case: Case, count: int) -> None:
        self.endian, self.count = case.endian, count
        self.raw = np.zeros((count, 240 * (1 + case.extra)), np.uint8)

    def put(self, byte: int, code: str, numbers) -> None:
        """Write a field, one value for all traces or one for each."""
        width = np.dtype(code).itemsize
        data = to_bytes(np.broadcast_to(numbers, self.count), code, self.endian)
        self.raw[:, byte - 1 : byte - 1 + width] = np.frombuffer(data, np.uint8).reshape(self.count, width)


def write_case(case: Case, path: Path, rng: np.random.Generator) -> Written:
    """Write a file, and return its contents."""
    keys, places = make_keys(case, rng), places_of(case, rng)
    count, length = len(next(iter(keys.values()))), int(rng.integers(1, 8))
    raw, values = make_samples(case, (count, length), rng)
    headers = Headers(case, count)
    scalar = rng.choice([1, -10, -100, 10], count) if case.scalar == "mixed" else np.full(count, case.scalar)
    interval = int(rng.choice([500, 2000, 4000, 40000]))
    for byte, code, numbers in ((1, "i4", 1 + np.arange(count)), (5, "i4", 1 + np.arange(count)), (71, "i2", scalar),
                                (109, "i2", case.delay), (115, "u2", length), (117, "u2", interval)):  # fmt: skip
        headers.put(byte, code, numbers)
    exact = {}
    for name, (byte, code) in places.items():
        numbers = keys[name]
        if case.layout == "bins" and name == "offset":
            numbers = numbers + rng.integers(-BIN // 2, BIN // 2, count)
            exact[name] = numbers
        headers.put(byte, code, numbers)
    positions = put_positions(case, headers, scalar, rng)
    step = put_extension(case, headers, length, positions) or (0.3125 if case.long else interval / 1000)
    body = b"".join(
        headers.raw[k].tobytes() + raw[k * len(raw) // count : (k + 1) * len(raw) // count]
        for k in range(count)
    )
    head, tail = (b"", b"") if case.form == "su" else write_head(case, count, length, interval)
    path.write_bytes(head + body + tail)
    return Written(
        options=options_of(case, places, keys), keys=read_keys(case, keys, count), samples=values,
        axis=case.delay + step * np.arange(length), positions=positions,
        exact_bytes=case.code != 4 and (case.code != 1 or case.named), traces=count, exact=exact,
    )  # fmt: skip


def put_positions(
    case: Case, headers: Headers, scalar: np.ndarray, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Write positions of CDPs, and return them."""
    positions = {}
    if case.form == "segy" and case.layout not in NO_CDP:
        size = np.where(scalar == 0, 1, np.abs(scalar)).astype(float)
        for name, byte in zip(("cdp_x", "cdp_y"), FIRST.get(case.layout, (181, 185)), strict=True):
            numbers = 1000 * (1 + np.arange(headers.count)) + int(rng.integers(900))
            headers.put(byte, "i4", numbers)
            positions[name] = np.where(scalar < 0, numbers / size, numbers * size)
    return positions


def put_extension(case: Case, headers: Headers, length: int, positions: dict[str, np.ndarray]) -> float:
    """Write the first extension of revision 2, which takes the place of positions; its interval, or 0."""
    if not (case.extra and case.named):
        return 0.0
    name = "SEG00001".encode("ascii" if case.ascii else "cp037")
    headers.raw[:, 240 + 232 : 240 + 240] = np.frombuffer(name, np.uint8)
    headers.put(240 + 137, "u4", length)
    if case.layout == "poststack3d":
        positions["cdp_x"] = 0.125 + np.arange(headers.count)
        headers.put(240 + 161, "f8", positions["cdp_x"])
    if not case.long:
        return 0.0
    headers.put(240 + 145, "f8", 1250.0)
    return 1.25


def write_head(case: Case, count: int, length: int, interval: int) -> tuple[bytes, bytes]:
    """Bytes before and after the traces."""

    def text(line):
        return line.ljust(3200).encode("ascii" if case.ascii else "cp037")

    binary = bytearray(400)

    def put(byte, code, value):
        data = to_bytes([value], code, case.endian)
        binary[byte - 3201 : byte - 3201 + len(data)] = data

    put(3217, "u2", interval)
    put(3221, "u2", length)
    put(3225, "i2", case.code)
    struct.pack_into("BB", binary, 300, *case.revision)
    put(3505, "i2", case.texts)
    texts = [text("((SEG: Something ver 1.0))")] * max(case.texts, 0)
    if case.texts == -1:
        texts = [text("((SEG: Other ver 1.0))"), text("((SEG: EndText))")]
    gap = b""
    if case.revision[0] == 2:
        if case.long:
            put(3221, "u2", 0)
            put(3269, "i4", length)
            put(3273, "f8", 312.5)
        if case.constant:
            put(3297, "i4", 0x01020304)
        put(3507, "i4" if case.revision[1] == 0 else "i2", case.extra)
        if case.counted or case.trailers == -1:
            put(3513, "u8", count)
        if case.gap:
            gap = bytes(case.gap)
            put(3521, "u8", 3600 + 3200 * len(texts) + case.gap)
        put(3529, "i4", case.trailers)
    trailers = {0: 0, 1: 1, -1: 2}[case.trailers]
    return text("C 1 GENERATED") + bytes(binary) + b"".join(texts) + gap, text("((SEG: Trailer))") * trailers


def options_of(
    case: Case, places: dict[str, tuple[int, str]], keys: dict[str, np.ndarray]
) -> dict[str, object]:
    """Options with which the file is read."""
    if case.layout == "counter":
        return {"dims": {"cdp": 21, "trace": "counter"}}
    if case.layout == "bins":
        return {"dims": {"cdp": 21, "offset": {"byte": 37, "bin": BIN}}}
    if case.layout == "anywhere":
        specs = {name: f"{byte}:{code}" for name, (byte, code) in places.items()}
        return {"dims": specs, "coords": {"cdp_x": 73, "cdp_y": 77}}
    vary = all(len(np.unique(one)) > 1 for one in keys.values())
    if case.automatic and vary and LAYOUTS[case.layout][1]:
        return {}
    if case.layout == "poststack3d_213_217" and case.delay:  # over the scalar of the delay
        return {"preset": case.layout, "start": case.delay}
    return {"preset": case.layout}


def read_keys(case: Case, keys: dict[str, np.ndarray], count: int) -> dict[str, np.ndarray]:
    """Values of the dimensions as they must be read."""
    if case.layout == "headerless":
        return {"trace": np.arange(count)}
    if case.layout == "counter":
        numbers = [int(np.sum(keys["cdp"][:k] == keys["cdp"][k])) + 1 for k in range(count)]
        return {**keys, "trace": np.array(numbers)}
    return keys
