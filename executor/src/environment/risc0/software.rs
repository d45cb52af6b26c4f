//! The software calls of RISC Zero, which the host answers, by the last part of their names.

use autoprec_isa::Reg;
use rand::RngCore as _;

use super::Risc0;
use crate::environment::hashes;
use crate::environment::transfer::{MAX_COPY, read, write};
use crate::hart::{Guest, MachineState};
use crate::host::{Action, CallError};

/// Longer names are cut.
const MAX_NAME: usize = 128;
/// Where guests write public values.
const JOURNAL: u64 = 3;

/// The name at `a2`, without the path in front of it.
pub(super) fn name(guest: &dyn MachineState) -> Option<String> {
    let addr = guest.reg(Reg::A2);
    let byte = |distance| guest.read(addr + distance as u64, 1).and_then(|b| b.first().copied());
    let bytes: Vec<u8> = (0..MAX_NAME).map_while(byte).take_while(|&byte| byte != 0).collect();
    let name = String::from_utf8(bytes).ok()?;
    let last = name.rsplit("::").next().filter(|last| !last.is_empty())?;
    Some(last.to_ascii_lowercase())
}

impl Risc0 {
    pub(super) fn software(&mut self, guest: &mut dyn Guest) -> Result<Action, CallError> {
        let [to, size, _, a3, a4, a5] =
            [Reg::A0, Reg::A1, Reg::A2, Reg::A3, Reg::A4, Reg::A5].map(|r| guest.reg(r));
        let name = name(guest).unwrap_or_default();
        let answer = match name.as_str() {
            "sys_argc" => [self.args.len() as u64, 0],
            "sys_argv" => self.argument(guest, (to, size), a3)?,
            "sys_cycle_count" => [guest.instructions() >> 32, guest.instructions() & 0xffff_ffff],
            "sys_exit" => return Ok(Action::Exit(0)),
            // There is no variable of any name.
            "sys_getenv" => [u64::from(u32::MAX), 0],
            "sys_keccak" => keccak(guest, to, (a3, a4))?,
            "sys_log" => {
                let line = [read(guest, a3, a4)?, vec![b'\n']].concat();
                self.files.output.stdout.extend(line);
                [0, 0]
            }
            "sys_panic" => {
                let message = read(guest, a3, a4)?;
                let message = String::from_utf8_lossy(&message);
                return Err(CallError::Failed(format!("the guest panicked: {message}")));
            }
            "sys_random" => self.random(guest, to, size)?,
            "sys_read" => self.read(guest, (to, size), a3, a4)?,
            "sys_write" if a3 == JOURNAL => {
                self.files.output.public_values.extend(read(guest, a4, a5)?);
                [0, 0]
            }
            "sys_write" => {
                self.files.write(guest, a3, (a4, a5))?;
                [0, 0]
            }
            // What only a prover does.
            "sys_verify_integrity"
            | "sys_verify_integrity2"
            | "sys_prove_keccak"
            | "sys_prove_zkr" => [0, 0],
            _ => {
                return Err(CallError::Failed(format!(
                    "the guest makes the software call `{name}`, which a host program answers and \
                     which is not known here"
                )));
            }
        };
        guest.set_reg(Reg::A0, answer[0]);
        guest.set_reg(Reg::A1, answer[1]);
        Ok(Action::Continue)
    }

    /// Bytes of an argument, of which as many are written as there is room for.
    fn argument(
        &self,
        guest: &mut dyn Guest,
        (to, words): (u64, u64),
        index: u64,
    ) -> Result<[u64; 2], CallError> {
        let argument = usize::try_from(index).ok().and_then(|index| self.args.get(index));
        let Some(argument) = argument else {
            return Err(CallError::Failed(format!(
                "the guest asks for argument {index}, of {}",
                self.args.len()
            )));
        };
        let room = usize::try_from(4 * words).unwrap_or(usize::MAX);
        write(guest, to, &argument.as_bytes()[..argument.len().min(room)])?;
        Ok([argument.len() as u64, 0])
    }

    fn random(
        &mut self,
        guest: &mut dyn Guest,
        to: u64,
        words: u64,
    ) -> Result<[u64; 2], CallError> {
        if words > MAX_COPY / 4 {
            return Err(CallError::Failed(format!("the guest asks for {words} random words")));
        }
        let mut bytes = vec![0; usize::try_from(4 * words).expect("at most MAX_COPY")];
        self.random.fill_bytes(&mut bytes);
        write(guest, to, &bytes)?;
        Ok([0, 0])
    }

    /// Bytes that were read, and those of them that had no place in whole words. The room is in
    /// words in version 1, and in bytes, as is the number asked for, in version 2.
    fn read(
        &mut self,
        guest: &mut dyn Guest,
        (to, room): (u64, u64),
        descriptor: u64,
        wanted: u64,
    ) -> Result<[u64; 2], CallError> {
        if descriptor != 0 {
            return Err(CallError::Failed(format!(
                "the guest reads descriptor {descriptor}; only standard input (0) is there"
            )));
        }
        let whole = if room == wanted { wanted } else { wanted.min(4 * room) };
        let mut count = self.files.read(guest, 0, (to, whole))?;
        let mut rest = [0; 4];
        if count == whole && wanted - whole < 4 {
            let left = &self.files.stdin[self.files.position..];
            let len = left.len().min(usize::try_from(wanted - whole).expect("less than 4"));
            rest[..len].copy_from_slice(&left[..len]);
            self.files.position += len;
            count += len as u64;
        }
        Ok([count, u64::from(u32::from_le_bytes(rest))])
    }
}

/// Keccak-f from one place to another, or, in the other mode, a claim that a prover checks.
fn keccak(guest: &mut dyn Guest, to: u64, (mode, from): (u64, u64)) -> Result<[u64; 2], CallError> {
    if mode == 0 {
        let state = read(guest, from, 200)?;
        write(guest, to, &state)?;
        hashes::keccak_f(guest, to)?;
    }
    Ok([0, 0])
}
