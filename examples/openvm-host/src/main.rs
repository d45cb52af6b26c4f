//! Proves a run of the guest that the build script patched, verifies the proof, and checks what the run
//! made public.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use autoprec_openvm::{BaseVm, GuestImage, ProveOptions, prove, verify};
use autoprec_pipeline::{Guest, Made, precompiles_of};

/// The patched guest.
const GUEST: &[u8] = include_bytes!(env!("GUEST_ELF"));
/// The extensions of OpenVM that it uses.
const CONFIG: &str = include_str!(env!("GUEST_VM_CONFIG"));
/// What it runs on.
const INPUT: &[u8] = include_bytes!("../../inputs/keccak.bin");
/// What it must make public.
const EXPECTED: &str = include_str!("../../expected/keccak.hex");

fn main() -> Result<()> {
    let guest = Guest::from_bytes("the embedded guest", GUEST.to_vec())?;
    // The tables that OpenVM proves calls with; made again here, and compared with what was linked.
    let openvm = |made| match made {
        Made::OpenVm(precompile) => Some(Arc::from(precompile)),
        Made::Machine(_) => None,
    };
    let precompiles: Vec<_> = precompiles_of(&guest)?.into_iter().filter_map(openvm).collect();
    ensure!(!precompiles.is_empty(), "the guest is not patched; was it built with AUTOPREC_SKIP?");
    let patches = guest.patches();
    let saved: Result<BTreeMap<u32, Vec<u8>>, _> =
        patches.iter().map(|p| Ok((u32::try_from(p.entry)?, p.saved.clone()))).collect();
    let saved = saved.map_err(|_: std::num::TryFromIntError| anyhow::anyhow!("not a 32-bit guest"))?;
    let image = GuestImage { elf: GUEST, saved, precompiles: &precompiles };

    let base = BaseVm::from_toml(CONFIG)?;
    let hints = [INPUT.to_vec()];
    let (proof, _) = prove(&base, &image, &hints, &ProveOptions::new(), &mut |_| ())
        .context("the run cannot be proved")?;
    let verdict = verify(&base, &image, &proof, false).context("the proof is wrong")?;
    let public = hex::encode(&verdict.public_values);
    ensure!(public == EXPECTED.trim(), "the run made {public} public, not {EXPECTED}");
    let calls = precompiles.len();
    writeln!(std::io::stdout(), "{public}, proved with {calls} precompiles and verified")?;
    Ok(())
}
