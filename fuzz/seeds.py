#!/usr/bin/env python3
"""Writes the first files of the corpus: small guests, and what is wrong with files in practice.

Needs clang-19 and lld-19 for the two with debug information. What fuzzing found is beside them, named
by its digest, and stays.
"""

import json
import struct
import subprocess
import tempfile
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
BASE = 0x10000
LOAD, DYNAMIC, INTERP = 1, 2, 3
# li a0, 7; li a7, 93; ecall
EXIT = struct.pack("<3I", 0x00700513, 0x05D00893, 0x00000073)
# write(1, sp, 1 << 30) for ever
WRITE = struct.pack("<6I", 0x00100513, 0x00010593, 0x40000637, 0x04000893, 0x00000073, 0xFEDFF06F)
# brk to the end of the address space; mmap of everything; for ever
ALLOCATE = struct.pack("<8I", 0xFFF00513, 0x0D600893, 0x00000073, 0x00000513, 0xFFF00593,
                       0x0DE00893, 0x00000073, 0xFE5FF06F)


def elf(bits, segments, symbols=(), strings=b"\0", entry=BASE, **fields):
    """An executable. Segments: type, flags, address, bytes, size in memory. Fields overwrite those of
    the file header."""
    wide = bits == 64
    word, ehsize, phsize, shsize = ("Q", 64, 56, 64) if wide else ("I", 52, 32, 40)
    at = ehsize + phsize * len(segments)
    headers, body = b"", b""
    for kind, flags, addr, data, size in segments:
        place = [at + len(body), addr, addr, len(data), size]
        if wide:
            headers += struct.pack("<II6Q", kind, flags, *place, 4)
        else:
            headers += struct.pack("<8I", kind, *place, flags, 4)
        body += data
    table = b"\0" * (24 if wide else 16)
    for name, value, size, info, section in symbols:
        table += (struct.pack("<IBBHQQ", name, info, 0, section, value, size) if wide
                  else struct.pack("<IIIBBH", name, value, size, info, 0, section))
    sections = [(0, 0, 0, b"", 0), (1, 6, 0, b"", 0), (2, 0, 3, table, 24 if wide else 16),
                (3, 0, 0, strings, 0)]
    rows = b""
    for kind, flags, link, data, size in sections:
        rows += struct.pack(f"<II4{word}II2{word}", 0, kind, flags, 0, at + len(body), len(data),
                            link, 0, 1, size)
        body += data
    header = dict(kind=2, machine=243, version=1, entry=entry, phoff=ehsize, shoff=at + len(body),
                  flags=0, ehsize=ehsize, phentsize=phsize, phnum=len(segments), shentsize=shsize,
                  shnum=len(sections), shstrndx=3, ident=bytes([2 if wide else 1, 1, 1]))
    header.update(fields)
    ident = b"\x7fELF" + header.pop("ident")
    packed = struct.pack(f"<HHI3{word}I6H", *header.values())
    return ident.ljust(16, b"\0") + packed + headers + body + rows


def code(data, size=None):
    return (LOAD, 5, BASE, data, size or len(data))


def guests(bits):
    most = (1 << bits) - 1
    plain = [code(EXIT)]
    names = b"\0main\0_start\0"
    symbols = [(1, BASE, 8, 0x12, 1), (6, BASE, 0, 0x10, 1)]
    yield "plain", elf(bits, plain)
    yield "symbols", elf(bits, plain, symbols, names)
    yield "stripped", elf(bits, plain, shoff=0, shnum=0, shstrndx=0)
    yield "writes", elf(bits, [code(WRITE)])
    yield "allocates", elf(bits, [code(ALLOCATE)])
    yield "data", elf(bits, [code(EXIT), (LOAD, 6, 0x20000, b"\1\2\3", 0x2000)])
    # Flags: floating-point calling conventions, the embedded set, unknown ones.
    for name, flags in ("rve", 8), ("double-float", 5), ("all-flags", 0xFFFFFFFF):
        yield name, elf(bits, plain, flags=flags)
    # Files for others.
    yield "big-endian", elf(bits, plain, ident=bytes([bits // 32, 2, 1]))
    yield "x86", elf(bits, plain, machine=62)
    yield "object", elf(bits, plain, kind=1)
    yield "pie", elf(bits, plain, kind=3)
    yield "class", elf(bits, plain, ident=bytes([3, 1, 1]))
    yield "other-class", elf(bits, plain, ident=bytes([3 - bits // 32, 1, 1]))
    yield "interpreter", elf(bits, [*plain, (INTERP, 4, 0, b"/lib/ld.so\0", 11)])
    yield "dynamic", elf(bits, [*plain, (DYNAMIC, 6, 0, b"\x0c\0\0\0\0\0\0\0" * 4, 32)])
    # Addresses and sizes.
    yield "entry-odd", elf(bits, plain, entry=BASE + 1)
    yield "entry-outside", elf(bits, plain, entry=BASE - 4)
    yield "entry-last", elf(bits, plain, entry=BASE + 10)
    yield "huge-code", elf(bits, [code(EXIT, 1 << 30)])
    yield "huge-data", elf(bits, [code(EXIT), (LOAD, 6, 0x40000, b"x", (1 << 30) - 12)])
    yield "huge-far", elf(bits, [code(EXIT), (LOAD, 6, (most >> 1) - (1 << 30) + 1, b"x", (1 << 30) - 12)])
    yield "too-huge", elf(bits, [code(EXIT), (LOAD, 6, 0x40000, b"x", most >> 1)])
    yield "overlap", elf(bits, [code(EXIT), (LOAD, 6, BASE + 4, b"abcd", 4)])
    yield "wraps", elf(bits, [code(EXIT), (LOAD, 6, most - 1, b"abcd", 8)])
    yield "last-byte", elf(bits, [code(EXIT), (LOAD, 6, most, b"a", 1)])
    yield "last-code", elf(bits, [(LOAD, 5, most - 3, EXIT[:4], 4)], entry=most - 3)
    yield "file-over-memory", elf(bits, [code(EXIT, 4)])
    yield "writable-code", elf(bits, [(LOAD, 7, BASE, EXIT, 12)])
    # Tables that lie.
    for name, fields in (
        ("phnum", dict(phnum=0xFFFF)), ("phoff", dict(phoff=most)), ("phentsize", dict(phentsize=1)),
        ("shnum", dict(shnum=0xFFFF)), ("shoff", dict(shoff=most)), ("shentsize", dict(shentsize=7)),
        ("shstrndx", dict(shstrndx=0xFFFF)), ("shnum0", dict(shnum=0)),
    ):
        yield f"bad-{name}", elf(bits, plain, symbols, names, **fields)
    wild = [(0xFFFFFFFF, BASE, 4, 0x12, 1), (1, most, most, 0x12, 1), (1, BASE, 4, 0x12, 0xFFF1),
            (1, BASE, 4, 0x12, 0xFFFF), (1, BASE, most, 0x12, 1)]
    yield "bad-symbols", elf(bits, plain, wild, names[:-1])
    yield "bad-names", elf(bits, plain, symbols, b"\0\xff\xfe\xc0_ZN\0_RNvC\0")


def truncated(name, data):
    for length in (0, 3, 4, 5, 16, 40, 52, 60, 64, 84, 100, 120, len(data) - 40, len(data) - 1):
        yield f"{name}-cut-{length}", data[:length]


def with_debug_information(bits):
    source = "static int f(int x) { return x * 3; }\nint _start(int x) { return f(x) + x; }\n"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a.c").write_text(source)
        subprocess.run(["clang-19", f"--target=riscv{bits}", f"-march=rv{bits}im", "-O2", "-gdwarf-4", "-fdebug-compilation-dir=.",
                        "-mabi=" + ("lp64" if bits == 64 else "ilp32"), "-mno-relax", "-nostdlib",
                        "-static", "-fuse-ld=lld-19", "-o", "a", "a.c"], check=True, cwd=folder)
        return Path(folder, "a").read_bytes()


def texts():
    version = 3
    profile = {"version": version, "elf_digest": "00", "instructions": 6,
               "spans": [["0x10000", "0x10004", 1, 6]], "edges": [["0x10000", "0x10000", 5]],
               "stacks": [[["0x10000"], 6, [[0, 6]]]], "calls": {"write": 1},
               "markers": {"sort": {"count": 2, "total": 5, "min": 2, "max": 3}},
               "memory": {"loads": {"4": 2}, "stores": {}, "misaligned": [["0x10000", 1]], "pages": 1,
                          "touched": {"word_bytes": 4, "words": 2, "pages": 1}}}
    yield "profile", json.dumps(profile)
    yield "profile-partial", json.dumps({**profile, "partial": True})
    huge = (1 << 64) - 1
    yield "profile-huge", json.dumps({**profile, "instructions": huge,
                                      "spans": [["0x0", "0xffffffffffffffff", 0xFFFFFFFF, huge],
                                                ["0x10000", "0x10004", 1, huge]],
                                      "stacks": [[["0x10000"], huge, [[0, huge], [1, huge]]]]})
    yield "profile-span", json.dumps({**profile, "stacks": [[["0x10000"], 6, [[7, 6]]]]})
    yield "profile-version", json.dumps({**profile, "version": 99})
    models = Path(__file__).parent.parent / "profiler" / "models"
    for path in sorted(models.glob("*.json")):
        yield path.stem, path.read_text()
    yield "model-huge", json.dumps({"version": 1, "name": "m", "units": ["a"],
                                    "tables": [{"name": "t", "row": [huge], "instructions": ["addi"]}],
                                    "otherwise": "t"})
    yield "nested", "[" * 1000


def words():
    fixtures = Path(__file__).parent.parent / "isa" / "tests" / "fixtures"
    lines = [line.split(" ", 2) for line in (fixtures / "encodings.txt").read_text().splitlines()
             if not line.startswith("#")]
    coded = [struct.pack("<I", int(word, 16)) for _, word, _ in lines]
    yield "words", b"".join(coded[::7])
    yield "text", "\n".join(text for _, _, text in lines[::29]).encode()
    yield "halfwords", struct.pack("<64I", *range(0, 1 << 16, 1 << 10))


def write(target, name, data):
    path = CORPUS / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def main():
    for bits in (32, 64):
        for name, data in guests(bits):
            write("load", f"rv{bits}-{name}", data)
        for name, data in truncated(f"rv{bits}", dict(guests(bits))["symbols"]):
            write("load", name, data)
        write("load", f"rv{bits}-debug", with_debug_information(bits))
    for name, data in words():
        write("decode", name, data)
    for name, text in texts():
        write("profile_json", name, text.encode())


main()
