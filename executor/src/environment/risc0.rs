//! RISC Zero 1 and 2: RV32IM with the calls of its guest library, which the kernel would answer.
//!
//! `t0` selects:
//!
//! | `t0` | | arguments |
//! |---|---|---|
//! | 0 | halt | `a0`: kind, and exit code in the second byte |
//! | 1 | input | `a0`: index of a word of the input digest, which is zero |
//! | 2 | software | `a0`, `a1`: place for the answer and its size; `a2`: the call's [name](software) |
//! | 3 | SHA-256 | `a0`: new state; `a1`: state; `a2`, `a3`: halves of the first block; `a4`: blocks |
//! | 4 | bigint | `a0`: result; `a2`, `a3`: factors; `a4`: modulus |
//! | 6 | bigint2 | a [program](bigint) and its operands |
//! | 7 | Poseidon2 | not executed here |
//!
//! Accesses are aligned, text that is stored to is executed as it was, and the kernel's instructions
//! are not counted, since it is not there. From `risc0-zkvm-platform` 1.2 and 2.2.

mod bigint;
mod software;

use std::borrow::Cow;

use autoprec_guest_elf::Program;
use autoprec_isa::{Reg, Xlen};
use num_bigint::BigUint;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::numbers;
use super::streams::Files;
use crate::hart::{Guest, MachineState};
use crate::host::{
    Action, Call, CallError, Host, ILLEGAL, Output, Session, Start, Started, numbered,
};
use crate::input::Input;
use crate::memory::Memory;

/// Memory of guests of version 2 ends here; those of version 1 have a sixteenth.
const END: u64 = 0xc000_0000;
const NEAR: u64 = 1 << 29;
const STACK_TOP: u64 = 0x20_0400;
/// Most blocks of one call.
const MAX_BLOCKS: u64 = 1000;

const HALT: u64 = 0;
const INPUT: u64 = 1;
const SOFTWARE: u64 = 2;
const SHA: u64 = 3;
const BIGINT: u64 = 4;
const BIGINT2: u64 = 6;
const POSEIDON2: u64 = 7;

pub(super) struct Rules;

impl Host for Rules {
    fn start(&self, program: &Program, input: &Input) -> Result<Started, String> {
        if program.xlen != Xlen::Rv32 {
            return Err("RISC Zero runs riscv32im only; build the guest for that".to_owned());
        }
        if let Some(segment) = program.segments.iter().find(|s| s.end() > END) {
            return Err(format!(
                "the segment at {:#x} lies behind {END:#x}, where memory of guests ends; a kernel \
                 is not executed here",
                segment.addr
            ));
        }
        let mut memory = Memory::new(0..NEAR);
        memory.open(0..END);
        for segment in &program.segments {
            memory.initialise(segment.addr, &segment.data[..super::layout::nonzero(&segment.data)]);
        }
        let stdin = if input.hints.is_empty() { input.stdin.clone() } else { input.hints.concat() };
        let session = Risc0 {
            files: Files::new(&stdin),
            args: input.args.clone(),
            random: StdRng::seed_from_u64(0),
        };
        Ok((Start { memory, registers: vec![(Reg::SP, STACK_TOP)] }, Box::new(session)))
    }

    fn aligned_only(&self) -> bool {
        true
    }
}

struct Risc0 {
    files: Files,
    args: Vec<String>,
    random: StdRng,
}

impl Session for Risc0 {
    fn call(&mut self, call: Call, guest: &mut dyn Guest) -> Result<Action, CallError> {
        const SPLIT: u64 = 2;
        let Call::Ecall = call else { return Err(CallError::Illegal) };
        let [a0, a1, a2, a3, a4] =
            [Reg::A0, Reg::A1, Reg::A2, Reg::A3, Reg::A4].map(|r| guest.reg(r));
        match guest.reg(Reg::T0) {
            HALT if a0 & 0xff == SPLIT => {}
            #[expect(clippy::cast_possible_truncation, reason = "exit codes have 8 bits")]
            HALT => return Ok(Action::Exit((a0 >> 8) as u32 & 0xff)),
            INPUT => guest.set_reg(Reg::A0, 0),
            SOFTWARE => return self.software(guest),
            SHA => compress(guest, (a0, a1), (a2, a3), a4)?,
            BIGINT if a1 == 0 => multiply(guest, a0, (a2, a3), a4)?,
            BIGINT2 => bigint::execute(guest)?,
            POSEIDON2 => {
                return Err(CallError::Failed(
                    "the guest calls Poseidon2 of RISC Zero, which is not executed here; hash with \
                     SHA-256"
                        .to_owned(),
                ));
            }
            other => return Err(CallError::Unknown(other)),
        }
        Ok(Action::Continue)
    }

    fn call_name(&self, call: Call, guest: &dyn MachineState) -> Cow<'static, str> {
        let Call::Ecall = call else { return ILLEGAL };
        match guest.reg(Reg::T0) {
            HALT => "halt".into(),
            INPUT => "input".into(),
            SOFTWARE => software::name(guest).map_or("software".into(), Cow::Owned),
            SHA => "sha".into(),
            BIGINT => "bigint".into(),
            BIGINT2 => "bigint2".into(),
            POSEIDON2 => "poseidon2".into(),
            other => numbered(other),
        }
    }

    fn output(&mut self) -> &mut Output {
        &mut self.files.output
    }
}

/// SHA-256 of blocks whose halves lie at two places; words of states are big-endian.
fn compress(
    guest: &mut dyn Guest,
    (to, from): (u64, u64),
    (first, second): (u64, u64),
    blocks: u64,
) -> Result<(), CallError> {
    if blocks > MAX_BLOCKS {
        let reason = format!("SHA-256 of {blocks} blocks; one call takes at most {MAX_BLOCKS}");
        return Err(CallError::Failed(reason));
    }
    let bytes = super::transfer::read(guest, from, 32)?;
    let mut state = [0; 8];
    for (word, bytes) in state.iter_mut().zip(bytes.chunks_exact(4)) {
        *word = u32::from_be_bytes(bytes.try_into().expect("chunks of four bytes"));
    }
    for block in 0..blocks {
        let halves =
            [first, second].map(|half| super::transfer::read(guest, half + 64 * block, 32));
        let [first, second] = halves;
        let block: [u8; 64] = [first?, second?].concat().try_into().expect("as many as were read");
        sha2::compress256(&mut state, &[block.into()]);
    }
    super::transfer::write(guest, to, state.map(u32::to_be_bytes).as_flattened())
}

/// A product of 256-bit numbers modulo a third; modulo 2^256 if that is 0.
fn multiply(
    guest: &mut dyn Guest,
    to: u64,
    (x, y): (u64, u64),
    modulus: u64,
) -> Result<(), CallError> {
    let ([x], [y]) = (numbers::load(guest, x, 32)?, numbers::load(guest, y, 32)?);
    let [modulus] = numbers::load(guest, modulus, 32)?;
    let modulus = if modulus == BigUint::ZERO { BigUint::from(1_u8) << 256 } else { modulus };
    numbers::store(guest, to, 32, &[x * y % modulus])
}
