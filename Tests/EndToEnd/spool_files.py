"""An agent's spool, read simply: the check's own reader, so that it does not trust the product's.

Agent/Spool/SegmentFormat.swift draws the bytes. Checksums are not verified: what is read was written by a live process.
"""

import pathlib
import struct
from typing import NamedTuple

_HEADER, _RECORD = 40, 24


class Batch(NamedTuple):
    epoch: int
    sequence: int
    #: Seconds since 1970.
    made_at: float
    is_acknowledged: bool


def batches(folder: pathlib.Path) -> list[Batch]:
    """All that the segments in `folder` hold."""
    found = []
    for path in sorted(folder.glob("segment-*")):
        content = path.read_bytes()
        if len(content) < _HEADER + 16 or content[:4] != b"EMSP":
            continue
        epoch, _, sequence = struct.unpack_from("<QQQ", content, 8)
        _, acknowledged = struct.unpack_from("<QI", content, _HEADER)
        at = _HEADER + 16
        while at + _RECORD <= len(content) and content[at:at + 4] != b"EMSE":
            length, _, number, made_at = struct.unpack_from("<IIQq", content, at)
            at += _RECORD + length
            if number != sequence or at > len(content):
                break
            found.append(Batch(epoch, number, made_at / 1000, acknowledged > 0))
            sequence, acknowledged = sequence + 1, acknowledged - 1
    return found
