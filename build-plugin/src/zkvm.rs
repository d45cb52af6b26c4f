//! Names: the zkVMs whose guests are built, and the back ends that prove.
//!
//! Invariant: this is the one place that knows which zkVM takes precompiles, and what its tool is called.

use std::fmt;

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

const OPENVM: Tool = Tool {
    command: &["cargo", "openvm", "build"],
    executable: "cargo-openvm",
    install: "https://docs.openvm.dev/book/getting-started/install says how",
    folders: &["riscv32im-risc0-zkvm-elf/release", "riscv32im-openvm-elf/release"],
    suffix: "",
};
const SP1: Tool = Tool {
    command: &["cargo", "prove", "build"],
    executable: "cargo-prove",
    install: "https://docs.succinct.xyz/docs/sp1/getting-started/install says how (`sp1up`)",
    folders: &[
        "elf-compilation/riscv64im-succinct-zkvm-elf/release",
        "elf-compilation/riscv32im-succinct-zkvm-elf/release",
    ],
    suffix: "",
};
const ZISK: Tool = Tool {
    command: &["cargo-zisk", "build", "--release"],
    executable: "cargo-zisk",
    install: "https://0xpolygonhermez.github.io/zisk/getting_started/installation.html says how \
              (`ziskup`)",
    folders: &[
        "elf-compilation/riscv64ima-zisk-zkvm-elf/release",
        "riscv64ima-zisk-zkvm-elf/release",
    ],
    suffix: "",
};
const RISC0: Tool = Tool {
    command: &["cargo", "risczero", "build"],
    executable: "cargo-risczero",
    install: "https://dev.risczero.com/api/zkvm/install says how (`rzup install`); it builds in Docker",
    folders: &["riscv32im-risc0-zkvm-elf/docker", "riscv-guest/riscv32im-risc0-zkvm-elf/docker"],
    suffix: ".bin",
};

impl Zkvm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::OpenVm, Self::Sp1, Self::Zisk, Self::Risc0];

    /// As in `pipeline = "…"`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenVm => "openvm",
            Self::Sp1 => "sp1",
            Self::Zisk => "zisk",
            Self::Risc0 => "risc0",
        }
    }

    /// The crate that its guests depend on.
    pub(crate) const fn guest_crate(self) -> &'static str {
        match self {
            Self::OpenVm => "openvm",
            Self::Sp1 => "sp1-zkvm",
            Self::Zisk => "ziskos",
            Self::Risc0 => "risc0-zkvm",
        }
    }

    pub(crate) const fn tool(self) -> &'static Tool {
        match self {
            Self::OpenVm => &OPENVM,
            Self::Sp1 => &SP1,
            Self::Zisk => &ZISK,
            Self::Risc0 => &RISC0,
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vm| vm.name() == text)
    }
}

impl fmt::Display for Zkvm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A back end: what is to prove the patched guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// OpenVM 2.0.2.
    OpenVm,
    /// Tables of our own, with halo2.
    Halo2,
    /// The same tables with Plonky3.
    Plonky3,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::OpenVm, Self::Halo2, Self::Plonky3];

    /// As in `target = "…"` and `--target …`.
    pub const fn name(self) -> &'static str {
        self.data().name
    }

    /// What synthesis knows of it.
    pub(crate) const fn data(self) -> &'static autoprec_synth::Target {
        match self {
            Self::OpenVm => &autoprec_synth::OPENVM,
            Self::Halo2 => &autoprec_synth::HALO2,
            Self::Plonky3 => &autoprec_synth::PLONKY3,
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.name() == text)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
