"""All halfwords: what GNU objdump calls them and what qemu does for them.

The fixture has a line per form with the number of its encodings, and a line per 64 halfwords with two
digests (FNV-1a of 64 bits): of the instructions they stand for, one per line, `-` for none; and of what
they do on each of the states, one halfword per line.

Usage, to see what a line of digests is about: halfwords.py 32|64 FIRST
"""

import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import qemu

GROUP = 64
# What the manual says each form stands for.
EXPANSIONS = {
    "c.addi4spn": "addi $0, $1, $2", "c.lw": "lw $0, $1", "c.ld": "ld $0, $1",
    "c.sw": "sw $0, $1", "c.sd": "sd $0, $1", "c.nop": "addi zero, zero, $0",
    "c.addi": "addi $0, $0, $1", "c.jal": "jal ra, $0", "c.addiw": "addiw $0, $0, $1",
    "c.li": "addi $0, zero, $1", "c.addi16sp": "addi sp, sp, $1", "c.lui": "lui $0, $1",
    "c.srli": "srli $0, $0, $1", "c.srai": "srai $0, $0, $1", "c.srli64": "srli $0, $0, 0",
    "c.srai64": "srai $0, $0, 0", "c.andi": "andi $0, $0, $1", "c.sub": "sub $0, $0, $1",
    "c.xor": "xor $0, $0, $1", "c.or": "or $0, $0, $1", "c.and": "and $0, $0, $1",
    "c.subw": "subw $0, $0, $1", "c.addw": "addw $0, $0, $1", "c.j": "jal zero, $0",
    "c.beqz": "beq $0, zero, $1", "c.bnez": "bne $0, zero, $1", "c.slli": "slli $0, $0, $1",
    "c.slli64": "slli $0, $0, 0", "c.lwsp": "lw $0, $1", "c.ldsp": "ld $0, $1",
    "c.swsp": "sw $0, $1", "c.sdsp": "sd $0, $1", "c.jr": "jalr zero, 0($0)",
    "c.mv": "add $0, zero, $1", "c.ebreak": "ebreak", "c.jalr": "jalr ra, 0($0)",
    "c.add": "add $0, $0, $1", "c.fld": "fld $0, $1", "c.flw": "flw $0, $1",
    "c.fsd": "fsd $0, $1", "c.fsw": "fsw $0, $1", "c.fldsp": "fld $0, $1",
    "c.flwsp": "flw $0, $1", "c.fsdsp": "fsd $0, $1", "c.fswsp": "fsw $0, $1",
}


def halves():
    return [half for half in range(1 << 16) if half & 3 != 3]


def disassembled(xlen, folder):
    """What objdump prints, per halfword; `-` where it has nothing or the manual reserves it."""
    object_path = Path(folder, "h.o")
    source = "".join(f".insn {half:#06x}\n" for half in halves())
    subprocess.run(["riscv64-unknown-elf-as", f"-march=rv{xlen}ifdc", "-o", object_path, "-"],
                   check=True, input=source.encode())
    dump = qemu.run("riscv64-unknown-elf-objdump", "-d", "-M", "no-aliases", object_path).decode()
    found = re.findall(r"^ *([0-9a-f]+):\t([0-9a-f]{4})\s+(.*)$", dump, re.M)
    assert [int(half, 16) for _, half, _ in found] == halves()
    for address, _, text in found:
        text = " ".join(re.sub(r"\s*(<.*|#.*)$", "", text).replace(",", ", ").split())
        if re.match(r"c\.(j|jal|beqz|bnez)\b", text):
            before, target = text.rsplit(" ", 1)
            distance = int(target, 16) - int(address, 16)
            # Targets wrap around the address space.
            text = f"{before} {(distance + (1 << 31)) % (1 << 32) - (1 << 31)}"
        # objdump prints some encodings that the manual reserves: shifts by 32 or more on RV32, and
        # adding nothing to the stack pointer.
        far = re.match(r"c\.(slli|srli|srai) .*, (0x[0-9a-f]+)$", text)
        reserved = text in ("c.addi16sp sp, 0", "c.unimp") or (far and int(far[2], 16) >= xlen)
        yield "-" if reserved or not text.startswith("c.") else text


def expansion(text):
    """In the form in which the crate prints it."""
    if text == "-":
        return text
    name, operands = text.split(" ", 1) if " " in text else (text, "0")
    result = EXPANSIONS[name]
    for i, operand in enumerate(operands.split(", ")):
        result = result.replace(f"${i}", operand)
    if not name.startswith("c.lui"):
        result = re.sub(r"0x[0-9a-f]+", lambda number: str(int(number[0], 16)), result)
    return result


def states(xlen):
    """Pointers to the data in all registers; values of all kinds in all registers, twice."""
    values = [0, 1, 0x7F, 0x80, 0xFFFF8000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x9E3779B9,
              0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFF80000000, ~0]
    pointers = {name: qemu.MEMORY + 24 * i + i % 3 for i, name in enumerate(qemu.REGS[1:])}
    some = {name: values[i % 13] for i, name in enumerate(qemu.REGS[1:])}
    others = {name: values[(7 * i + 3) % 13] for i, name in enumerate(qemu.REGS[1:])}
    return [qemu.State(xlen, given) for given in (pointers, some, others)]


def performed(xlen, folder, listed):
    """Per halfword, what it does on each state."""
    columns = [qemu.perform(xlen, folder, qemu.FLOAT,
                            [(half.to_bytes(2, "little"), state) for half in listed])
               for state in states(xlen)]
    return [" ".join(row) for row in zip(*columns)]


def digest(rows):
    value = 0xCBF29CE484222325
    for byte in "".join(f"{row}\n" for row in rows).encode():
        value = (value ^ byte) * 0x100000001B3 % (1 << 64)
    return f"{value:016x}"


def lines(folder):
    yield "# Forms and the number of their encodings; then, per 64 halfwords, digests of what they"
    yield "# stand for and of what they do: tests/oracle/halfwords.py."
    for xlen in (32, 64):
        names = list(disassembled(xlen, folder))
        results = performed(xlen, folder, halves())
        for name, count in sorted(Counter(name.split(" ")[0] for name in names).items()):
            yield f"form rv{xlen} {name} {count}"
        texts = [expansion(name) for name in names]
        assert [t == "-" for t in texts] == [r == "illegal illegal illegal" for r in results]
        for first in range(0, len(texts), GROUP * 3 // 4):
            group = slice(first, first + GROUP * 3 // 4)
            yield f"rv{xlen} {halves()[first]:04x} {digest(texts[group])} {digest(results[group])}"


def main():
    xlen, first = int(sys.argv[1]), int(sys.argv[2], 16)
    listed = [half for half in range(first, first + GROUP) if half & 3 != 3]
    with tempfile.TemporaryDirectory() as folder:
        texts = dict(zip(halves(), disassembled(xlen, folder)))
        for half, result in zip(listed, performed(xlen, folder, listed)):
            print(f"{half:04x} {expansion(texts[half])} | {result}")


if __name__ == "__main__":
    main()
