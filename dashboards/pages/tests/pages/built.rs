//! Builds of the example guests, each made once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use autoprec_dashboards::Report;
use autoprec_executor::{Environment, Input, Limits, run};
use autoprec_guest_elf::{Patches, Program};
use autoprec_linker::Form;
use autoprec_linker::lock::Lock;
use autoprec_pages::Built;
use autoprec_pipeline::{Guest, Job, Options, Recorded, Silent, Source, build};
use autoprec_profile::Profile;
use autoprec_synth::{Budget, HALO2, OPENVM, PLONKY3};

/// What was built of a guest.
#[derive(Clone)]
pub(crate) struct Example {
    pub(crate) original: Vec<u8>,
    pub(crate) elf: Vec<u8>,
    pub(crate) profile: Profile,
    pub(crate) report: Report,
    pub(crate) lock: Lock,
}

impl Example {
    pub(crate) fn built(&self) -> Built<'_> {
        Built {
            elf: &self.elf,
            profile: Some(&self.profile),
            report: &self.report,
            model: None,
            limits: None,
        }
    }
}

pub(crate) fn example(path: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn guest(elf: Vec<u8>) -> Guest {
    Guest::from_bytes("guest.elf", elf).expect("the guest loads")
}

/// Runs a guest on the input that the examples have for it.
pub(crate) fn profile(elf: &[u8], input: &str) -> Profile {
    let program = Program::load(elf).expect("the guest loads");
    let environment = Environment::detect(&program);
    let bytes = example(&format!("inputs/{input}.bin"));
    let input = match environment {
        Environment::OpenVm => Input { hints: vec![bytes], ..Input::default() },
        _ => Input { stdin: bytes, ..Input::default() },
    };
    let limits = Limits::instructions(2_000_000_000);
    let run = run(&program, &Patches::none(), environment, &input, &limits);
    let run = run.expect("the guest runs");
    assert_eq!(run.exit_code, 0);
    run.profile
}

/// Options with some precompiles, and not all that would save.
pub(crate) fn options(target: &str) -> Options {
    let budget = |precompiles| Budget { precompiles, columns: 20_000 };
    match target {
        "openvm" => Options { target: &OPENVM, form: Form::Insn, budget: budget(12) },
        // Few regions have room for a call of this form.
        "ecall" => {
            let form = "ecall t0".parse().expect("a form");
            Options { target: &OPENVM, form, budget: budget(60) }
        }
        "halo2" => Options::unlimited(&HALO2, Some(6)),
        "plonky3" => Options::unlimited(&PLONKY3, Some(6)),
        _ => panic!("no target {target}"),
    }
}

/// Builds a guest from its profile, without checks of the run.
pub(crate) fn built_of(original: Vec<u8>, input: &str, options: &Options) -> Example {
    let profile = profile(&original, input);
    let guest = guest(original);
    let source = Source::Profile(&profile, None);
    let (lock, recorded) = (Lock::default(), Recorded::default());
    let job = Job { guest: &guest, options, lock: &lock, source, recorded };
    let built = build(&job, &Silent).expect("the guest is built");
    assert!(!built.report.precompiles.is_empty());
    let (elf, report, lock) = (built.elf, built.report, built.lock);
    Example { original: guest.elf, elf, profile, report, lock }
}

/// The build of an example for a target: checking precompiles takes time.
pub(crate) fn built(name: &'static str, target: &'static str) -> Arc<Example> {
    type Known = BTreeMap<(&'static str, &'static str), Arc<Example>>;
    static KNOWN: Mutex<Known> = Mutex::new(Known::new());
    let mut known = KNOWN.lock().expect("builds succeed");
    let new = || {
        let elf = example(&format!("elf/{name}.elf"));
        Arc::new(built_of(elf, name.trim_end_matches("-rv64"), &options(target)))
    };
    Arc::clone(known.entry((name, target)).or_insert_with(new))
}
