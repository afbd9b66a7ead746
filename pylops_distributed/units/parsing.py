"""Units as people write them: what kind they are of, and their size in SI units."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import NamedTuple


class Unit(NamedTuple):
    """A unit: its size in SI units, and the powers of kilogram, metre, second and degree."""

    size: float
    powers: tuple[int, int, int, int]


_MASS, _LENGTH, _TIME, _ANGLE = (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)
_PRESSURE, _RAYL = (1, -1, -2, 0), (1, -2, -1, 0)


def _named(powers: tuple[int, int, int, int], *sizes: tuple[float, str]) -> dict[str, Unit]:
    return {name: Unit(size, powers) for size, names in sizes for name in names.split()}


NAMES: Mapping[str, Unit] = {
    **_named(_MASS, (1, "kg kilogram kilograms"), (1e-3, "g gram grams gm")),
    **_named(
        _LENGTH,
        (1, "m metre metres meter meters"), (1e3, "km kilometre kilometres kilometer kilometers"),
        (1e-2, "cm centimetre centimetres centimeter centimeters"), (1e-3, "mm"),
        (0.3048, "ft foot feet"),
    ),
    **_named(
        _TIME,
        (1, "s sec second seconds"), (1e-3, "ms msec millisecond milliseconds"),
        (1e-6, "us µs μs usec microsecond microseconds"), (1e-9, "ns nanosecond nanoseconds"),
    ),
    **_named(_ANGLE, (1, "deg degree degrees °"), (180 / math.pi, "rad radian radians"), (1 / 3600, "arcsec")),
    **_named((0, 0, -1, 0), (1, "Hz hertz"), (1e3, "kHz")),
    **_named(_PRESSURE, (1, "Pa"), (1e3, "kPa"), (1e6, "MPa"), (1e9, "GPa")),
    **_named(_RAYL, (1, "rayl Rayl"), (1e6, "Mrayl MRayl")),
    "cc": Unit(1e-6, (0, 3, 0, 0)),
    "1": Unit(1.0, (0, 0, 0, 0)),
}  # fmt: skip
_PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺−·⋅", "0123456789-+-  ")
_TOKEN = re.compile(r"[()/]|(?P<name>[A-Za-zµμ°]+|1)(?:\*\*|\^)?(?P<power>[-+]?\d+)?")


def parse_unit(text: str, like: Unit | None = None) -> Unit | None:
    """A unit, such as ``kg m-2 s-1``, ``g/cm3*m/s`` or ``kg/(m^2 s)``; None if it is not known.

    Parameters
    ----------
    text : str
        The unit. A slash divides by the one unit after it, or the parentheses.
    like : Unit, optional
        A unit of the kind that is expected: where a slash before several units is of that kind only if it divides by
        all of them (``kg/m2 s``), it does.
    """
    unit = _parse(text)
    if like is not None and text.count("/") == 1 and (unit is None or unit.powers != like.powers):
        above, _, below = text.partition("/")
        other = _parse(f"{above}/({below})") if "(" not in text else None
        return other if other is not None and other.powers == like.powers else unit
    return unit


def _unit_of(name: str) -> Unit | None:
    """The unit of a name; words, unlike symbols, may have capital letters: ``Meters``, ``SEC``."""
    return NAMES.get(name) or (NAMES.get(name.lower()) if len(name) > 2 else None)


def _parse(text: str) -> Unit | None:
    size, powers = 1.0, [0, 0, 0, 0]
    signs, sign, place, seen = [1], 1, 0, False
    text = text.translate(_PLAIN)
    while place < len(text):
        if text[place] in " .*_" or text.startswith("**", place):
            place += 1
            continue
        match = _TOKEN.match(text, place)
        if match is None:
            return None
        place, token = match.end(), match[0]
        if token == "/":
            sign = -1
        elif token == "(":
            signs.append(signs[-1] * sign)
            sign = 1
        elif token == ")":
            if len(signs) < 2:
                return None
            signs.pop()
        else:
            unit = _unit_of(match["name"])
            if unit is None:
                return None
            power = signs[-1] * sign * int(match["power"] or "1")
            size, sign, seen = size * unit.size**power, 1, True
            powers = [one + power * other for one, other in zip(powers, unit.powers, strict=True)]
    if not seen or len(signs) != 1:
        return None
    kilogram, metre, second, degree = powers
    return Unit(size, (kilogram, metre, second, degree))


def factor(present: str, wanted: str) -> float | None:
    """Factor from one unit to another; None if one of them is not known.

    Raises
    ------
    ValueError
        If the two are of different kinds.
    """
    target = parse_unit(wanted)
    unit = parse_unit(present, target)
    if unit is None or target is None:
        return 1.0 if present == wanted else None
    if unit.powers != target.powers:
        raise ValueError(f"{present!r} and {wanted!r} are units of different kinds")
    return unit.size / target.size


_QUANTITY = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([^\d\s].*?)?\s*")


def parse_quantity(value: object) -> tuple[float | None, str]:
    """A number, and the unit after it: ``"4 ms"``; None if there is no number, and no unit where there is none.

    Parameters
    ----------
    value : object
        A number, or text.
    """
    match = None if isinstance(value, bool) else _QUANTITY.fullmatch(str(value))
    return (None, "") if match is None else (float(match[1]), match[2] or "")
