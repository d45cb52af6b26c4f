"""Keccak-256, which is not SHA3-256: it pads differently. Python's library has only the latter."""

import hashlib
import struct


def rotate(value, count):
    return (value << count % 64 | value >> (64 - count % 64)) & ((1 << 64) - 1)


def round_constants():
    """The constants of Keccak's 24 rounds, from the shift register that defines them."""
    state = 1
    for _ in range(24):
        constant = 0
        for power in range(7):
            if state & 1:
                constant |= 1 << ((1 << power) - 1)
            state = state << 1 ^ (0x171 if state & 0x80 else 0)
        yield constant


def keccak_f(lanes):
    """The permutation; lane (x, y) is lanes[x + 5 * y]."""
    for constant in round_constants():
        parity = [0] * 5
        for i in range(25):
            parity[i % 5] ^= lanes[i]
        spread = [parity[(x + 4) % 5] ^ rotate(parity[(x + 1) % 5], 1) for x in range(5)]
        lanes = [lanes[i] ^ spread[i % 5] for i in range(25)]
        moved = list(lanes)
        x, y = 1, 0
        for step in range(24):
            source = lanes[x + 5 * y]
            x, y = y, (2 * x + 3 * y) % 5
            moved[x + 5 * y] = rotate(source, (step + 1) * (step + 2) // 2)
        lanes = [
            moved[i] ^ (~moved[(i + 1) % 5 + i // 5 * 5] & moved[(i + 2) % 5 + i // 5 * 5])
            for i in range(25)
        ]
        lanes[0] ^= constant
    return lanes


def keccak256(message, first=0x01):
    """Keccak with capacity 512. `first` 0x06 would make it SHA3-256."""
    rate = 136
    padded = bytearray(message) + bytes(rate - len(message) % rate)
    padded[len(message)] ^= first
    padded[-1] ^= 0x80
    lanes = [0] * 25
    for start in range(0, len(padded), rate):
        for index, lane in enumerate(struct.unpack_from("<17Q", padded, start)):
            lanes[index] ^= lane
        lanes = keccak_f(lanes)
    return struct.pack("<4Q", *lanes[:4])


# The library's SHA-3 vouches for the permutation, which both share.
assert keccak256(b"abc" * 100, first=0x06) == hashlib.sha3_256(b"abc" * 100).digest()
