"""The wire format of protocol buffers: as much of it as a SentencePiece model needs.

Source: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

VARINT, FIXED64, SIZED, FIXED32 = 0, 1, 2, 5  # wire types


class WireError(ValueError):
    """Bytes that are no message; `offset` is where."""

    def __init__(self, problem: str, offset: int) -> None:
        self.offset = offset
        super().__init__(f"{problem} at byte {offset:,}")


def varint(value: int) -> bytes:
    """A whole number of at least 0, seven bits a byte, the lowest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number_field(number: int, value: int) -> bytes:
    """A whole number of at least 0, or a truth value."""
    return varint(number << 3 | VARINT) + varint(value)


def float_field(number: int, value: float) -> bytes:
    """A number in single precision."""
    return varint(number << 3 | FIXED32) + struct.pack("<f", value)


def sized_field(number: int, value: bytes) -> bytes:
    """Bytes, UTF-8 text or a message."""
    return varint(number << 3 | SIZED) + varint(len(value)) + value


def fields(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """The fields of the message data[start:end]: (number, wire type, value, end of the value).

    The value of VARINT is itself, that of others is the offset where their bytes start. Raises WireError.
    """
    at = start
    while at < end:
        field_at = at
        key, at = _varint(data, at, end)
        number, wire_type = key >> 3, key & 7
        if wire_type == VARINT:
            value, at = _varint(data, at, end)
        elif wire_type in (FIXED64, SIZED, FIXED32):
            size = {FIXED64: 8, FIXED32: 4}.get(wire_type)
            if size is None:
                size, at = _varint(data, at, end)
            value = at
            at += size
            if at > end:
                raise WireError(f"a field of {size:,} bytes where {end - value:,} are left", field_at)
        else:
            raise WireError(f"a field of the unknown wire type {wire_type}", field_at)
        yield number, wire_type, value, at


def read_float(data: bytes, at: int) -> float:
    """The number of a FIXED32 field."""
    value: float = struct.unpack_from("<f", data, at)[0]
    return value


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A whole number and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at + shift // 7 >= end:
            raise WireError("a number is cut off", at)
        byte = data[at + shift // 7]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at + shift // 7 + 1
    raise WireError("a number of more than ten bytes", at)
