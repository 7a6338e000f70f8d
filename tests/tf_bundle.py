"""TensorFlow's checkpoint format written by hand, byte by byte, so that reading it can be tested without TensorFlow.

Independent of minent. Source: tensorflow/core/util/tensor_bundle, google/leveldb doc/table_format.md.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

TYPES = {"float32": 1, "float64": 2, "int32": 3, "int64": 9, "float16": 19}


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(crc: int) -> int:
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def varint(number: int) -> bytes:
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def block(entries: list[tuple[bytes, bytes]]) -> bytes:
    """A block with one restart; keys share prefixes, as LevelDB writes them."""
    out, before = b"", b""
    for key, value in entries:
        shared = next(
            (i for i, (a, b) in enumerate(zip(key, before, strict=False)) if a != b), min(len(key), len(before))
        )
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    return out + (0).to_bytes(4, "little") + (1).to_bytes(4, "little")


def write_bundle(
    prefix: Path, variables: dict[str, np.ndarray], compression: int = 0, per_block: int = 5, named: int = 1
) -> None:
    """`prefix.index` and `prefix.data-00000-of-00001`. named : so often does the index name each block"""
    data = b""
    entries = [(b"", field(1, 1) + field(3, field(1, 1)))]
    for name in sorted(variables):
        values = variables[name]
        raw = values.tobytes()
        shape = b"".join(field(2, field(1, length)) for length in values.shape)
        entry = field(1, TYPES[values.dtype.name]) + field(2, shape) + field(4, len(data)) + field(5, len(raw))
        entry += varint(6 << 3 | 5) + masked(crc32c(raw)).to_bytes(4, "little")
        entries.append((name.encode(), entry))
        data += raw
    Path(f"{prefix}.data-00000-of-00001").write_bytes(data)
    out, index = b"", []

    def add(content: bytes) -> bytes:
        nonlocal out
        handle = varint(len(out)) + varint(len(content))
        checked = content + bytes([compression])
        out += checked + masked(crc32c(checked)).to_bytes(4, "little")
        return handle

    for at in range(0, len(entries), per_block):
        some = entries[at : at + per_block]
        handle = add(block(some))
        index += [(some[-1][0] + bytes([number]), handle) for number in range(named)]
    meta = add(block([]))
    footer = (meta + add(block(index))).ljust(40, b"\x00") + 0xDB4775248B80FB57.to_bytes(8, "little")
    Path(f"{prefix}.index").write_bytes(out + footer)
