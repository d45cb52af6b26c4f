//! `autoprec demo`: the whole path on a guest that comes with the program.

use std::path::Path;

use anyhow::{Context, Result, bail};
use autoprec_executor::{Environment, Input, Limits};
use autoprec_linker::Form;
use autoprec_linker::lock::Lock;
use autoprec_openvm::{BaseVm, Proof, ProveOptions};
use autoprec_openvm_config::base_limits;
use autoprec_pipeline::{Job, Options, Recorded, Source};
use autoprec_synth::OPENVM;
use serde::Serialize;

use crate::args::{DemoArgs, DemoGuest};
use crate::commands::build::{Profiled, build_profiled, ratio, summary};
use crate::files::{self, Folder};
use crate::guest::{Guest, Setting};
use crate::proving::{Figures, Provable, Proved, Seconds, prove_guest, verify_guest};
use crate::terminal;

/// A guest's ELF, input, and the public values it must give, in hexadecimal.
pub(crate) struct Example {
    pub(crate) name: &'static str,
    pub(crate) elf: &'static [u8],
    pub(crate) input: &'static [u8],
    expected: &'static str,
}

macro_rules! example {
    ($name:literal) => {
        Example {
            name: $name,
            elf: include_bytes!(concat!("../../../examples/elf/", $name, ".elf")),
            input: include_bytes!(concat!("../../../examples/inputs/", $name, ".bin")),
            expected: include_str!(concat!("../../../examples/expected/", $name, ".hex")),
        }
    };
}

/// A guest that comes with the program.
pub(crate) fn example(guest: DemoGuest) -> Example {
    match guest {
        DemoGuest::Keccak => example!("keccak"),
        DemoGuest::Sha256 => example!("sha256"),
        DemoGuest::SortVm => example!("sort-vm"),
        DemoGuest::SelfRead => example!("self-read"),
    }
}

/// Both runs side by side.
#[derive(Serialize)]
struct Comparison {
    guest: &'static str,
    original: Figures,
    patched: Figures,
}

pub(crate) fn run(args: &DemoArgs) -> Result<()> {
    let example = example(args.guest);
    let original = Guest::from_bytes(&format!("{}.elf", example.name), example.elf.to_vec())?;
    let setting = Setting {
        environment: Environment::OpenVm,
        input: Input { hints: vec![example.input.to_vec()], ..Input::default() },
        limits: Limits::none(),
    };
    let scratch = tempfile::tempdir()?;
    let dir = args.out.clone().unwrap_or_else(|| scratch.path().join("demo"));
    let base = BaseVm::rv32im();
    build(args, &original, setting, &dir)?;

    let hints = [example.input.to_vec()];
    let patched = Guest::from_bytes(
        &format!("{}.elf, patched", example.name),
        files::read(&dir.join("guest.elf"))?,
    )?;
    let mut proved = Vec::new();
    for guest in [&original, &patched] {
        terminal::note(&format!("proving {} …", guest.name));
        let provable = Provable::new(guest)?;
        proved.push(prove_guest(&base, &provable, &hints, &ProveOptions::new())?);
    }
    let [before, after] = <[Proved; 2]>::try_from(proved).ok().expect("two guests were proved");
    let comparison =
        Comparison { guest: example.name, original: before.figures, patched: after.figures };
    if args.json {
        terminal::line(&serde_json::to_string_pretty(&comparison)?);
    } else {
        print(&comparison);
    }
    for (label, guest, proof) in
        [("original", &original, &before.proof), ("patched", &patched, &after.proof)]
    {
        let line = check(&base, (label, &original, guest), proof, example.expected)?;
        if args.json {
            terminal::note(&format!("{line}: verified"));
        } else {
            terminal::good(&line, "verified");
        }
    }
    Ok(())
}

fn build(args: &DemoArgs, original: &Guest, setting: Setting, dir: &Path) -> Result<()> {
    let folder = Folder::create(dir)?;
    let profile = setting.run(original)?.profile;
    let profiled = Profiled { profile, setting: Some(setting) };
    let budget = base_limits(None)?.budget(args.max_precompiles).context("--max-precompiles")?;
    let options = Options { target: &OPENVM, form: Form::Insn, budget };
    let job = Job {
        guest: original,
        options: &options,
        lock: &Lock::default(),
        source: Source::Lock(None),
        recorded: Recorded::default(),
    };
    let built = build_profiled(job, &profiled, &terminal::Stages::new())?;
    built.write(&folder, original, Some(&profiled.profile))?;
    folder.finish()?;
    if !args.json {
        summary(&built.report, args.out.as_deref());
        terminal::line("");
    }
    Ok(())
}

/// Verifies a proof as somebody who has only its bytes would, and that its output is the right one.
/// Gives what it proves.
fn check(
    base: &BaseVm,
    (label, original, guest): (&str, &Guest, &Guest),
    proof: &Proof,
    expected: &str,
) -> Result<String> {
    let proof = Proof::from_bytes(&proof.to_bytes())?;
    let public_values = hex::decode(expected.trim())?;
    let verdict = verify_guest(base, original, guest, &proof, &public_values)?;
    if verdict.public_values != public_values {
        bail!("{label}: the proof verifies, but the output is wrong");
    }
    Ok(format!("{label}: proof of {}", hex::encode(&public_values)))
}

fn print(comparison: &Comparison) {
    let Comparison { original: a, patched: b, .. } = comparison;
    terminal::line(&format!("{:34}  {:>15}  {:>15}  {:>8}", "", "original", "patched", "ratio"));
    let count = |what: &str, a: u64, b: u64| {
        terminal::line(&format!(
            "{what:34}  {:>15}  {:>15}  {:>7.2}x",
            terminal::grouped(a),
            terminal::grouped(b),
            ratio(a, b)
        ));
    };
    count("VM instructions", a.vm_instructions, b.vm_instructions);
    count("main cells (instr. + precompiles)", a.main_cells, b.main_cells);
    count("cells of all tables, padded", a.all_cells, b.all_cells);
    count("tables", a.airs as u64, b.airs as u64);
    count("interactions", a.interactions, b.interactions);
    count("segments", a.segments as u64, b.segments as u64);
    let time = |what: &str, a: f64, b: f64| {
        terminal::line(&format!(
            "{what:34}  {a:>13.2} s  {b:>13.2} s  {:>7.2}x",
            a / b.max(f64::EPSILON)
        ));
    };
    let both = |what: &str, a: Seconds, b: Seconds| {
        time(what, a.wall, b.wall);
        time(&format!("{what}, CPU"), a.cpu, b.cpu);
    };
    both("witness time", a.witness, b.witness);
    both("prove time", a.prove, b.prove);
    both("total", a.total, b.total);
    count("proof size in bytes", a.proof_bytes as u64, b.proof_bytes as u64);
}
