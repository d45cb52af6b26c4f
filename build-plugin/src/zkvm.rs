//! The zkVMs whose guests are built, and the targets that prove, by name.
//!
//! Invariant: this is the one place that knows what proves the guests of a zkVM, and what its tool is called.

use std::fmt;

use autoprec_executor::Environment;
use autoprec_synth::TARGETS;

/// A zkVM, by the crates and the tool that its guests are built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Zkvm {
    /// OpenVM, whose prover takes foreign precompiles.
    OpenVm,
    /// SP1.
    Sp1,
    /// ZisK.
    Zisk,
    /// RISC Zero.
    Risc0,
}

/// What there is to know of a zkVM.
struct Described {
    /// As in `pipeline = "…"`.
    name: &'static str,
    /// The crate that its guests depend on.
    guest_crate: &'static str,
    /// The environment of its guests.
    environment: Environment,
    /// What proves its guests if nothing else is asked for; none if its prover takes no precompiles.
    target: Option<&'static autoprec_synth::Target>,
    /// What builds its guests.
    tool: Tool,
}

/// What builds the guests of a zkVM, and where it leaves them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    /// Program and arguments.
    pub(crate) command: &'static [&'static str],
    /// The executable behind it.
    pub(crate) executable: &'static str,
    /// How one gets it.
    pub(crate) install: &'static str,
    /// Where it leaves the ELF: below a target folder, before the name of the program.
    pub(crate) folders: &'static [&'static str],
    /// What it adds to the name of the program.
    pub(crate) suffix: &'static str,
}

const OPENVM: Described = Described {
    name: "openvm",
    guest_crate: "openvm",
    environment: Environment::OpenVm,
    target: Some(&autoprec_synth::OPENVM),
    tool: Tool {
        command: &["cargo", "openvm", "build"],
        executable: "cargo-openvm",
        install: "https://docs.openvm.dev/book/getting-started/install says how",
        folders: &["riscv32im-risc0-zkvm-elf/release", "riscv32im-openvm-elf/release"],
        suffix: "",
    },
};
const SP1: Described = Described {
    name: "sp1",
    guest_crate: "sp1-zkvm",
    environment: Environment::Sp1,
    target: None,
    tool: Tool {
        command: &["cargo", "prove", "build"],
        executable: "cargo-prove",
        install: "https://docs.succinct.xyz/docs/sp1/getting-started/install says how (`sp1up`)",
        folders: &[
            "elf-compilation/riscv64im-succinct-zkvm-elf/release",
            "elf-compilation/riscv32im-succinct-zkvm-elf/release",
        ],
        suffix: "",
    },
};
const ZISK: Described = Described {
    name: "zisk",
    guest_crate: "ziskos",
    environment: Environment::Zisk,
    target: None,
    tool: Tool {
        command: &["cargo-zisk", "build", "--release"],
        executable: "cargo-zisk",
        install: "https://0xpolygonhermez.github.io/zisk/getting_started/installation.html says \
                  how (`ziskup`)",
        folders: &[
            "elf-compilation/riscv64ima-zisk-zkvm-elf/release",
            "riscv64ima-zisk-zkvm-elf/release",
        ],
        suffix: "",
    },
};
const RISC0: Described = Described {
    name: "risc0",
    guest_crate: "risc0-zkvm",
    environment: Environment::Risc0,
    target: None,
    tool: Tool {
        command: &["cargo", "risczero", "build"],
        executable: "cargo-risczero",
        install: "https://dev.risczero.com/api/zkvm/install says how (`rzup install`); it builds in \
                  Docker",
        folders: &[
            "riscv32im-risc0-zkvm-elf/docker",
            "riscv-guest/riscv32im-risc0-zkvm-elf/docker",
        ],
        suffix: ".bin",
    },
};

impl Zkvm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::OpenVm, Self::Sp1, Self::Zisk, Self::Risc0];

    const fn described(self) -> &'static Described {
        match self {
            Self::OpenVm => &OPENVM,
            Self::Sp1 => &SP1,
            Self::Zisk => &ZISK,
            Self::Risc0 => &RISC0,
        }
    }

    /// As in `pipeline = "…"`.
    pub const fn name(self) -> &'static str {
        self.described().name
    }

    /// The crate that its guests depend on.
    pub(crate) const fn guest_crate(self) -> &'static str {
        self.described().guest_crate
    }

    pub(crate) const fn tool(self) -> &'static Tool {
        &self.described().tool
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vm| vm.name() == text)
    }

    /// What proves guests for an environment if nothing else is asked for: the target of the zkVM that they are
    /// for, if that has one.
    pub(crate) fn default_target(environment: Environment) -> Option<Target> {
        let vm = Self::ALL.into_iter().find(|vm| vm.described().environment == environment)?;
        vm.described().target.map(Target)
    }
}

impl fmt::Display for Zkvm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is to prove the patched guest: a target of [`TARGETS`], by its name.
#[derive(Clone, Copy, Debug)]
pub struct Target(&'static autoprec_synth::Target);

impl Target {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        TARGETS.iter().copied().map(Self)
    }

    /// The target of this name, as in `target = "…"` and `--target …`.
    pub fn named(name: &str) -> Option<Self> {
        autoprec_synth::Target::named(name).map(Self)
    }

    /// As in `target = "…"` and `--target …`.
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// What synthesis knows of it.
    pub(crate) const fn data(self) -> &'static autoprec_synth::Target {
        self.0
    }
}

impl From<&'static autoprec_synth::Target> for Target {
    fn from(target: &'static autoprec_synth::Target) -> Self {
        Self(target)
    }
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Target {}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
