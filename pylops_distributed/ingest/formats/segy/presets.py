"""Usual layouts of SEG-Y headers by name: one line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from pylops_distributed.ingest.formats.segy.fields import FieldSpec
from pylops_distributed.ingest.formats.segy.keys import DimSpec

Preset: TypeAlias = tuple[Mapping[str, DimSpec], Mapping[str, FieldSpec]]

CDP: dict[str, FieldSpec] = {"cdp_x": 181, "cdp_y": 185}
ENDS: dict[str, FieldSpec] = {"source_x": 73, "source_y": 77, "receiver_x": 81, "receiver_y": 85}
# Name: header fields of the dimensions, and of the coordinates. These are tried in this order where nothing is said.
AUTOMATIC: dict[str, tuple[dict[str, FieldSpec], dict[str, FieldSpec]]] = {
    "poststack3d": ({"inline": 189, "crossline": 193}, CDP),
    "cdp_gathers3d": ({"inline": 189, "crossline": 193, "offset": 37}, CDP),
    "cdp_gathers": ({"cdp": 21, "offset": 37}, CDP),
    "poststack2d": ({"cdp": 21}, CDP),
    "shot_gathers": ({"shot": 9, "channel": 13}, ENDS),
}
AUTOMATIC_SU = ("cdp_gathers", "poststack2d", "shot_gathers")  # which has other fields from byte 181 on
PRESETS: dict[str, Preset] = {
    **AUTOMATIC,
    "single_inline": ({"crossline": 193}, CDP),
    "single_crossline": ({"inline": 189}, CDP),
    "offset_volumes": ({"offset": 37, "inline": 189, "crossline": 193}, CDP),
    "offset_gathers": ({"offset": 37, "cdp": 21}, CDP),
    "cdp_traces": ({"cdp": 21, "trace": "counter"}, {**CDP, "offset": 37}),
    "cdp_traces3d": ({"inline": 189, "crossline": 193, "trace": "counter"}, {**CDP, "offset": 37}),
    "shot_points": ({"shot": 17, "channel": 13}, ENDS),
    "shot_offsets": ({"shot": 9, "offset": 37}, ENDS),
    "shot_traces": ({"shot": 9, "trace": "counter"}, {**ENDS, "offset": 37}),
    "shot_line": ({"source_x": 73, "receiver_x": 81}, {"source_y": 77, "receiver_y": 85}),
    "receiver_gathers": ({"receiver": 13, "shot": 9}, ENDS),
    "obn": ({"component": 29, "receiver": 13, "shot": 17}, ENDS),
    "headerless": ({"trace": "place"}, {}),
    # Line numbers where other programs put them: the names say the bytes.
    "poststack3d_5_21": ({"inline": 5, "crossline": 21}, CDP),
    "poststack3d_9_13": ({"inline": 9, "crossline": 13}, CDP),
    "poststack3d_9_21": ({"inline": 9, "crossline": 21}, CDP),
    "poststack3d_17_13": ({"inline": 17, "crossline": 13}, CDP),
    "poststack3d_17_25": ({"inline": 17, "crossline": 25}, CDP),
    "poststack3d_213_217": ({"inline": "213:i4", "crossline": "217:i4"}, CDP),
    "poststack3d_233_237": ({"inline": "233:i4", "crossline": "237:i4"}, CDP),
    "teapot": ({"inline": 181, "crossline": 185}, {"cdp_x": 189, "cdp_y": 193}),
}
