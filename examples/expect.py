#!/usr/bin/env python3
"""Computes what each guest must reveal, by other code than the guests'.

  expect.py                      prints the result of every guest for the committed inputs
  expect.py --write              writes expected/NAME.hex
  expect.py --inputs             writes inputs/NAME.bin anew
  expect.py GUEST INPUT [ELF]    the result of one guest; self-read depends on its ELF file

Nothing but Python's library and the modules in reference/ is used.
"""

import hashlib
import pathlib
import struct
import sys

sys.dont_write_bytecode = True
from reference import evm, secp256k1, token
from reference.keccak import keccak256

HERE = pathlib.Path(__file__).resolve().parent
GUESTS = ["keccak", "sha256", "sort-vm", "self-read", "ecrecover", "revm-token"]
WORD = 0xFFFFFFFF


def rotate(value, count):
    return (value << count | value >> (32 - count)) & WORD


def chain(function, data):
    (count,) = struct.unpack_from("<I", data)
    value = data[4:]
    for _ in range(count):
        value = function(value)
    return value


def gcd(a, b):
    while b:
        a, b = b, a % b
    return a


def signed(value):
    return value - (1 << 32) if value >> 31 else value


def sort_vm(data):
    steps, *program = struct.unpack(f"<{len(data) // 4}I", data)
    memory = sorted(program)
    registers = [0] * 8
    at = 0
    for step in range(steps):
        word = program[at]
        at += 1
        operation, a, b, immediate = word & 15, word >> 4 & 7, word >> 7 & 7, word >> 10
        left, right = registers[a], registers[b]
        slot = (right + immediate & WORD) % len(memory)
        if operation == 7:
            memory[slot] = left
        elif operation == 8:
            at += immediate % 7 if left < right else 0
        elif operation == 9:
            at += immediate % 5 if left & 1 else 0
        elif operation == 15:
            at = (immediate + step) % len(program) if left & 3 == 3 else at
        else:
            registers[a] = {
                0: lambda: left + right,
                1: lambda: left - right,
                2: lambda: left ^ right,
                3: lambda: left * (right | 1),
                4: lambda: rotate(left, right & 31),
                5: lambda: left + immediate,
                6: lambda: memory[slot],
                10: lambda: right // (immediate | 1),
                11: lambda: right % (immediate | 1),
                12: lambda: min(left, right),
                13: lambda: max(signed(left), signed(right)),
                14: lambda: gcd(left & 0xFFFF, immediate),
            }[operation]() & WORD
        if at >= len(program):
            at = 0
    for index, word in enumerate(memory):
        registers[index % 8] = rotate(registers[index % 8], 5) * 0x85EBCA6B & WORD ^ word
    return struct.pack("<8I", *registers)


def elf_text(elf):
    """Address and words of the section `.text`, and the symbols by name."""
    (sections,) = struct.unpack_from("<I", elf, 0x20)
    _, count, names = struct.unpack_from("<HHH", elf, 0x2E)
    headers = [struct.unpack_from("<10I", elf, sections + 40 * index) for index in range(count)]

    def text(table, offset):
        start = headers[table][4] + offset
        return elf[start : elf.index(b"\0", start)].decode()

    found, symbols = None, {}
    for header in headers:
        name, kind, _, address, offset, size, link = header[:7]
        if text(names, name) == ".text":
            found = address, struct.unpack_from(f"<{size // 4}I", elf, offset)
        if kind == 2:
            for at in range(offset, offset + size, 16):
                label, value = struct.unpack_from("<II", elf, at)
                symbols[text(link, label)] = value
    return *found, symbols


def self_read(data, elf):
    rounds, seed = struct.unpack("<II", data)
    state, mixed = seed | 1, 0
    for number in range(rounds):
        state ^= state << 13 & WORD
        state ^= state >> 17
        state ^= state << 5 & WORD
        mixed = rotate((mixed * 0x9E3779B1 + state) & WORD, 7) ^ number
    address, words, symbols = elf_text(elf)
    start, end = symbols["__watched_start"], symbols["__watched_end"]
    own = words[(start - address) // 4 : (end - address) // 4]
    result = [mixed]
    for part in (own, words):
        parity = 0
        for word in part:
            parity ^= word
        result += [sum(part) & WORD, parity, len(part)]
    placed = 0
    for word in words:
        placed = placed * 31 + word & WORD
    return struct.pack("<8I", *result, placed)


def ecrecover(data):
    (count,) = struct.unpack_from("<I", data)
    digest, r, s, recovery = data[4:36], data[36:68], data[68:100], data[100]
    for _ in range(count):
        key = secp256k1.recover(digest, r, s, recovery)
        digest = keccak256(b"".join(part.to_bytes(32, "big") for part in key))
    return bytes(12) + digest[12:]


def revm_token(data):
    parts = []
    while data:
        (length,) = struct.unpack_from("<I", data)
        parts.append(data[4 : 4 + length])
        data = data[4 + length :]
    code, *calls = parts
    account, link = evm.Account(code), bytes(32)
    for call in calls:
        receipt = evm.transact(account, call)
        seen = struct.pack(">Q?", receipt.gas, receipt.success) + receipt.output
        for topics, logged in receipt.logs:
            seen += b"".join(topic.to_bytes(32, "big") for topic in topics) + logged
        link = keccak256(link + seen)
    return link


def expected(guest, data, elf):
    if guest == "keccak":
        return chain(keccak256, data)
    if guest == "sha256":
        return chain(lambda message: hashlib.sha256(message).digest(), data)
    if guest == "sort-vm":
        return sort_vm(data)
    if guest == "ecrecover":
        return ecrecover(data)
    if guest == "revm-token":
        return revm_token(data)
    return self_read(data, elf.read_bytes())


def random_words(count):
    """Words of an xorshift generator, so that the inputs can be made anew."""
    state = 0x2545F491
    for _ in range(count):
        state ^= state << 13 & WORD
        state ^= state >> 17
        state ^= state << 5 & WORD
        yield state


def inputs():
    message = b"The quick brown fox jumps over the lazy dog"
    yield "keccak", struct.pack("<I", 60) + message
    yield "sha256", struct.pack("<I", 80) + message
    yield "sort-vm", struct.pack("<513I", 8000, *random_words(512))
    yield "self-read", struct.pack("<2I", 10000, 0xC0FFEE)
    secret, nonce = (int.from_bytes(keccak256(name), "big") for name in (b"secret", b"nonce"))
    digest = keccak256(message)
    yield "ecrecover", struct.pack("<I", 2) + digest + secp256k1.sign(digest, secret, nonce)
    parts = [token.code(), *token.calls()]
    yield "revm-token", b"".join(struct.pack("<I", len(part)) + part for part in parts)


def main():
    arguments = sys.argv[1:]
    if arguments == ["--inputs"]:
        for guest, data in inputs():
            (HERE / "inputs" / f"{guest}.bin").write_bytes(data)
    elif len(arguments) >= 2:
        guest = arguments[0]
        elf = pathlib.Path(arguments[2]) if len(arguments) > 2 else HERE / "elf" / f"{guest}.elf"
        print(expected(guest, pathlib.Path(arguments[1]).read_bytes(), elf).hex())
    else:
        for guest in GUESTS:
            data = (HERE / "inputs" / f"{guest}.bin").read_bytes()
            result = expected(guest, data, HERE / "elf" / f"{guest}.elf").hex()
            print(f"{guest:10} {result}")
            if arguments == ["--write"]:
                (HERE / "expected" / f"{guest}.hex").write_text(result + "\n")


main()
