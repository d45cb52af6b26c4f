//! `autoprec verify`.

use anyhow::{Context, Result, bail};
use autoprec_linker::verify_link;
use autoprec_machine::Public;
use autoprec_openvm::Proof;
use autoprec_verify::RunProof;

use crate::args::VerifyArgs;
use crate::commands::build::base_vm;
use crate::commitments::words;
use crate::guest::{Guest, load};
use crate::proving::machine::params_folder;
use crate::proving::verify_guest;
use crate::{files, terminal};
use autoprec_pipeline::{backends, resynthesise};

pub(crate) fn run(args: &VerifyArgs) -> Result<()> {
    let (original, guest) = (load(&args.original)?, load(&args.elf)?);
    let public_values = files::read(&args.public_values)?;
    let name = args.proof.display().to_string();
    let bytes = files::read(&args.proof)?;
    if RunProof::is_one(&bytes) {
        let proof = RunProof::from_bytes(&bytes).with_context(|| name.clone())?;
        let public = Public { output: public_values, exit_code: args.exit_code };
        return verify_run(args, [&original, &guest], &public, &proof);
    }
    if args.exit_code != 0 {
        bail!("{name} is a proof of OpenVM's, and these are of runs with exit code 0 only");
    }
    let base = base_vm(args.config.as_deref())?;
    let proof = Proof::from_bytes(&bytes).with_context(|| name.clone())?;
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

/// Verifies a proof made with tables of our own.
fn verify_run(
    args: &VerifyArgs,
    [original, guest]: [&Guest; 2],
    public: &Public,
    proof: &RunProof,
) -> Result<()> {
    let name = args.proof.display().to_string();
    match &guest.manifest {
        Some(manifest) => {
            let again = resynthesise(Some(manifest));
            verify_link(&original.elf, &guest.elf, &backends(), &again)
                .with_context(|| guest.name.clone())?;
        }
        None if original.elf == guest.elf => {}
        None => bail!(
            "{} is not patched, so it must be the original itself; {} is another file",
            guest.name,
            original.name
        ),
    }
    let params = params_folder(args.params.as_deref());
    autoprec_verify::verify(&guest.elf, args.env, public, proof, params.as_deref())
        .with_context(|| name.clone())?;
    terminal::line(&format!("public values {}", hex::encode(&public.output)));
    terminal::line(&format!("exit code     {}", public.exit_code));
    terminal::good(&format!("{name}, made with {}", proof.backend), "verified");
    Ok(())
}
