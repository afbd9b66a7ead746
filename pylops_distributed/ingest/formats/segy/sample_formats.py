"""The sample formats of SEG-Y by their codes."""

from __future__ import annotations

from typing import NamedTuple


class SampleFormat(NamedTuple):
    """A sample format: NumPy type of a sample once decoded, and its length in the file [bytes]."""

    dtype: str
    nbytes: int

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest whole number of an integer format."""
        bits = 8 * self.nbytes
        return (-(1 << bits - 1), (1 << bits - 1) - 1) if self.dtype[0] == "i" else (0, (1 << bits) - 1)


# By code; 13 and 14 are unassigned in all revisions.
SAMPLE_FORMATS = {
    1: SampleFormat("f4", 4), 2: SampleFormat("i4", 4), 3: SampleFormat("i2", 2), 4: SampleFormat("f8", 4),
    5: SampleFormat("f4", 4), 6: SampleFormat("f8", 8), 7: SampleFormat("i4", 3), 8: SampleFormat("i1", 1),
    9: SampleFormat("i8", 8), 10: SampleFormat("u4", 4), 11: SampleFormat("u2", 2), 12: SampleFormat("u8", 8),
    15: SampleFormat("u4", 3), 16: SampleFormat("u1", 1),
}  # fmt: skip
IBM, FIXED_GAIN = 1, 4
