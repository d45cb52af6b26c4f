#!/usr/bin/env python3
"""Records in ../fixtures/conformance what qemu's user emulation does for every instruction.

A case is a piece of assembly text and its inputs; a vector is a case with one value per input. The
first value of the first input comes with all values of the second, and so on. A file has

    set rv32 word 0 1 ff              a name for values, in hexadecimal
    rv32 00c58533 | add a0, a1, a2 | a1=word a2=word
     a0=0 a0=1 ...                    one outcome per vector (qemu.py says how to read them)
    words rv32                        bare words instead of text, each with what it does
     00c58533:a0=17 ffffffff:illegal

Needs clang-19, lld-19, binutils for riscv64-unknown-elf and qemu-user 7.2.
Usage: record.py [family ...]
"""

import itertools
import re
import sys
import tempfile
from pathlib import Path

import cases
import halfwords
import qemu

FIXTURES = Path(__file__).parent.parent / "fixtures"
NOTE = "# Recorded from qemu by tests/oracle/record.py; do not edit."

# File: what the assembler and qemu are told, and the cases.
FAMILIES = {
    "base": ("i", qemu.INTEGER, cases.base),
    "memory": ("i", qemu.INTEGER, cases.memory),
    "control": ("i_zifencei", qemu.INTEGER, cases.control),
    "multiply": ("im", qemu.INTEGER, cases.multiply),
    "bits": ("i_zba_zbb", "f=off,d=off," + qemu.BITS, cases.bits),
    "atomic": ("ia", qemu.INTEGER, cases.atomic),
    "counters": ("i_zicsr", qemu.INTEGER, cases.counters),
}


def encode(xlen, march, texts, folder):
    """The code of each text: instructions of four bytes, separated by semicolons."""
    code = qemu.assemble(xlen, "\n".join(texts).replace("; ", "\n") + "\n", folder, march)
    at = 0
    for text in texts:
        end = at + 4 * (text.count(";") + 1)
        yield code[at:end]
        at = end
    assert at == len(code), (at, len(code))


def words(code):
    return " ".join(f"{int.from_bytes(code[i:i + 4], 'little'):08x}" for i in range(0, len(code), 4))


def vectors(xlen, code, inputs, sets):
    """Pairs of code and state, for every combination of inputs."""
    pairs = [pair.split("=") for pair in inputs.split()]
    values = [sets[name] if name in sets else [int(name, 16)] for _, name in pairs]
    for combination in itertools.product(*values):
        given = {register: value for (register, _), value in zip(pairs, combination)}
        yield code, qemu.State(xlen, given)


def wrap(tokens, indent=" ", width=110):
    line = ""
    for token in tokens:
        if line and len(line) + len(token) + 1 > width:
            yield indent + line
            line = ""
        line += (" " if line else "") + token
    if line:
        yield indent + line


def family(name, folder):
    march, cpu, generate = FAMILIES[name]
    lines = [NOTE, "# tests/oracle/qemu.py says how to read it."]
    for xlen in (32, 64):
        sets = cases.sets(xlen)
        listed = list(generate(xlen))
        codes = list(encode(xlen, march, [text for text, _ in listed], folder))
        named = {value for _, inputs in listed for _, value in
                 (pair.split("=") for pair in inputs.split())}
        lines += [f"set rv{xlen} {key} " + " ".join(f"{v:x}" for v in values)
                  for key, values in sets.items() if key in named]
        groups = [list(vectors(xlen, code, inputs, sets))
                  for code, (_, inputs) in zip(codes, listed)]
        outcomes = iter(qemu.perform(xlen, folder, cpu, itertools.chain(*groups)))
        for code, (text, inputs), group in zip(codes, listed, groups):
            lines.append(f"rv{xlen} {words(code)} | {text} | {inputs}".rstrip())
            results = [next(outcomes) for _ in group]
            if name == "counters":
                # Only relations between counters are the same in every run.
                results = [re.sub(r"(a[01])=[0-9a-f]+", r"\1=*", result) for result in results]
            lines += wrap(results)
    write(f"conformance/{name}.txt", lines)


def is_known(word, known):
    return any(word & mask == fixed for mask, fixed in known)


def reserved(folder):
    """Words that are no instructions, or other ones than those they look like."""
    lines = [NOTE, "# Words and what they do; registers hold their pattern."]
    for xlen in (32, 64):
        codes = {}
        for march, _, generate in FAMILIES.values():
            texts = [text for text, _ in generate(xlen) if ";" not in text]
            for code in encode(xlen, march, texts, folder):
                codes[int.from_bytes(code, "little")] = None
        for code in encode(xlen, "ifd", list(cases.float_encodings(xlen)), folder):
            codes[int.from_bytes(code, "little")] = None
        listed = cases.near(xlen, list(codes))
        state = qemu.State(xlen, {})
        vectors = [(word.to_bytes(4, "little"), state) for word in listed]
        without = qemu.perform(xlen, folder, qemu.FLOAT, vectors)
        outcomes = qemu.perform(xlen, folder, qemu.BITS, vectors)
        bits = [text for text, _ in cases.bits(xlen)]
        known = {(mask, int.from_bytes(code, "little") & mask)
                 for text, code in zip(bits, encode(xlen, "i_zba_zbb", bits, folder))
                 for mask in [0xFFF0707F if text.startswith("rev8") else 0xFE00707F]}
        # Of Zba and Zbb the set has a part; the rest of them are to it no instructions.
        lines.append(f"words rv{xlen}")
        lines += wrap(f"{word:08x}:{result if is_known(word, known) else plain}"
                      for word, plain, result in zip(listed, without, outcomes))
    write("conformance/reserved.txt", lines)


def encodings(folder):
    lines = ["# Recorded from clang's assembler by tests/oracle/record.py; do not edit.",
             "# Registers, word, instruction."]
    for xlen in (32, 64):
        texts = list(cases.encodings(xlen))
        for code, text in zip(encode(xlen, "imafd_zicsr_zifencei_zba_zbb", texts, folder), texts):
            lines.append(f"rv{xlen} {words(code)} {text}")
    write("encodings.txt", lines)


def write(name, lines):
    path = FIXTURES / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))
    print(path.relative_to(FIXTURES), path.stat().st_size, "bytes")


def main():
    special = {"reserved": reserved, "encodings": encodings,
               "halfwords": lambda folder: write("halfwords.txt", [NOTE, *halfwords.lines(folder)])}
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[1:] or [*FAMILIES, *special]:
            special[name](folder) if name in special else family(name, folder)


main()
