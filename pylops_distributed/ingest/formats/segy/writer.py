"""Writing volumes and sections as SEG-Y."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pylops_distributed.ingest.formats.segy.binary_header import BINARY_BYTES, HEADER_BYTES, TEXT_BYTES
from pylops_distributed.ingest.formats.segy.byte_order import encode_numbers
from pylops_distributed.ingest.formats.segy.layout import Layout, Place, standard
from pylops_distributed.ingest.formats.segy.sample_coding import encode_samples
from pylops_distributed.ingest.formats.segy.sample_formats import SAMPLE_FORMATS
from pylops_distributed.vectors.types import NDArray

if TYPE_CHECKING:
    from pylops_distributed.ingest.formats.segy.byte_order import Bytes, Endian


def write_segy(
    path: str,
    data: Any,
    *,
    inline: ArrayLike | None = None,
    crossline: ArrayLike | None = None,
    dt_ms: float = 4.0,
    t0_ms: int = 0,
    origin: tuple[float, float] = (0.0, 0.0),
    spacing: tuple[float, float] = (25.0, 25.0),
    sample_format: int = 5,
    endian: Endian = "big",
    text: Sequence[str] = (),
) -> None:
    """Write a 3-D volume or a 2-D section as SEG-Y revision 1, one inline in memory at a time.

    Parameters
    ----------
    path : str
        File to write; an older one is replaced.
    data : array-like
        Shape ``(inlines, crosslines, samples)``, or ``(cdps, samples)``: NumPy, Dask, or anything
        that is sliced along its first axis.
    inline, crossline : array-like of int, optional
        Line numbers, of shapes ``(inlines,)`` and ``(crosslines,)``; 1, 2, ... by default. For a
        section ``crossline`` holds the CDP numbers.
    dt_ms : float, optional
        Sample interval [ms]; in depth [m].
    t0_ms : int, optional
        Time of the first sample [ms], or its depth [m]; a whole number from -32768 to 32767.
    origin, spacing : tuple of float, optional
        ``cdp_x`` and ``cdp_y`` of the first trace, and their steps from inline to inline (x) and from
        crossline to crossline (y) [m]; kept to the centimetre.
    sample_format : int, optional
        1 IBM float, 5 IEEE float, 2, 3, 7, 8 integers of 4, 2, 3 and 1 bytes, and so on. Floats are rounded to
        nearest; integers hold whole numbers only.
    endian : {'big', 'little', 'pairwise'}, optional
        Byte order; the last is big endian with the two bytes of each pair swapped.
    text : sequence of str, optional
        Up to 40 lines of 76 characters for the text header; their numbers are put before them.

    Raises
    ------
    ValueError
        If shapes, line numbers, formats or text do not fit, or a number does not fit its header field or the sample
        format.
    """
    volume = data[None] if data.ndim == 2 else data
    if volume.ndim != 3:
        raise ValueError(f"data has {data.ndim} axes: expected (inline, crossline, sample) or (cdp, sample).")
    if sample_format not in SAMPLE_FORMATS:
        raise ValueError(f"sample_format={sample_format}: expected one of {list(SAMPLE_FORMATS)}.")
    if endian == "pairwise" and SAMPLE_FORMATS[sample_format].nbytes == 3:
        raise ValueError(
            f"sample_format={sample_format}: three bytes have no pairs to swap (endian='pairwise')."
        )
    lines = _numbers("inline", inline, volume.shape[0])
    cross = _numbers("crossline", crossline, volume.shape[1])
    interval = round(dt_ms * 1000)
    if not 0 < interval < 1 << 16 or not 0 < volume.shape[2] < 1 << 16:
        raise ValueError(
            f"dt_ms={dt_ms} and {volume.shape[2]} samples: SEG-Y holds up to 65.535 ms and 65535 samples."
        )
    _check_fields(lines, cross, t0_ms, origin, spacing)
    if len(text) > 40 or any(len(line) > 76 for line in text):
        raise ValueError(f"text has {len(text)} lines, expected up to 40, of up to 76 characters each.")
    layout = Layout(path, endian, sample_format, volume.shape[2], lines.size * cross.size, 3600)
    try:
        with Path(path).open("wb") as file:
            file.write(_text_header(text))
            file.write(
                _fields(
                    BINARY_BYTES, _binary_fields(layout, interval), endian, 1, offset=TEXT_BYTES
                ).tobytes()
            )
            for i, line in enumerate(lines):
                x, y = origin[0] + i * spacing[0], origin[1] + np.arange(cross.size) * spacing[1]
                fields = {
                    1: i * cross.size + 1 + np.arange(cross.size), 5: i * cross.size + 1 + np.arange(cross.size),
                    21: cross, 71: -100, 89: 1, 109: int(t0_ms), 115: volume.shape[2], 117: interval,
                    181: round(100 * x), 185: np.rint(100 * y), 189: line, 193: cross,
                }  # fmt: skip
                headers = _fields(
                    HEADER_BYTES, {standard(byte): v for byte, v in fields.items()}, endian, cross.size
                )
                samples = np.frombuffer(encode_samples(np.asarray(volume[i]), layout), np.uint8)
                file.write(np.hstack([headers, samples.reshape(cross.size, -1)]).tobytes())
    except ValueError:
        Path(path).unlink()
        raise


def _text_header(lines: Sequence[str]) -> bytes:
    """Forty numbered lines in EBCDIC; letters that it lacks become question marks."""
    whole = [f"C{number:2d} {line:76}" for number, line in enumerate([*lines, *[""] * (40 - len(lines))], 1)]
    return "".join(whole).encode("cp037", errors="replace")


def _binary_fields(layout: Layout, interval: int) -> dict[Place, ArrayLike]:
    return {
        (3213, "i2"): 1, (3217, "u2"): interval, (3219, "u2"): interval, (3221, "u2"): layout.samples,
        (3223, "u2"): layout.samples,
        (3225, "i2"): layout.format, (3255, "i2"): 1, (3501, "u1"): 1,
    }  # fmt: skip


def _fields(
    length: int, values: Mapping[Place, ArrayLike], endian: Endian, count: int, offset: int = 0
) -> Bytes:
    """Headers of ``length`` bytes with these fields, one value for all or one for each of ``count``."""
    raw = np.zeros((count, length), np.uint8)
    for (byte, code), value in values.items():
        start, numbers = byte - 1 - offset, np.broadcast_to(np.asarray(value), count)[:, None]
        raw[:, start : start + np.dtype(code).itemsize] = encode_numbers(numbers, code, endian)
    return raw


def _numbers(name: str, values: ArrayLike | None, size: int) -> NDArray:
    """Line numbers, checked."""
    numbers = np.arange(1, size + 1) if values is None else np.asarray(values)
    if numbers.shape != (size,) or np.unique(numbers).size != size:
        raise ValueError(f"{name} must hold {size} different numbers; got shape {numbers.shape}.")
    return numbers


def _check_fields(
    lines: NDArray,
    cross: NDArray,
    t0_ms: int,
    origin: tuple[float, float],
    spacing: tuple[float, float],
) -> None:
    """Raise for values that would be cut or wrapped in the trace headers."""
    _fits("t0_ms", t0_ms, 16)
    _fits("inline", lines, 32)
    _fits("crossline", cross, 32)
    _fits("the number of traces", lines.size * cross.size, 32)
    for axis, size in enumerate((lines.size, cross.size)):
        ends = origin[axis] + spacing[axis] * np.array([0, size - 1])
        _fits(f"cdp_{'xy'[axis]} (in cm, from origin and spacing)", np.rint(100 * ends), 32)


def _fits(name: str, values: ArrayLike, bits: int) -> None:
    """Raise for numbers that are not whole, or too large for a signed field."""
    limit, numbers = 1 << bits - 1, np.atleast_1d(np.asarray(values, np.float64))
    bad = numbers[(numbers != np.rint(numbers)) | (numbers < -limit) | (numbers >= limit)]
    if bad.size:
        raise ValueError(
            f"{name}: got {bad[0]:.12g}, but SEG-Y holds whole numbers from {-limit} to {limit - 1} there."
        )
