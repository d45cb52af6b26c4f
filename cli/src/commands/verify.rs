//! `autoprec verify`.

use anyhow::{Context, Result};
use autoprec_openvm::Proof;

use crate::args::VerifyArgs;
use crate::commands::build::base_vm;
use crate::guest::Guest;
use crate::proving::verify_guest;
use crate::{files, terminal};

pub(crate) fn run(args: &VerifyArgs) -> Result<()> {
    let (original, guest) = (Guest::load(&args.original)?, Guest::load(&args.elf)?);
    let public_values = files::read(&args.public_values)?;
    let base = base_vm(args.config.as_deref())?;
    let name = args.proof.display().to_string();
    let proof = Proof::from_bytes(&files::read(&args.proof)?).with_context(|| name.clone())?;
    let verdict = verify_guest(&base, &original, &guest, &proof, &public_values)
        .with_context(|| name.clone())?;
    terminal::line(&format!("public values {}", hex::encode(&verdict.public_values)));
    terminal::line(&format!("verifying key {}", words(verdict.verifying_key)));
    terminal::line(&format!("program       {}", words(verdict.program)));
    terminal::good(
        &format!("{name}, {}", terminal::counted(verdict.segments, "segment")),
        "verified",
    );
    Ok(())
}

fn words(words: [u32; 8]) -> String {
    words.map(|word| format!("{word:08x}")).concat()
}
