//! The base configuration of the VM: which OpenVM extensions a guest uses.
//!
//! It is read from the same `openvm.toml` that `cargo openvm` reads, so a guest proves here with the
//! extensions it was built for. What is read and refused is said by
//! [`autoprec_openvm_config`], which needs nothing of OpenVM; here it becomes what OpenVM wants.

use autoprec_openvm_config::{self as file, Cell, OpenVmConfig};
use openvm_algebra_circuit::{
    AlgebraCpuProverExt, Fp2Extension, Fp2ExtensionExecutor, ModularExtension,
    ModularExtensionExecutor,
};
use openvm_algebra_transpiler::{Fp2TranspilerExtension, ModularTranspilerExtension};
use openvm_bigint_circuit::{Int256, Int256CpuProverExt, Int256Executor};
use openvm_bigint_transpiler::Int256TranspilerExtension;
use openvm_circuit::{
    arch::{
        AddressSpaceHostConfig, AirInventory, ChipInventoryError, InitFileGenerator,
        MemoryCellType, MemoryConfig, SystemConfig, VmBuilder, VmChipComplex, VmProverExtension,
    },
    derive::VmConfig,
    system::{SystemChipInventory, SystemCpuBuilder, SystemExecutor},
};
use openvm_ecc_circuit::{
    CurveConfig, EccCpuProverExt, WeierstrassExtension, WeierstrassExtensionExecutor,
};
use openvm_ecc_transpiler::EccTranspilerExtension;
use openvm_instructions::DEFERRAL_AS;
use openvm_keccak256_circuit::{Keccak256, Keccak256CpuProverExt, Keccak256Executor};
use openvm_keccak256_transpiler::Keccak256TranspilerExtension;
use openvm_pairing_circuit::{
    PairingCurve, PairingExtension, PairingExtensionExecutor, PairingProverExt,
};
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

pub use autoprec_openvm_config::ConfigError;

/// The OpenVM extensions that a guest is built for.
///
/// Two configurations that differ give different verifying keys.
#[derive(Clone, Debug)]
pub struct BaseVm(pub(crate) BaseConfig);

impl BaseVm {
    /// The configuration of a guest without special extensions: RV32IM and input and output.
    pub fn rv32im() -> Self {
        Self::of(OpenVmConfig::default())
    }

    /// Reads the table `app_vm_config` of an `openvm.toml`; its other tables are ignored.
    ///
    /// # Errors
    ///
    /// As [`OpenVmConfig::provable`].
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        OpenVmConfig::provable(text).map(Self::of)
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

impl BaseVm {
    /// What was read and can be proved, as OpenVM wants it.
    fn of(base: OpenVmConfig) -> Self {
        let mut config = BaseConfig {
            system: base.system.map_or_else(SystemConfig::default, system),
            rv32i: Some(Rv32I),
            io: Some(Rv32Io),
            keccak: base.keccak.then_some(Keccak256),
            sha2: base.sha2.then_some(Sha2),
            rv32m: base.rv32m.map(|sizes| Rv32M { range_tuple_checker_sizes: sizes }),
            bigint: base.bigint.map(|sizes| Int256 { range_tuple_checker_sizes: sizes }),
            modular: base.modular.map(ModularExtension::new),
            fp2: base.fp2.map(Fp2Extension::new),
            pairing: base.pairing.map(|curves| {
                PairingExtension::new(curves.into_iter().map(pairing_curve).collect())
            }),
            ecc: base
                .ecc
                .map(|curves| WeierstrassExtension::new(curves.into_iter().map(curve).collect())),
        };
        config.normalise();
        Self(config)
    }
}

fn system(system: file::System) -> SystemConfig {
    let memory = system.memory_config;
    let cell = |cell| match cell {
        Cell::Null => MemoryCellType::Null,
        Cell::U8 => MemoryCellType::U8,
        Cell::U16 => MemoryCellType::U16,
        Cell::U32 => MemoryCellType::U32,
        Cell::F { size } => MemoryCellType::F { size },
    };
    let spaces = memory
        .addr_spaces
        .into_iter()
        .map(|space| AddressSpaceHostConfig::new(space.num_cells, cell(space.layout)))
        .collect();
    SystemConfig {
        max_constraint_degree: system.max_constraint_degree,
        memory_config: MemoryConfig::new(
            memory.addr_space_height,
            spaces,
            memory.pointer_max_bits,
            memory.timestamp_max_bits,
            memory.decomp,
        ),
        num_public_values: system.num_public_values,
        ..SystemConfig::default()
    }
}

const fn pairing_curve(curve: file::PairingCurve) -> PairingCurve {
    match curve {
        file::PairingCurve::Bn254 => PairingCurve::Bn254,
        file::PairingCurve::Bls12381 => PairingCurve::Bls12_381,
    }
}

fn curve(curve: file::Curve) -> CurveConfig {
    CurveConfig::new(curve.struct_name, curve.modulus, curve.scalar, curve.a, curve.b)
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
