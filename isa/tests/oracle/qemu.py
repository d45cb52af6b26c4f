"""Performs instructions with qemu's user emulation, one piece of code and one state at a time.

stepper.c is the guest that does it. A piece of code starts at START and lies among breakpoints. Before
it runs, register i holds i times 0x0101010101010101, or what the vector says; floating-point registers
hold the same with the bits inverted; the data hold a pattern, and what the vector says at MEMORY.

What happened is told in one word: effects joined by commas, `.` if there is none and control falls out
of the end.

    a0=7f           a register changed
    [-8]=00ff       bytes that changed, at a distance from MEMORY
    @+8, @=80       control arrived at a distance from START, or far away at an address
    illegal, fault, misaligned   the instruction did not work; with its distance if it is not the first
"""

import struct
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
START = 0x20000800
DATA, DATA_BYTES = 0x30000000, 0x2000
MEMORY = DATA + 0x800
CODE_BYTES, CHANGES = 64, 16
REQUEST = struct.Struct(f"<31Q32QQ2Q{CODE_BYTES}s")
REPLY = struct.Struct(f"<QQ31Q32QQQ{CHANGES}Q")

REGS = ("zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 "
        "s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6").split()
FREGS = ("ft0 ft1 ft2 ft3 ft4 ft5 ft6 ft7 fs0 fs1 fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 "
         "fs2 fs3 fs4 fs5 fs6 fs7 fs8 fs9 fs10 fs11 ft8 ft9 ft10 ft11").split()
PATTERN = 0x0101010101010101
ONES = (1 << 64) - 1
# Of what later versions of qemu turn on by themselves, nothing but the named extensions.
OFF = "zba=off,zbb=off,zbc=off,zbs=off"
INTEGER = f"f=off,d=off,{OFF}"
FLOAT = OFF
BITS = "zba=on,zbb=on,zbc=off,zbs=off"

SIGILL, SIGTRAP, SIGBUS, SIGSEGV, SIGVTALRM = 4, 5, 7, 11, 26


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, **options).stdout


def build(xlen, folder):
    """The guest for this width."""
    out = Path(folder, f"stepper{xlen}")
    if not out.exists():
        run("clang-19", f"--target=riscv{xlen}", f"-march=rv{xlen}imac_zicsr_zifencei",
            "-mabi=" + ("lp64" if xlen == 64 else "ilp32"), "-mcmodel=medany", "-mno-relax", "-O2",
            "-Wall", "-ffreestanding", "-fno-builtin", "-nostdlib", "-static", "-fuse-ld=lld-19",
            "-Wl,--image-base=0x50000000", "-o", out, HERE / "stepper.c")
    return out


def assemble(xlen, source, folder, march):
    """The bytes of the text section, by clang's assembler."""
    source_path, object_path = Path(folder, "a.s"), Path(folder, "a.o")
    source_path.write_text(source)
    run("clang-19", f"--target=riscv{xlen}", f"-march=rv{xlen}{march}", "-mno-relax",
        "-c", "-o", object_path, source_path)
    binary = Path(folder, "a.bin")
    run("riscv64-unknown-elf-objcopy", "-O", "binary", "-j", ".text", object_path, binary)
    return binary.read_bytes()


class State:
    """Registers and memory before a piece of code runs."""

    def __init__(self, xlen, inputs):
        self.xlen, mask = xlen, (1 << xlen) - 1
        self.regs = [i * PATTERN & mask for i in range(32)]
        self.fregs = [i * PATTERN ^ ONES for i in range(32)]
        self.fcsr, self.memory = 0, [0, 0]
        for name, value in inputs.items():
            if name in REGS:
                self.regs[REGS.index(name)] = value & mask
            elif name in FREGS:
                self.fregs[FREGS.index(name)] = value & ONES
            elif name == "fcsr":
                self.fcsr = value
            elif name == "memory":
                self.memory[0] = value & ONES
            else:
                raise ValueError(name)

    def request(self, code):
        padding = b"\x02\x90" * ((CODE_BYTES - len(code)) // 2)
        assert len(code) + len(padding) == CODE_BYTES and padding
        return REQUEST.pack(*self.regs[1:], *self.fregs, self.fcsr, *self.memory, code + padding)


def arrival(xlen, distance):
    """Where control arrived, as a distance from START or an address."""
    distance = (distance + (1 << xlen - 1)) % (1 << xlen) - (1 << xlen - 1)
    if abs(distance) < 1 << 22:
        return f"@{distance:+}"
    return f"@={(distance + START) % (1 << xlen):x}"


def memory_effects(changes):
    """Runs of neighbouring bytes."""
    effects, last = [], None
    for change in changes:
        offset, byte = change >> 8, change & 0xFF
        if offset - 1 == last:
            effects[-1] += f"{byte:02x}"
        else:
            effects.append(f"[{offset + DATA - MEMORY}]={byte:02x}")
        last = offset
    return effects


def outcome(state, code, reply):
    """What happened, in one word."""
    signal, pc, *rest = REPLY.unpack(reply)
    regs, fregs, (fcsr, changed), changes = rest[:31], rest[31:63], rest[63:65], rest[65:]
    effects = [f"{name}={after:x}" for name, before, after
               in zip(REGS[1:], state.regs[1:], regs) if before != after]
    effects += [f"{name}={after:x}" for name, before, after
                in zip(FREGS, state.fregs, fregs) if before != after]
    if fcsr != state.fcsr:
        effects.append(f"fcsr={fcsr:x}")
    effects += memory_effects(changes[:changed])
    distance = (pc - START) % (1 << state.xlen)
    within = distance < len(code)
    if signal == SIGILL or signal == SIGBUS or (signal == SIGSEGV and within):
        assert within, (signal, hex(pc), code.hex())
        word = {SIGILL: "illegal", SIGBUS: "misaligned", SIGSEGV: "fault"}[signal]
        effects.append(word + (f"@+{distance}" if distance else ""))
    else:
        assert signal in (SIGTRAP, SIGSEGV) or (signal == SIGVTALRM and within), (signal, hex(pc))
        if distance != len(code):
            effects.append(arrival(state.xlen, distance))
    return ",".join(effects) or "."


def perform(xlen, folder, cpu, vectors):
    """The outcomes of pairs of code and state."""
    vectors = list(vectors)
    requests = b"".join(state.request(code) for code, state in vectors)
    output = run(f"qemu-riscv{xlen}", "-cpu", f"rv{xlen},{cpu}", build(xlen, folder), input=requests)
    size = REPLY.size
    assert len(output) == size * len(vectors), (len(output) / size, len(vectors))
    return [outcome(state, code, output[i * size:(i + 1) * size])
            for i, (code, state) in enumerate(vectors)]
