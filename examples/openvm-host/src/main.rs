//! Proves a run of the guest that the build script patched, verifies the proof, and checks what the run
//! made public.

use std::io::Write as _;

use anyhow::{Context as _, Result, ensure};
use autoprec_openvm::{BaseVm, PatchedGuest, ProveOptions, prove, verify};

/// The patched guest.
const GUEST: &[u8] = include_bytes!(env!("GUEST_ELF"));
/// The extensions of OpenVM that it uses.
const CONFIG: &str = include_str!(env!("GUEST_VM_CONFIG"));
/// What it runs on.
const INPUT: &[u8] = include_bytes!("../../inputs/keccak.bin");
/// What it must make public.
const EXPECTED: &str = include_str!("../../expected/keccak.hex");

fn main() -> Result<()> {
    // The tables that OpenVM proves calls with are made again here, and compared with what was linked.
    let guest = PatchedGuest::load(GUEST).context("the embedded guest")?;
    let image = guest.image();
    let calls = image.precompiles.len();
    ensure!(calls > 0, "the guest is not patched; was it built with AUTOPREC_SKIP?");

    let base = BaseVm::from_toml(CONFIG)?;
    let hints = [INPUT.to_vec()];
    let (proof, _) = prove(&base, &image, &hints, &ProveOptions::new(), &mut |_| ())
        .context("the run cannot be proved")?;
    let verdict = verify(&base, &image, &proof, false).context("the proof is wrong")?;
    let public = hex::encode(&verdict.public_values);
    ensure!(public == EXPECTED.trim(), "the run made {public} public, not {EXPECTED}");
    writeln!(std::io::stdout(), "{public}, proved with {calls} precompiles and verified")?;
    Ok(())
}
