//! The base configuration of the VM: which OpenVM extensions a guest uses.
//!
//! It is read from the same `openvm.toml` that `cargo openvm` reads, so a guest proves here with the
//! extensions it was built for. Two settings are not free: precompiles are synthesised for 29-bit
//! pointers and timestamps and 17-bit range checks, and other values are refused.

use openvm_algebra_circuit::{
    AlgebraCpuProverExt, Fp2Extension, Fp2ExtensionExecutor, ModularExtension,
    ModularExtensionExecutor,
};
use openvm_algebra_transpiler::{Fp2TranspilerExtension, ModularTranspilerExtension};
use openvm_bigint_circuit::{Int256, Int256CpuProverExt, Int256Executor};
use openvm_bigint_transpiler::Int256TranspilerExtension;
use openvm_circuit::{
    arch::{
        AirInventory, ChipInventoryError, InitFileGenerator, SystemConfig, VmBuilder,
        VmChipComplex, VmProverExtension,
    },
    derive::VmConfig,
    system::{SystemChipInventory, SystemCpuBuilder, SystemExecutor},
};
use openvm_ecc_circuit::{EccCpuProverExt, WeierstrassExtension, WeierstrassExtensionExecutor};
use openvm_ecc_transpiler::EccTranspilerExtension;
use openvm_instructions::DEFERRAL_AS;
use openvm_keccak256_circuit::{Keccak256, Keccak256CpuProverExt, Keccak256Executor};
use openvm_keccak256_transpiler::Keccak256TranspilerExtension;
use openvm_pairing_circuit::{PairingExtension, PairingExtensionExecutor, PairingProverExt};
use openvm_pairing_transpiler::PairingTranspilerExtension;
use openvm_rv32im_circuit::{
    Rv32I, Rv32IExecutor, Rv32ImCpuProverExt, Rv32Io, Rv32IoExecutor, Rv32M, Rv32MExecutor,
};
use openvm_rv32im_transpiler::{
    Rv32ITranspilerExtension, Rv32IoTranspilerExtension, Rv32MTranspilerExtension,
};
use openvm_sha2_circuit::{Sha2, Sha2CpuProverExt, Sha2Executor};
use openvm_sha2_transpiler::Sha2TranspilerExtension;
use openvm_stark_backend::EngineDeviceCtx;
use openvm_transpiler::transpiler::Transpiler;
use serde::{Deserialize, Serialize};

use crate::types::{Arena, Backend, Engine, F, Sc};

/// Bits of a pointer and of a timestamp that precompiles are synthesised for.
const POINTER_AND_TIMESTAMP_BITS: usize = 29;
/// Bits of the widest range check that precompiles are synthesised for.
const RANGE_BITS: usize = 17;

/// The OpenVM extensions that a guest is built for.
///
/// Two configurations that differ give different verifying keys.
#[derive(Clone, Debug)]
pub struct BaseVm(pub(crate) BaseConfig);

/// Why an `openvm.toml` is refused.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// The text is not TOML of the expected form.
    #[error(
        "openvm.toml is not understood (supported in [app_vm_config]: system, rv32i, rv32m, io, \
         keccak, sha2, bigint, modular, fp2, ecc, pairing): {0}"
    )]
    Toml(#[from] toml::de::Error),
    /// The base instruction set is missing.
    #[error(
        "openvm.toml does not enable {missing}, without which no guest runs; \
         add `[app_vm_config.{missing}]`"
    )]
    MissingExtension {
        /// The name of the table in the file.
        missing: &'static str,
    },
    /// A setting of the system that precompiles cannot be synthesised for.
    #[error("openvm.toml sets {name} = {got}; precompiles are synthesised for {expected}")]
    System {
        /// The name of the setting.
        name: &'static str,
        /// Its value in the file.
        got: usize,
        /// The one value that is supported.
        expected: usize,
    },
    /// The number of public values is not one that an opening proof exists for.
    #[error(
        "openvm.toml sets num_public_values = {got}; it must be 8 times a power of two, and the \
         public value address space must have that many cells"
    )]
    PublicValues {
        /// Its value in the file.
        got: usize,
    },
}

impl BaseVm {
    /// The configuration of a guest without special extensions: RV32IM and input and output.
    pub fn rv32im() -> Self {
        let mut config = BaseConfig {
            rv32i: Some(Rv32I),
            io: Some(Rv32Io),
            rv32m: Some(Rv32M::default()),
            ..BaseConfig::system_only(SystemConfig::default())
        };
        config.normalise();
        Self(config)
    }

    /// Reads the table `app_vm_config` of an `openvm.toml`; its other tables are ignored.
    ///
    /// # Errors
    ///
    /// If the text is malformed, names an extension that is not supported, or sets what
    /// precompiles are not synthesised for.
    pub fn from_toml(text: &str) -> Result<Self, BaseError> {
        let mut config = BaseConfig::from(toml::from_str::<File>(text)?.app_vm_config);
        config.normalise();
        config.check()?;
        Ok(Self(config))
    }

    /// The names of the enabled extensions, as in `openvm.toml`.
    pub fn extensions(&self) -> Vec<&'static str> {
        let config = &self.0;
        [
            (config.rv32i.is_some(), "rv32i"),
            (config.io.is_some(), "io"),
            (config.keccak.is_some(), "keccak"),
            (config.sha2.is_some(), "sha2"),
            (config.rv32m.is_some(), "rv32m"),
            (config.bigint.is_some(), "bigint"),
            (config.modular.is_some(), "modular"),
            (config.fp2.is_some(), "fp2"),
            (config.pairing.is_some(), "pairing"),
            (config.ecc.is_some(), "ecc"),
        ]
        .into_iter()
        .filter_map(|(enabled, name)| enabled.then_some(name))
        .collect()
    }
}

/// The layout of `openvm.toml`, as far as it is read.
#[derive(Deserialize)]
struct File {
    app_vm_config: Tables,
}

/// One table per extension; an extension is enabled when its table is there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tables {
    #[serde(default)]
    system: SystemTable,
    rv32i: Option<Empty>,
    io: Option<Empty>,
    keccak: Option<Empty>,
    sha2: Option<Empty>,
    rv32m: Option<Rv32M>,
    bigint: Option<Int256>,
    modular: Option<ModularExtension>,
    fp2: Option<Fp2Extension>,
    pairing: Option<PairingExtension>,
    ecc: Option<WeierstrassExtension>,
}

#[derive(Default, Deserialize)]
struct SystemTable {
    config: SystemConfig,
}

/// A table without settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::empty_structs_with_brackets, reason = "an empty table is not a unit in TOML")]
struct Empty {}

impl From<Tables> for BaseConfig {
    fn from(tables: Tables) -> Self {
        Self {
            system: tables.system.config,
            rv32i: tables.rv32i.map(|_| Rv32I),
            io: tables.io.map(|_| Rv32Io),
            keccak: tables.keccak.map(|_| Keccak256),
            sha2: tables.sha2.map(|_| Sha2),
            rv32m: tables.rv32m,
            bigint: tables.bigint,
            modular: tables.modular,
            fp2: tables.fp2,
            pairing: tables.pairing,
            ecc: tables.ecc,
        }
    }
}

/// The base VM as OpenVM's traits want it. The order of the fields is the order of the AIRs in the
/// verifying key, and is that of OpenVM's own SDK.
#[derive(Clone, Debug, VmConfig, Serialize, Deserialize)]
pub(crate) struct BaseConfig {
    #[config(executor = "SystemExecutor<F>")]
    pub(crate) system: SystemConfig,
    #[extension(executor = "Rv32IExecutor")]
    rv32i: Option<Rv32I>,
    #[extension(executor = "Rv32IoExecutor")]
    io: Option<Rv32Io>,
    #[extension(executor = "Keccak256Executor")]
    keccak: Option<Keccak256>,
    #[extension(executor = "Sha2Executor")]
    sha2: Option<Sha2>,
    #[extension(executor = "Rv32MExecutor")]
    rv32m: Option<Rv32M>,
    #[extension(executor = "Int256Executor")]
    bigint: Option<Int256>,
    #[extension(executor = "ModularExtensionExecutor")]
    modular: Option<ModularExtension>,
    #[extension(executor = "Fp2ExtensionExecutor")]
    fp2: Option<Fp2Extension>,
    #[extension(executor = "PairingExtensionExecutor<F>")]
    pairing: Option<PairingExtension>,
    #[extension(executor = "WeierstrassExtensionExecutor")]
    ecc: Option<WeierstrassExtension>,
}

impl InitFileGenerator for BaseConfig {}

impl BaseConfig {
    fn system_only(system: SystemConfig) -> Self {
        Self {
            system,
            rv32i: None,
            io: None,
            keccak: None,
            sha2: None,
            rv32m: None,
            bigint: None,
            modular: None,
            fp2: None,
            pairing: None,
            ecc: None,
        }
    }

    /// What OpenVM's SDK does with a configuration after reading it: one table of range tuples for
    /// both multipliers, and no cells for deferred computations.
    fn normalise(&mut self) {
        if let (Some(rv32m), Some(bigint)) = (&mut self.rv32m, &mut self.bigint) {
            let (a, b) = (rv32m.range_tuple_checker_sizes, bigint.range_tuple_checker_sizes);
            let both = [a[0].max(b[0]), a[1].max(b[1])];
            rv32m.range_tuple_checker_sizes = both;
            bigint.range_tuple_checker_sizes = both;
        }
        let spaces = &mut self.system.memory_config.addr_spaces;
        if let Some(space) = spaces.get_mut(DEFERRAL_AS as usize) {
            space.num_cells = 0;
        }
    }

    fn check(&self) -> Result<(), BaseError> {
        for (enabled, missing) in [(self.rv32i.is_some(), "rv32i"), (self.io.is_some(), "io")] {
            if !enabled {
                return Err(BaseError::MissingExtension { missing });
            }
        }
        let memory = &self.system.memory_config;
        for (name, got, expected) in [
            ("pointer_max_bits", memory.pointer_max_bits, POINTER_AND_TIMESTAMP_BITS),
            ("timestamp_max_bits", memory.timestamp_max_bits, POINTER_AND_TIMESTAMP_BITS),
            ("decomp", memory.decomp, RANGE_BITS),
        ] {
            if got != expected {
                return Err(BaseError::System { name, got, expected });
            }
        }
        let got = self.system.num_public_values;
        let cells = memory.addr_spaces.get(3).map_or(0, |space| space.num_cells);
        if !got.is_multiple_of(8) || !(got / 8).is_power_of_two() || cells != got {
            return Err(BaseError::PublicValues { got });
        }
        Ok(())
    }

    /// The transpiler with one extension for each enabled extension of the VM.
    pub(crate) fn transpiler(&self) -> Transpiler<F> {
        let mut transpiler = Transpiler::default();
        if self.rv32i.is_some() {
            transpiler = transpiler.with_extension(Rv32ITranspilerExtension);
        }
        if self.io.is_some() {
            transpiler = transpiler.with_extension(Rv32IoTranspilerExtension);
        }
        if self.keccak.is_some() {
            transpiler = transpiler.with_extension(Keccak256TranspilerExtension);
        }
        if self.sha2.is_some() {
            transpiler = transpiler.with_extension(Sha2TranspilerExtension);
        }
        if self.rv32m.is_some() {
            transpiler = transpiler.with_extension(Rv32MTranspilerExtension);
        }
        if self.bigint.is_some() {
            transpiler = transpiler.with_extension(Int256TranspilerExtension);
        }
        if self.modular.is_some() {
            transpiler = transpiler.with_extension(ModularTranspilerExtension);
        }
        if self.fp2.is_some() {
            transpiler = transpiler.with_extension(Fp2TranspilerExtension);
        }
        if self.pairing.is_some() {
            transpiler = transpiler.with_extension(PairingTranspilerExtension);
        }
        if self.ecc.is_some() {
            transpiler = transpiler.with_extension(EccTranspilerExtension);
        }
        transpiler
    }

    /// The chips of the base VM, in the order of its AIRs.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the type is empty on this back end only"
    )]
    pub(crate) fn create_chip_complex(
        &self,
        circuit: AirInventory<Sc>,
        device: &EngineDeviceCtx<Engine>,
    ) -> Result<BaseComplex, ChipInventoryError> {
        let mut complex = VmBuilder::<Engine>::create_chip_complex(
            &SystemCpuBuilder,
            &self.system,
            circuit,
            device,
        )?;
        let inventory = &mut complex.inventory;
        /// Adds the chips of an extension, if it is enabled.
        macro_rules! add {
            ($($prover:ident: $($field:ident),+;)+) => {$($(
                if let Some(extension) = &self.$field {
                    VmProverExtension::<Engine, _, _>::extend_prover(
                        &$prover, extension, inventory,
                    )?;
                }
            )+)+};
        }
        add! {
            Rv32ImCpuProverExt: rv32i, io;
            Keccak256CpuProverExt: keccak;
            Sha2CpuProverExt: sha2;
            Rv32ImCpuProverExt: rv32m;
            Int256CpuProverExt: bigint;
            AlgebraCpuProverExt: modular, fp2;
            PairingProverExt: pairing;
            EccCpuProverExt: ecc;
        }
        Ok(complex)
    }
}

/// All chips of a VM.
pub(crate) type BaseComplex = VmChipComplex<Sc, Arena, Backend, SystemChipInventory<Sc>>;
