//! Pseudo-instructions: other ways to write one instruction.

/// Another way to write an instruction: mnemonic, number of operands, and what it stands for.
struct Pseudo(&'static str, usize, &'static str);

/// The usual ones that stand for one instruction.
const PSEUDO: &[Pseudo] = &[
    Pseudo("nop", 0, "addi zero, zero, 0"),
    Pseudo("li", 2, "addi $0, zero, $1"),
    Pseudo("mv", 2, "addi $0, $1, 0"),
    Pseudo("not", 2, "xori $0, $1, -1"),
    Pseudo("neg", 2, "sub $0, zero, $1"),
    Pseudo("negw", 2, "subw $0, zero, $1"),
    Pseudo("sext.w", 2, "addiw $0, $1, 0"),
    Pseudo("zext.b", 2, "andi $0, $1, 255"),
    Pseudo("seqz", 2, "sltiu $0, $1, 1"),
    Pseudo("snez", 2, "sltu $0, zero, $1"),
    Pseudo("sltz", 2, "slt $0, $1, zero"),
    Pseudo("sgtz", 2, "slt $0, zero, $1"),
    Pseudo("beqz", 2, "beq $0, zero, $1"),
    Pseudo("bnez", 2, "bne $0, zero, $1"),
    Pseudo("blez", 2, "bge zero, $0, $1"),
    Pseudo("bgez", 2, "bge $0, zero, $1"),
    Pseudo("bltz", 2, "blt $0, zero, $1"),
    Pseudo("bgtz", 2, "blt zero, $0, $1"),
    Pseudo("bgt", 3, "blt $1, $0, $2"),
    Pseudo("ble", 3, "bge $1, $0, $2"),
    Pseudo("bgtu", 3, "bltu $1, $0, $2"),
    Pseudo("bleu", 3, "bgeu $1, $0, $2"),
    Pseudo("j", 1, "jal zero, $0"),
    Pseudo("jal", 1, "jal ra, $0"),
    Pseudo("jr", 1, "jalr zero, 0($0)"),
    Pseudo("jalr", 1, "jalr ra, 0($0)"),
    Pseudo("jalr", 3, "jalr $0, $2($1)"),
    Pseudo("ret", 0, "jalr zero, 0(ra)"),
    Pseudo("fence", 0, "fence iorw, iorw"),
    Pseudo("csrr", 2, "csrrs $0, $1, zero"),
    Pseudo("csrw", 2, "csrrw zero, $0, $1"),
    Pseudo("csrs", 2, "csrrs zero, $0, $1"),
    Pseudo("csrc", 2, "csrrc zero, $0, $1"),
    Pseudo("csrwi", 2, "csrrwi zero, $0, $1"),
    Pseudo("csrsi", 2, "csrrsi zero, $0, $1"),
    Pseudo("csrci", 2, "csrrci zero, $0, $1"),
    Pseudo("frcsr", 1, "csrrs $0, fcsr, zero"),
    Pseudo("fscsr", 1, "csrrw zero, fcsr, $0"),
    Pseudo("fscsr", 2, "csrrw $0, fcsr, $1"),
    Pseudo("frrm", 1, "csrrs $0, frm, zero"),
    Pseudo("fsrm", 1, "csrrw zero, frm, $0"),
    Pseudo("fsrm", 2, "csrrw $0, frm, $1"),
    Pseudo("frflags", 1, "csrrs $0, fflags, zero"),
    Pseudo("fsflags", 1, "csrrw zero, fflags, $0"),
    Pseudo("fsflags", 2, "csrrw $0, fflags, $1"),
    Pseudo("fmv.s", 2, "fsgnj.s $0, $1, $1"),
    Pseudo("fneg.s", 2, "fsgnjn.s $0, $1, $1"),
    Pseudo("fabs.s", 2, "fsgnjx.s $0, $1, $1"),
    Pseudo("fmv.d", 2, "fsgnj.d $0, $1, $1"),
    Pseudo("fneg.d", 2, "fsgnjn.d $0, $1, $1"),
    Pseudo("fabs.d", 2, "fsgnjx.d $0, $1, $1"),
    Pseudo("rdcycle", 1, "csrrs $0, cycle, zero"),
    Pseudo("rdtime", 1, "csrrs $0, time, zero"),
    Pseudo("rdinstret", 1, "csrrs $0, instret, zero"),
];

/// The instruction that a pseudo-instruction stands for, if it is one.
pub(super) fn base(mnemonic: &str, operands: &[&str]) -> Option<String> {
    let row = PSEUDO.iter().find(|row| row.0 == mnemonic && row.1 == operands.len())?;
    Some(substitute(row.2, operands))
}

/// Puts the operands in the places `$0`, `$1`, `$2` of a pseudo-instruction's meaning.
fn substitute(stands_for: &str, operands: &[&str]) -> String {
    let places = ["$0", "$1", "$2"];
    let replace = |text: String, (place, operand): (&str, &&str)| text.replace(place, operand);
    places.into_iter().zip(operands).fold(stands_for.to_owned(), replace)
}
