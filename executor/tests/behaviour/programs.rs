//! Programs that more than one file of tests runs.

/// Prints twice and once, from two functions through one, and ends with a call of its own.
pub(crate) const PRINTS: &str = "
_start:
    addi s0, zero, 2
.again:
    jal ra, @print
    addi s0, s0, -1
    bne s0, zero, @.again
    jal ra, @other
    addi a0, zero, 0
    addi a7, zero, 93
    ecall
other:
    addi t0, ra, 0
    jal ra, @print
    jalr zero, 0(t0)
print:
    addi a0, zero, 1
    auipc a1, 0
    addi a2, zero, 3
    addi a7, zero, 64
    ecall
    jalr zero, 0(ra)
";

/// Fills 100 words, reads a byte of every other one, and stores across words and pages.
pub(crate) const WORK: &str = "
_start:
    lui s0, 0x10000
    addi t0, zero, 100
.fill:
    sw t0, 0(s0)
    addi s0, s0, 4
    addi t0, t0, -1
    bne t0, zero, @.fill
    lui s0, 0x10001
    jal ra, @across
    jal ra, @across
    lbu a0, 1(s0)
    lh a0, 6(s0)
    addi a0, zero, 0
    addi a7, zero, 93
    ecall
across:
    sw t0, -2(s0)
    lw t1, 3(s0)
    lhu t1, 5(s0)
    jalr zero, 0(ra)
";

/// Calls `work` three times; `work` loops five times and ends in a tail call of `leaf`.
pub(crate) const CALLS: &str = "
_start:
    addi s0, zero, 3
.again:
    jal ra, @work
    addi s0, s0, -1
    bne s0, zero, @.again
    addi a0, zero, 0
    addi a7, zero, 93
    ecall
work:
    addi t1, zero, 5
.loop:
    addi t1, t1, -1
    bne t1, zero, @.loop
    jal zero, @leaf
leaf:
    addi a0, a0, 1
    jalr zero, 0(ra)
";
