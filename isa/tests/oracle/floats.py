#!/usr/bin/env python3
"""Records in ../fixtures/floats.txt what qemu's user emulation computes with
floating-point instructions.

Every program is run in each of the five rounding modes, on edge cases (results recorded) and on
pseudo-random values (a checksum of the results recorded per mode).

Needs clang-19, lld-19 and qemu-user.
Usage: floats.py [file to write]
"""

import itertools
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

FIXTURE = Path(__file__).parent.parent / "fixtures" / "floats.txt"
MODES = 5
BOX = 0xFFFFFFFF << 32
MASK = (1 << 64) - 1

# Singles: zeros, ones, ends of the subnormal and normal numbers, infinities, NaNs (the third one
# signals), neighbours of 1, halves of a last bit.
SINGLE = [BOX | bits for bits in (
    0, 0x80000000, 0x3F800000, 0xBF800000, 1, 0x80000001, 0x007FFFFF, 0x807FFFFF, 0x00800000,
    0x80800000, 0x7F7FFFFF, 0xFF7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00001, 0x7F800001,
    0x3F800001, 0x3F7FFFFF, 0x3F000000, 0x34000000, 0x33800000, 0x40490FDB,
)]
# The last two are no singles.
UNBOXED = [0x3F800000, 0xFFFFFFFE3F800000]
DOUBLE = [
    0, 1 << 63, 0x3FF0 << 48, 0xBFF0 << 48, 1, 1 << 63 | 1, (1 << 52) - 1, 1 << 63 | (1 << 52) - 1,
    1 << 52, 1 << 63 | 1 << 52, 0x7FEF << 48 | (1 << 48) - 1, 0xFFEF << 48 | (1 << 48) - 1,
    0x7FF0 << 48, 0xFFF0 << 48, 0x7FF8 << 48, 0xFFF8 << 48 | 1, 0x7FF0 << 48 | 1,
    0x3FF0 << 48 | 1, 0x3FEF << 48 | (1 << 48) - 1, 0x3FE0 << 48, 0x3CB0 << 48, 0x3CA0 << 48,
    0x400921FB54442D18,
]
# Around the ends of integers, and halves.
TO_INT = [0.5, 1.5, 2.5, -0.5, -1.5, 0.1, -0.1, 2**31 - 1, 2**31, -2**31, -2**31 - 1, 2**32 - 1, 2**32,
          2**31 - 0.5, -2**31 - 0.5, 2**32 - 0.5, 2**63, -2**63, 2.0**64, 2**53 + 2, 2**62 + 2**40,
          1.0 - 2**-24, -1 + 2**-30, 1e30, -1e30]
SINGLE_INT = [BOX | struct.unpack("<I", struct.pack("<f", x))[0] for x in TO_INT]
DOUBLE_INT = [struct.unpack("<Q", struct.pack("<d", x))[0] for x in TO_INT]
# Doubles at the ends and between the values of singles.
TO_SINGLE = [0x47EFFFFFE0000000, 0x47EFFFFFEFFFFFFF, 0x47EFFFFFF0000000, 0x47F0000000000000,
             0x380FFFFFFFFFFFFF, 0x380FFFFFE0000000, 0x380FFFFFF0000000, 0x380FFFFFD0000000,
             0x3810000000000000, 0x36A0000000000000, 0x3690000000000000, 0x3690000000000001,
             0x368FFFFFFFFFFFFF, 0x3FF0000010000000, 0x3FF0000030000000, 0xBFF0000010000001]
INT = [0, 1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x1000001, 0x1000003, 0x7FFFFFBF, 0x7FFFFFC0,
       (1 << 53) + 1, (1 << 53) + 3, (1 << 63) - 1, 1 << 63, MASK, (1 << 63) + 1024, (1 << 63) + 3072,
       MASK - 1023, (1 << 40) + 1, 0xFFFFFFFF00000001, 0x123456789ABCDEF]


def pick(values, *indices):
    return [values[i] for i in indices]


def lists():
    """Operands by name: of first, second and third floating-point register, or the integer one."""
    few = (0, 1, 2, 3, 4, 6, 8, 10, 12, 13, 14, 16, 17, 18)
    fused = (0, 1, 2, 3, 4, 8, 10, 12, 14, 17)
    return {
        "single": SINGLE + UNBOXED,
        "single-few": pick(SINGLE, *few) + UNBOXED[:1],
        "single-fused": pick(SINGLE, *fused),
        "single-min": pick(SINGLE, *fused[1:8:2]),
        "single-ends": SINGLE + UNBOXED + SINGLE_INT,
        "double": DOUBLE,
        "double-few": pick(DOUBLE, *few),
        "double-fused": pick(DOUBLE, *fused),
        "double-min": pick(DOUBLE, *fused[1:8:2]),
        "double-ends": DOUBLE + DOUBLE_INT + TO_SINGLE,
        "bits": SINGLE[12:17] + DOUBLE[12:17] + UNBOXED,
        "int": INT,
    }


def programs(xlen):
    """Programs over fa1 to fa3 or a1 and the memory at s0, with names of lists for these operands. The
    result is in fa0 or a0, whichever the last instruction writes."""
    wide = xlen == 64
    for kind, short in (("single", "s"), ("double", "d")):
        full = kind if wide else f"{kind}-min"
        few = f"{kind}-few" if wide else f"{kind}-min"
        ends = f"{kind}-ends"
        for name in ("fadd", "fmul", "fdiv"):
            yield f"{name}.{short} fa0, fa1, fa2", (full, full)
        yield f"fsub.{short} fa0, fa1, fa2", (few, few)
        yield f"fmadd.{short} fa0, fa1, fa2, fa3", (f"{kind}-fused" if wide else f"{kind}-min",) * 3
        for name in ("fmsub", "fnmsub", "fnmadd"):
            yield f"{name}.{short} fa0, fa1, fa2, fa3", (f"{kind}-min",) * 3
        yield f"fsqrt.{short} fa0, fa1", (ends,)
        for name in ("fsgnj", "fsgnjn", "fsgnjx", "fmin", "fmax"):
            yield f"{name}.{short} fa0, fa1, fa2", (few, few)
        for name in ("feq", "flt", "fle"):
            yield f"{name}.{short} a0, fa1, fa2", (few, few)
        yield f"fclass.{short} a0, fa1", (ends,)
        for size in ("w", "wu") + (("l", "lu") if wide else ()):
            yield f"fcvt.{size}.{short} a0, fa1", (ends,)
            yield f"fcvt.{short}.{size} fa0, a1", ("int",)
        yield from ((f"fcvt.w.{short} a0, fa1, {mode}", (ends,)) for mode in ("rtz", "rmm"))
        for mode in ("rne", "rtz", "rdn", "rup", "rmm"):
            yield f"fadd.{short} fa0, fa1, fa2, {mode}", (f"{kind}-min",) * 2
    yield "fcvt.s.d fa0, fa1", ("double-ends",)
    yield "fcvt.d.s fa0, fa1", ("single-ends",)
    yield "fcvt.d.s fa0, fa1, dyn", ("single-few",)
    yield "fmv.x.w a0, fa1", ("bits",)
    yield "fmv.w.x fa0, a1", ("int",)
    if wide:
        yield "fmv.x.d a0, fa1", ("bits",)
        yield "fmv.d.x fa0, a1", ("int",)
    for text in ("fsd fa1, 0(s0); fld fa0, 0(s0)", "fsd fa1, 0(s0); flw fa0, 4(s0)",
                 "fsw fa1, 0(s0); flw fa0, 0(s0)", "fsw fa1, 4(s0); fld fa0, 0(s0)",
                 "fsd fa1, 8(s0); addi a2, s0, 16; fld fa0, -8(a2)",
                 "fsw fa1, 3(s0); lw a0, 3(s0)"):
        yield text, ("bits",)
    for text in ("csrrw zero, frm, a1; csrrs a0, frm, zero",
                 "csrrw zero, fflags, a1; csrrs a0, fflags, zero",
                 "csrrw zero, fcsr, a1; csrrs a0, fcsr, zero",
                 "csrrw zero, fcsr, a1; csrrs a0, frm, zero",
                 "csrrs a0, fcsr, a1; csrrs a0, fcsr, zero",
                 "csrrwi zero, fflags, 21; csrrc zero, fflags, a1; csrrs a0, fcsr, zero",
                 "csrrw a0, frm, a1", "csrrsi zero, fcsr, 6; csrrci a0, fflags, 2"):
        yield text, ("int",)


def generator(seed):
    """The random numbers of the test: xorshift64."""
    state = seed
    while True:
        state ^= state << 13 & MASK
        state ^= state >> 7
        state ^= state << 17 & MASK
        yield state


def random_value(numbers, precision):
    """A value that is likely to be of interest, of 32 or 64 bits; other bits for an integer."""
    x, y = next(numbers), next(numbers)
    if precision == "int":
        return x >> (y & 63)
    fraction, exponents = (23, 8) if precision == "single" else (52, 11)
    bias = (1 << exponents - 1) - 1
    style, y = y & 3, y >> 2
    exponent = (x >> 52) & ((1 << exponents) - 1)
    if style == 1:
        exponent = bias - 4 + (y & 7)
    elif style == 2:
        exponent = (0, 1, 2, 3, bias - fraction, bias + fraction, 2 * bias, 2 * bias - 1)[y & 7]
    y >>= 3
    mantissa = x & ((1 << fraction) - 1)
    if style != 0:
        # Runs of ones and zeros, so that ties are met.
        mantissa &= MASK << y % (fraction + 1)
        if y >> 8 & 1:
            mantissa |= MASK >> (64 - y % (fraction + 1)) if y % (fraction + 1) else 0
        mantissa &= (1 << fraction) - 1
    bits = (x >> 63) << (fraction + exponents) | exponent << fraction | mantissa
    return BOX | bits if precision == "single" else bits


RANDOM = 600


def random_tuples(number, names):
    numbers = generator(number * 0x9E3779B97F4A7C15 + 1 & MASK)
    precisions = [name.split("-")[0] for name in names]
    return [tuple(random_value(numbers, p) for p in precisions) for _ in range(RANDOM)]


def is_random(names):
    return all(name != "bits" for name in names)


def source(xlen, jobs):
    """A program that writes the result (8 bytes) and the flags (8 bytes) of each job's runs."""
    load = "ld" if xlen == 64 else "lw"
    count = sum(len(tuples) for _, tuples, _ in jobs) * MODES * 16
    lines = [".globl _start", "_start:", "lla s0, memory", "lla s3, results"]
    data = []
    for number, (text, tuples, integer) in enumerate(jobs):
        result = re.search(r"\b(f?a0)\b", text.split("; ")[-1])[1]
        lines += ["li s4, 0", f"mode{number}:", f"lla s1, tuples{number}",
                  f"lla s2, tuples{number}_end", f"job{number}:",
                  "fld fa1, 0(s1)", "fld fa2, 8(s1)", "fld fa3, 16(s1)", f"{load} a1, 24(s1)",
                  "csrrw zero, fcsr, s4", "fld fa0, 16(s0)", "li a0, 85", "sw zero, 0(s0)", "sw zero, 4(s0)",
                  *text.split("; "), "csrrs a3, fflags, zero"]
        if result == "fa0":
            lines += ["fsd fa0, 0(s3)"]
        else:
            lines += ["sw zero, 4(s3)", ("sd" if xlen == 64 else "sw") + " a0, 0(s3)"]
        lines += ["sw a3, 8(s3)", "addi s3, s3, 16", "addi s1, s1, 32",
                  f"bne s1, s2, job{number}", "addi s4, s4, 32", f"li a3, {MODES * 32}",
                  f"bne s4, a3, mode{number}"]
        data += [f"tuples{number}:"]
        for values in tuples:
            full = ((0, 0, 0) + values) if integer else (values + (0,) * (4 - len(values)))
            data += [".quad " + ", ".join(map(str, full))]
        data += [f"tuples{number}_end:"]
    lines += ["lla s3, results", f"li s4, {count}", "write: li a0, 1", "mv a1, s3", "mv a2, s4",
              "li a7, 64", "ecall", "add s3, s3, a0", "sub s4, s4, a0", "bnez s4, write",
              "li a0, 0", "li a7, 93", "ecall", ".data", ".balign 16", "memory: .zero 64", *data,
              ".bss", ".balign 16", f"results: .zero {count}"]
    return "\n".join(lines) + "\n"


def run_jobs(xlen, jobs, folder):
    paths = [Path(folder, name) for name in ("a.s", "a.o", "a")]
    paths[0].write_text(source(xlen, jobs))
    subprocess.run(["clang-19", f"--target=riscv{xlen}", f"-march=rv{xlen}imafd_zicsr", "-mno-relax",
                    "-c", "-o", paths[1], paths[0]], check=True)
    subprocess.run(["ld.lld-19", "-o", paths[2], paths[1]], check=True)
    output = subprocess.run([f"qemu-riscv{xlen}", paths[2]], check=True, capture_output=True).stdout
    records = iter(struct.iter_unpack("<QQ", output))
    for _, tuples, _ in jobs:
        yield [[next(records) for _ in tuples] for _ in range(MODES)]
    assert next(records, None) is None


def cell(results):
    """Results in the modes: the first in full; then = if the same, + or - if a last bit away."""
    def full(bits, flags):
        text = f"_{bits & 0xFFFFFFFF:x}" if bits >> 32 == 0xFFFFFFFF else f"{bits:x}"
        return text + (f":{flags:x}" if flags else "")

    (bits, flags), parts = results[0], []
    for result in results[1:]:
        short = {(bits, flags): "=", (bits + 1, flags): "+", (bits - 1, flags): "-"}
        parts.append(short.get(result) or full(*result))
    return full(bits, flags) + ("" if parts == ["="] * 4 else "|" + "|".join(parts))


def checksum(results):
    """FNV-1a over 64-bit words."""
    digest = 0xCBF29CE484222325
    for word in itertools.chain.from_iterable(results):
        digest = (digest ^ word) * 0x100000001B3 & MASK
    return digest


def fixture(folder):
    values = lists()
    for name, items in values.items():
        yield f"values {name} " + " ".join(f"{item:x}" for item in items)
    for xlen in (32, 64):
        programs_here = list(programs(xlen))
        jobs = []
        for number, (text, names) in enumerate(programs_here):
            integer = names == ("int",)
            jobs.append((text, list(itertools.product(*(values[name] for name in names))), integer))
            tuples = random_tuples(number, names) if is_random(names) else []
            jobs.append((text, tuples or jobs[-1][1][:1], integer))
        results = run_jobs(xlen, jobs, folder)
        for (text, names), modes in zip(programs_here, results):
            yield f"rv{xlen} {text} | " + " ".join(names)
            cells = [cell(results) for results in zip(*modes)]
            row = len(values[names[-1]])
            yield from ("  " + " ".join(cells[i:i + row]) for i in range(0, len(cells), row))
            sums = next(results)
            if is_random(names):
                yield "  random " + " ".join(f"{checksum(mode):x}" for mode in sums)


def main():
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else FIXTURE
    with tempfile.TemporaryDirectory() as folder:
        lines = ["# Recorded from qemu by tests/oracle/floats.py; do not edit.",
                 "# values: operands by name. A program and the names of its operands; results for all",
                 "# combinations of operands, the last one varying within a line: bits:flags, where _ is",
                 "# ffffffff, in the rounding modes rne|rtz|rdn|rup|rmm, where = is the first one, + and -",
                 "# are a last bit more and less. random: checksums of results on random operands, by mode."]
        path.write_text("".join(f"{line}\n" for line in [*lines, *fixture(folder)]))


if __name__ == "__main__":
    main()
