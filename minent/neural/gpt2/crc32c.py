"""CRC-32C of large data in NumPy: many pieces at once, joined by the algebra of the checksum.

Source: Castagnoli et al. 1993; RFC 3720, B.4. A checksum is linear over GF(2), so that of two pieces after one another
is that of the first, moved on by as many zero bytes as the second has, XOR that of the second.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

POLYNOMIAL = 0x82F63B78  # reflected
LANES = 4096  # pieces that go side by side
BLOCK = 1 << 24  # bytes of data that are arranged anew at once
MASK_DELTA = 0xA282EAD8  # LevelDB stores checksums rotated and with this added

U32 = NDArray[np.uint32]


def crc32c(data: NDArray[np.uint8]) -> int:
    """The checksum of data; uint8[n].

    >>> hex(crc32c(np.frombuffer(b"123456789", np.uint8)))
    '0xe3069283'
    """
    crc = 0xFFFFFFFF
    for begin in range(0, len(data), BLOCK):
        crc = _extend(crc, data[begin : begin + BLOCK])
    return crc ^ 0xFFFFFFFF


def unmask(masked: int) -> int:
    """The checksum that LevelDB's masked form stands for."""
    rotated = (masked - MASK_DELTA) & 0xFFFFFFFF
    return (rotated >> 17 | rotated << 15) & 0xFFFFFFFF


def _extend(crc: int, data: NDArray[np.uint8]) -> int:
    """The raw remainder after more bytes."""
    words = len(data) // (4 * LANES)  # of a lane
    if words:
        lanes = np.ascontiguousarray(data[: 4 * words * LANES].view("<u4").reshape(LANES, words).T)
        crcs = np.zeros(LANES, dtype=np.uint32)
        crcs[0] = crc
        for word in lanes:  # uint32[LANES]
            crcs ^= word
            crcs = LOW[crcs & np.uint32(0xFFFF)] ^ HIGH[crcs >> np.uint32(16)]
        move = _after(BITS, 4 * words)
        while len(crcs) > 1:  # neighbours are joined
            crcs = _apply(move, crcs[0::2]) ^ crcs[1::2]
            move = _apply(move, move)
        crc = int(crcs[0])
    for byte in data[4 * words * LANES :].tolist():
        crc = (crc >> 8) ^ BYTE_LIST[(crc ^ byte) & 0xFF]
    return crc


def _after(remainders: U32, zero_bytes: int) -> U32:
    """What remainders become when zero bytes follow."""
    for _ in range(zero_bytes):
        remainders = (remainders >> np.uint32(8)) ^ BYTE[remainders & np.uint32(0xFF)]
    return remainders


def _apply(columns: U32, vectors: U32) -> U32:
    """A matrix over GF(2), given by what each bit becomes, times vectors."""
    result = np.zeros_like(vectors)
    for bit in range(32):
        result ^= columns[bit] * ((vectors >> np.uint32(bit)) & np.uint32(1))
    return result


def _byte_table() -> U32:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, table >> 1 ^ np.uint32(POLYNOMIAL), table >> 1).astype(np.uint32)
    return table


BITS = np.uint32(1) << np.arange(32, dtype=np.uint32)
BYTE = _byte_table()
BYTE_LIST = BYTE.tolist()
LOW, HIGH = _after(np.arange(1 << 16, dtype=np.uint32), 4), _after(np.arange(1 << 16, dtype=np.uint32), 2)
