"""The binary header of a SEG-Y file, field by field, as each revision of the standard has it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pylops_distributed.ingest.formats.segy.byte_order import Endian, swap_pairs

TEXT_BYTES, BINARY_BYTES, HEADER_BYTES = 3200, 400, 240
CONSTANT = 16909060  # bytes 3297-3300 of revision 2, which show the byte order
# First bytes of the fields that revision 2 adds, which earlier ones leave unassigned, and their types.
EXTENDED = {
    3269: "i", 3273: "d", 3507: "i", 3513: "Q", 3521: "Q", 3529: "i",
}  # fmt: skip
STANZA = "((SEG:ENDTEXT))"
MOST_RECORDS = 10_000  # of text, before the search for the stanza ends
_LONG = (3201, 3205, 3209, 3261, 3265, 3269, 3289, 3293)
_NAMES = {
    "JobID": 3201, "LineNumber": 3205, "ReelNumber": 3209, "Traces": 3213, "AuxTraces": 3215, "Interval": 3217,
    "IntervalOriginal": 3219, "Samples": 3221, "SamplesOriginal": 3223, "Format": 3225, "EnsembleFold": 3227,
    "SortingCode": 3229, "VerticalSum": 3231, "SweepFrequencyStart": 3233, "SweepFrequencyEnd": 3235,
    "SweepLength": 3237, "Sweep": 3239, "SweepChannel": 3241, "SweepTaperStart": 3243, "SweepTaperEnd": 3245,
    "Taper": 3247, "CorrelatedTraces": 3249, "BinaryGainRecovery": 3251, "AmplitudeRecovery": 3253,
    "MeasurementSystem": 3255, "ImpulseSignalPolarity": 3257, "VibratoryPolarity": 3259,
    "ExtAuxTraces": 3265, "ExtSamples": 3269, "ExtSamplesOriginal": 3289, "ExtEnsembleFold": 3293,
    "SEGYRevision": 3501, "SEGYRevisionMinor": 3502, "TraceFlag": 3503, "ExtendedHeaders": 3505,
}  # fmt: skip


@dataclass(frozen=True)
class Binary:
    """The first 3600 bytes of a file, read in one byte order."""

    head: bytes
    endian: Endian

    def get(self, byte: int, code: str) -> Any:
        """The field that starts at ``byte``, counted from 1; ``code`` is its type as :mod:`struct` has it."""
        raw = self.head[byte - 1 : byte - 1 + struct.calcsize("=" + code)]
        if self.endian == "pairwise" and len(raw) > 1:
            raw = swap_pairs(np.frombuffer(raw, np.uint8)).tobytes()
        return struct.unpack(("<" if self.endian == "little" else ">") + code, raw)[0]

    @property
    def version(self) -> tuple[int, int]:
        """Number of the revision and its minor number."""
        major, minor = self.head[3500:3502]
        # Many write it as one number of two bytes, in the order of the file. There is no revision 1.2.
        return (minor, major) if (major, minor) in ((0, 1), (0, 2), (1, 2)) else (major, minor)

    @property
    def revision(self) -> int | None:
        """Revision 0, 1 or 2; None where bytes 3501-3502 hold none of them."""
        number = self.version[0]
        return number if number in (0, 1, 2) else None

    def extensions(self) -> list[str]:
        """Bytes and values of the fields of revision 2 that are filled in."""
        values = {byte: self.get(byte, code) for byte, code in EXTENDED.items()}
        return [f"byte {byte}: {value}" for byte, value in values.items() if value]

    def fields(self) -> dict[str, int]:
        """The fields of revision 1 by segyio's names; the sample interval is unsigned."""
        types = {
            byte: "i" if byte in _LONG else "B" if byte in (3501, 3502) else "h" for byte in _NAMES.values()
        }
        values = {name: int(self.get(byte, types[byte])) for name, byte in _NAMES.items()}
        if self.endian == "little":  # segyio takes both for one number, by which stored datasets are known
            values["SEGYRevision"], values["SEGYRevisionMinor"] = self.head[3501], self.head[3500]
        return values | {"Interval": values["Interval"] & 0xFFFF}


def read_text(raw: bytes) -> str:
    """Text of a record, whether EBCDIC or ASCII, with blanks for what cannot be printed."""
    # EBCDIC letters and spaces are above or at 0x40; ASCII text has spaces (0x20), which EBCDIC text has not.
    text = raw.decode("latin-1" if raw.count(0x20) > raw.count(0x40) else "cp037")
    return "".join(letter if letter.isprintable() else " " for letter in text)


def count_text_records(path: str) -> int | None:
    """Number of extended text headers up to the one that begins with the stanza ``((SEG: EndText))``, or None."""
    with Path(path).open("rb") as file:
        file.seek(TEXT_BYTES + BINARY_BYTES)
        for count in range(1, MOST_RECORDS):
            record = file.read(TEXT_BYTES)
            if len(record) < TEXT_BYTES:
                return None
            if STANZA in "".join(read_text(record).split()).upper():
                return count
    return None
