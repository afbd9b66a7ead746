"""Tables of commands: columns that fit the terminal, tab-separated values elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from pylops_flows.cli.console import out

GAP = "  "


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], drop: Sequence[str] = ()) -> None:
    """Print a table; no value is ever cut.

    Parameters
    ----------
    columns : sequence of str
        Headings.
    rows : iterable of sequences of str
        Values, one for each column.
    drop : sequence of str, optional
        Columns that are left out, in this order, as far as the terminal is too narrow.
    """
    for line in format_table(columns, rows, drop):
        print_line(line)


def print_line(line: str) -> None:
    """Print a line as it is: Rich would make blanks of tabs."""
    if out.is_terminal:
        out.print(line, markup=False)
    else:
        sys.stdout.write(f"{line}\n")


def format_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], drop: Sequence[str] = ()
) -> list[str]:
    """Return the lines of :func:`print_table`."""
    table = [list(columns), *(list(row) for row in rows)]
    if out.is_terminal:
        return _aligned(table, out.width, drop)
    return ["\t".join(" ".join(value.split()) for value in row) for row in table]


def print_pairs(rows: Iterable[tuple[str, object]]) -> None:
    """Print names and values, one pair a line, values below each other."""
    pairs = [(name, str(value)) for name, value in rows]
    width = max((cell_len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        out.print(_padded(name, width) + GAP + value, markup=False)


def table_width(table: list[list[str]]) -> int:
    """Return the columns of a terminal that a table takes."""
    return _total(_widths(table), range(len(table[0])))


def _aligned(table: list[list[str]], width: int, drop: Sequence[str]) -> list[str]:
    """Lines of a table with as many columns as fit."""
    kept, left = list(range(len(table[0]))), list(drop)
    widths = _widths(table)
    while left and _total(widths, kept) > width:
        kept.remove(table[0].index(left.pop(0)))
    return [GAP.join(_padded(row[n], widths[n]) for n in kept).rstrip() for row in table]


def _widths(table: list[list[str]]) -> list[int]:
    return [max(cell_len(row[n]) for row in table) for n in range(len(table[0]))]


def _total(widths: list[int], kept: Sequence[int]) -> int:
    return sum(widths[n] + len(GAP) for n in kept) - len(GAP)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))
