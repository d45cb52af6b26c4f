//! The example guests and their inputs.

use std::path::Path;

use autoprec_blocks::{Cfg, Region};
use autoprec_executor::{Environment, Input, Limits, run};
use autoprec_guest_elf::{Patches, Program};

pub(crate) const LIMITS: Limits = Limits::instructions(10_000_000);

/// A program with what it reads.
pub(crate) struct Guest {
    pub(crate) program: Program,
    pub(crate) input: Input,
}

impl Guest {
    /// An example by its name.
    pub(crate) fn load(name: &str) -> Self {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
        let read = |path: String| {
            std::fs::read(examples.join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"))
        };
        let program =
            Program::load(&read(format!("elf/{name}.elf"))).expect("the example is a program");
        let hints = vec![read(format!("inputs/{name}.bin"))];
        Self { program, input: Input { hints, ..Input::default() } }
    }

    /// Its regions, with how often a run enters them.
    pub(crate) fn regions(&self) -> Vec<Region> {
        let (environment, patches) = (Environment::OpenVm, Patches::none());
        let run = run(&self.program, &patches, environment, &self.input, &LIMITS)
            .expect("the guest runs");
        Cfg::build(&self.program, Some(&run.profile)).regions()
    }
}
