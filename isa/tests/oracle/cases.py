"""What is asked of every instruction, as text; record.py asks it."""

import random

import qemu

REGISTER = "add sub sll slt sltu xor srl sra or and".split()
REGISTER_W = "addw subw sllw srlw sraw".split()
MULTIPLY = "mul mulh mulhsu mulhu div divu rem remu".split()
MULTIPLY_W = "mulw divw divuw remw remuw".split()
BITS = "andn orn xnor min minu max maxu sh1add sh2add sh3add".split()
IMMEDIATE = "addi slti sltiu xori ori andi".split()
SHIFT = "slli srli srai".split()
SHIFT_W = "slliw srliw sraiw".split()
LOAD = "lb lh lw lbu lhu".split()
STORE = "sb sh sw".split()
BRANCH = "beq bne blt bge bltu bgeu".split()
ATOMIC = "amoswap amoadd amoxor amoand amoor amomin amomax amominu amomaxu".split()
ORDER = ["", ".aq", ".rl", ".aqrl"]
CSR = "csrrw csrrs csrrc".split()
FLOAT_FUSED = "fmadd fmsub fnmsub fnmadd".split()
FLOAT = "fadd fsub fmul fdiv".split()
FLOAT_PLAIN = "fsgnj fsgnjn fsgnjx fmin fmax".split()
FLOAT_COMPARE = "feq flt fle".split()
# Nothing is "as frm says".
ROUNDING = ("", ", rne", ", rtz", ", rdn", ", rup", ", rmm")


def sets(xlen):
    """Values by name. Those that are negative, small, large, and at the ends of every width."""
    start, memory = qemu.START, qemu.MEMORY
    if xlen == 32:
        word = [0, 1, 2, 0x1F, 0x20, 0x7F, 0x80, 0x7FFF, 0x8000, 0xFFFF,
                0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFE, 0xFFFFFFFF, 0x9E3779B9]
        few = [0, 3, 0x80000000, 0xFFFFFFFF, 0x9E3779B9]
    else:
        word = [0, 1, 0x1F, 0x20, 0x3F, 0x40, 0x80, 0x8000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
                0x100000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFF7FFFFFFF,
                0xFFFFFFFF80000000, 0xFFFFFFFFFFFFFFFF, 0x9E3779B97F4A7C15]
        few = [0, 3, 0x80000000, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF, 0x9E3779B97F4A7C15]
    return {
        "word": word,
        "few": few,
        "bytes": [0x123456789ABCDEF0 & (1 << xlen) - 1, 0x80, 0x1FF00],
        # The last one only half lies in memory; there is nothing at the others.
        "missing": [0, 0x10000, qemu.DATA - 1, qemu.DATA + qemu.DATA_BYTES - 1],
        "place": [memory + i for i in range(9)],
        "base": [memory],
        "oddw": [memory + 1, memory + 2, memory + 3, memory + 5, memory + 7],
        "oddd": [memory + 1, memory + 2, memory + 4, memory + 7],
        "held": [0, 0x7F, 0x80, 0x7FFF, 0x8000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
                 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF, 0x9E3779B97F4A7C15],
        "some": [0, 0x80000000, 0xFFFFFFFFFFFFFFFF, 0x9E3779B97F4A7C15],
        # Targets with their lowest bit set or not, near and at the ends of the address space.
        "target": [start, start + 1, start + 0x101, start - 0x20, 0, 1, 2, 0x7FFFFFFF,
                   (1 << xlen - 1) + 1, (1 << xlen) - 2, (1 << xlen) - 1],
    }


def names(xlen, narrow, wide):
    return narrow + (wide if xlen == 64 else [])


def registers(name):
    """An instruction of three registers: its values, and registers that coincide."""
    yield f"{name} a0, a1, a2", "a1=word a2=word"
    yield from ((text, "a1=few a2=few")
                for text in (f"{name} a1, a1, a2", f"{name} a2, a1, a2", f"{name} zero, a1, a2"))
    yield f"{name} a1, a1, a1", "a1=word"
    yield f"{name} t6, s11, zero", "s11=word"
    yield f"{name} t5, zero, gp", "gp=word"


def immediates(name, values):
    yield from ((f"{name} a0, a1, {i}", "a1=word") for i in values)
    yield f"{name} a1, a1, {values[-1]}", "a1=few"
    yield f"{name} zero, a1, {values[-1]}", "a1=few"
    yield f"{name} s11, zero, {values[-1]}", ""


def base(xlen):
    for name in names(xlen, REGISTER, REGISTER_W):
        yield from registers(name)
    for name in names(xlen, IMMEDIATE, ["addiw"]):
        yield from immediates(name, [0, 1, -1, 2047, -2048, 1365, -1366])
    for name in SHIFT:
        yield from immediates(name, names(xlen, [0, 1, 7, 8, 15, 16, 21, 31], [32, 33, 47, 63]))
    for name in SHIFT_W if xlen == 64 else []:
        yield from immediates(name, [0, 1, 7, 8, 15, 16, 21, 31])
    for name in ("lui", "auipc"):
        for upper in (0, 1, 0x7FFFF, 0x80000, 0xFFFFF, 0x12345, 0xDFFFF):
            yield f"{name} a0, {upper:#x}", ""
        yield f"{name} zero, 0x80000", ""
        yield f"{name} t6, 0x80000", ""


def memory(xlen):
    for name in names(xlen, LOAD, ["ld", "lwu"]):
        yield f"{name} a0, 0(a1)", "a1=base memory=held"
        yield from ((f"{name} a0, {i}(a1)", "a1=place memory=9e3779b97f4a7c15")
                    for i in (0, 1, -1, 2047, -2048, -683))
        yield from ((f"{name} {rd}, 0(a1)", "a1=base memory=some") for rd in ("zero", "a1", "t6"))
        yield f"{name} s11, 4(sp)", "sp=base memory=some"
        yield f"{name} a0, 0(a1)", "a1=missing"
        yield f"{name} zero, 0(a1)", "a1=missing"
    for name in names(xlen, STORE, ["sd"]):
        yield f"{name} a2, 0(a1)", "a1=base a2=word"
        yield f"{name} a2, 0(a1)", "a1=place a2=word"
        yield from ((f"{name} a2, {i}(a1)", "a1=place a2=few")
                    for i in (1, -1, 2047, -2048, -683))
        yield f"{name} zero, 0(a1)", "a1=base memory=ffffffffffffffff"
        yield f"{name} a1, 0(a1)", "a1=place"
        yield f"{name} t6, 4(sp)", "sp=base t6=few"
        yield f"{name} a2, 0(a1)", "a1=missing a2=few"
    # What was stored is loaded, narrower and wider.
    wide = "d" if xlen == 64 else "w"
    for at in range(8):
        yield f"sb a2, {at}(a1); l{wide} a0, 0(a1); lhu a3, {at & 6}(a1)", "a1=base a2=few"


def control(xlen):
    for name in BRANCH:
        yield f"{name} a1, a2, 8", "a1=word a2=word"
        yield from ((f"{name} a1, a2, {i}", "a1=few a2=few")
                    for i in (4, 12, -2, -4, -8, 4094, -4096, 2730, -1366))
        yield f"{name} a1, a1, 8", "a1=few"
        yield f"{name} zero, t6, -8", "t6=word"
        yield f"{name} s11, zero, 16", "s11=word"
        yield f"{name} a1, a2, 8; addi a0, zero, 1", "a1=few a2=few"
    for rd in ("zero", "ra", "t0", "t6"):
        for distance in (4, 8, -2, -4, 2048, -2048, 1048574, -1048576, 699050, -349526):
            yield f"jal {rd}, {distance}", ""
    yield "addi a0, zero, 1; jal a1, 8; addi a0, zero, 2; addi a2, a0, 4", ""
    yield "jal zero, 12; addi a0, zero, 2; jal a1, 8; jal a2, -8", ""
    for rd in ("zero", "ra", "a1", "t6"):
        yield from ((f"jalr {rd}, {i}(a1)", "a1=target") for i in (0, 1, -1, 2047, -2048))
    yield "jalr ra, 0(ra)", "ra=target"
    yield "auipc a1, 0x0; jalr a0, 13(a1); addi a0, zero, 2; addi a2, a0, 4", ""
    yield from ((text, "") for text in ("fence rw, w", "fence iorw, iorw", "fence i, o", "fence r, r",
                                        "fence w, rw", "fence.tso", "fence.i", "ecall", "ebreak"))
    yield "addi a0, zero, 1; ebreak; addi a0, zero, 2", ""


def multiply(xlen):
    for name in names(xlen, MULTIPLY, MULTIPLY_W):
        yield from registers(name)


def bits(xlen):
    """Of Zba and Zbb what composite.rs lists."""
    for name in BITS:
        yield from registers(name)
    yield "rev8 a0, a1", "a1=word"
    yield "rev8 a0, a1", "a1=bytes"
    yield "rev8 a1, a1", "a1=few"
    yield "rev8 zero, a1", "a1=few"
    yield "rev8 s11, zero", ""
    yield "rev8 t6, gp", "gp=word"


def atomic(xlen):
    for size in names(xlen, ["w"], ["d"]):
        for name in ATOMIC:
            name = f"{name}.{size}"
            yield f"{name} a0, a2, (s0)", "s0=base memory=held a2=few"
            for order in ORDER[1:]:
                yield f"{name}{order} a0, a2, (s0)", "s0=base memory=some a2=few"
            for text in (f"{name} zero, a2, (s0)", f"{name} a2, a2, (s0)", f"{name} s0, a2, (s0)"):
                yield text, "s0=base memory=some a2=few"
            yield f"{name} a0, zero, (s0)", "s0=base memory=some"
            yield f"{name} a0, s0, (s0)", "s0=base memory=some"
            yield f"{name} a0, a2, (s0)", "s0=odd" + size
            yield f"{name} a0, a2, (s0)", "s0=missing"
        yield from reservations(size)


def reservations(size):
    lr, sc = f"lr.{size}", f"sc.{size}"
    for order in ORDER:
        yield f"{lr}{order} a0, (s0)", "s0=base memory=held"
        yield f"{sc}{order} a0, a2, (s0)", "s0=base memory=some a2=few"
        yield f"{lr}{order} a0, (s0); {sc}{order} a1, a2, (s0)", "s0=base memory=some a2=few"
    yield f"{lr} zero, (s0)", "s0=base memory=some"
    yield f"{lr} s0, (s0)", "s0=base memory=some"
    yield f"{lr} a0, (s0); {sc} a1, zero, (s0)", "s0=base memory=some"
    yield f"{lr} a0, (s0); {sc} zero, a2, (s0)", "s0=base memory=some a2=few"
    yield f"{lr} a0, (s0); {sc} a2, a2, (s0)", "s0=base memory=some a2=few"
    # Elsewhere, or a second time, there is no reservation.
    yield f"{lr} a0, (s0); addi s1, s0, 64; {sc} a1, a2, (s1)", "s0=base a2=few"
    yield f"{lr} a0, (s0); {sc} a1, a2, (s0); {sc} a3, a1, (s0)", "s0=base a2=few"
    yield f"{lr} a0, (s0); addi s1, s0, 64; {sc} a1, a2, (s1); {sc} a3, a2, (s0)", "s0=base a2=few"
    # qemu lets a misaligned store-conditional fail; the manual wants an exception.
    yield f"{lr} a0, (s0)", "s0=odd" + size
    yield f"{lr} a0, (s0)", "s0=missing"


def counters(xlen):
    high = [] if xlen == 64 else ["cycleh", "timeh", "instreth"]
    for counter in ["cycle", "time", "instret"] + high:
        for text in (f"csrrs a0, {counter}, zero", f"csrrc a0, {counter}, zero",
                     f"csrrsi a0, {counter}, 0", f"csrrci a0, {counter}, 0",
                     f"csrrs zero, {counter}, zero"):
            yield text, ""
        # Read-only.
        for text in (f"csrrw a0, {counter}, zero", f"csrrwi a0, {counter}, 0",
                     f"csrrw zero, {counter}, a1", f"csrrs a0, {counter}, a1",
                     f"csrrc a0, {counter}, a1", f"csrrsi a0, {counter}, 31",
                     f"csrrci a0, {counter}, 1"):
            yield text, "a1=1"
    for counter in ("cycle", "time", "instret"):
        # Time does not run backwards.
        yield f"csrrs a0, {counter}, zero; csrrs a1, {counter}, zero; sltu a2, a1, a0", ""
    for name in CSR:
        yield f"{name} a0, 0x800, a1", "a1=1"
        yield f"{name}i a0, 0x800, 0", ""
    if xlen == 64:
        yield "csrrs a0, 0xc80, zero", ""


# Opcodes that other families are about, or that jump into themselves.
ELSEWHERE = (0x63, 0x6F, 0x73)
RESERVED = [0, 0xFFFFFFFF, 0x1F, 0x3F, 0x0B, 0x2B, 0x5B, 0x7B, 0x57, 0x6B, 0x77,
            0x00002063, 0x00003063, 0x00001067, 0x00007003, 0x00004023, 0x00002073 ^ 0x6000,
            0x1005252F | 1 << 20, 0x00C5D553, 0x00C5E553, 0x06C5F553, 0x02059513, 0x0200101B, 0x0000401B, 0x04C58533, 0x80000073]


def near(xlen, words):
    """Words at a distance of a bit or two from those of instructions."""
    choice, found = random.Random(xlen), dict.fromkeys(RESERVED)
    while len(found) < 3000:
        word = choice.choice(words)
        for _ in range(choice.choice((1, 1, 2))):
            word ^= 1 << choice.randrange(2, 32)
        conditional = word & 0xF800007F == 0x1800002F
        if word & 0x7F not in ELSEWHERE and word & 0x1C != 0x1C and not conditional:
            found[word] = None
    return list(found)


def encodings(xlen):
    both = lambda narrow, wide: names(xlen, narrow, wide)
    for name in both(REGISTER + MULTIPLY, REGISTER_W + MULTIPLY_W):
        yield from (f"{name} a0, a1, a2", f"{name} t6, zero, s11")
    for name in BITS:
        yield from (f"{name} a0, a1, a2", f"{name} t6, zero, s11")
    yield from ("rev8 a0, a1", "rev8 t6, zero")
    for name in both(IMMEDIATE, ["addiw"]):
        yield from (f"{name} a0, a1, {i}" for i in (0, 1, -1, 2047, -2048, 1365))
    for name in SHIFT:
        yield from (f"{name} a0, a1, {i}" for i in both([0, 1, 21, 31], [32, 42, 63]))
    for name in SHIFT_W if xlen == 64 else []:
        yield from (f"{name} a0, a1, {i}" for i in (0, 1, 21, 31))
    for name in both(LOAD, ["ld", "lwu"]) + both(STORE, ["sd"]) + ["jalr"]:
        yield from (f"{name} s3, {i}(t5)" for i in (0, 1, -1, 2047, -2048, -683))
    for name in BRANCH:
        yield from (f"{name} a0, s11, {i}" for i in (0, 2, -2, 12, 4094, -4096, 2730, -1366))
    yield from (f"jal ra, {i}" for i in (0, 2, -2, 1048574, -1048576, 699050, -349526))
    for name in ("lui", "auipc"):
        yield from (f"{name} a7, {i:#x}" for i in (0, 1, 0x7ffff, 0x80000, 0xfffff, 0x12345))
    for size in both(["w"], ["d"]):
        for order in ORDER:
            yield f"lr.{size}{order} a0, (a1)"
            yield from (f"{name}.{size}{order} a0, a2, (a1)" for name in ["sc"] + ATOMIC)
    for name in CSR:
        yield from (f"{name} a0, {csr}, s10" for csr in ("cycle", "time", "instret", "0x7c0"))
        yield from (f"{name}i a0, fcsr, {i}" for i in (0, 1, 31))
    if xlen == 32:
        yield from (f"csrrs a0, {csr}, zero" for csr in ("cycleh", "timeh", "instreth"))
    yield from ("fence rw, w", "fence iorw, iorw", "fence i, o", "fence.tso", "fence.i")
    yield from ("ecall", "ebreak")
    yield from float_encodings(xlen)


def float_encodings(xlen):
    for size in ("w", "d"):
        yield from (f"f{access}{size} fs3, {i}(t5)"
                    for access in "ls" for i in (0, 1, -1, 2047, -2048, -683))
    for kind in ("s", "d"):
        for rounding in ROUNDING:
            yield from (f"{name}.{kind} fa0, fs1, ft11, ft2{rounding}" for name in FLOAT_FUSED)
            yield from (f"{name}.{kind} fa0, fs1, ft11{rounding}" for name in FLOAT)
            yield f"fsqrt.{kind} fs11, ft1{rounding}"
            for size in names(xlen, ["w", "wu"], ["l", "lu"]):
                yield f"fcvt.{size}.{kind} s11, ft1{rounding}"
                # Exact conversions round to nearest if nothing is said, and are printed so.
                if not (kind == "d" and size[0] == "w" and rounding == ", rne"):
                    yield f"fcvt.{kind}.{size} ft1, s11{rounding}"
        yield from (f"{name}.{kind} fa0, fs1, ft11" for name in FLOAT_PLAIN)
        yield from (f"{name}.{kind} a0, fs1, ft11" for name in FLOAT_COMPARE)
        yield f"fclass.{kind} a0, ft9"
    yield from (f"fcvt.s.d fa0, fs11{rounding}" for rounding in ROUNDING)
    yield from (f"fcvt.d.s fa0, fs11{rounding}" for rounding in ROUNDING if rounding != ", rne")
    yield from ("fcvt.d.s fa0, fs11, dyn", "fcvt.d.w fa0, a0, dyn")
    yield from ("fmv.x.w a0, ft9", "fmv.w.x ft9, a0")
    yield from names(xlen, [], ["fmv.x.d a0, ft9", "fmv.d.x ft9, a0"])
