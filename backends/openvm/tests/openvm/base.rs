//! Base configurations, as `openvm.toml` states them.

use autoprec_openvm::{BaseVm, ConfigError, GuestImage, ProveOptions, check, describe, execute};

use autoprec_openvm_config::base_limits;

use crate::support::{assemble, elf};

const RISCV: &str = "[app_vm_config.rv32i]\n[app_vm_config.rv32m]\n[app_vm_config.io]\n";

/// The standard configuration of `cargo openvm`, without most of its moduli and curves.
const STANDARD: &str = r#"
[app_vm_config.rv32i]
[app_vm_config.rv32m]
[app_vm_config.io]
[app_vm_config.keccak]
[app_vm_config.sha2]
[app_vm_config.bigint]

[app_vm_config.modular]
supported_moduli = [
    "21888242871839275222246405745257275088696311157297823662689037894645226208583",
    "115792089237316195423570985008687907853269984665640564039457584007908834671663",
]

[app_vm_config.fp2]
supported_moduli = [
    ["Bn254Fp2", "21888242871839275222246405745257275088696311157297823662689037894645226208583"],
]

[[app_vm_config.ecc.supported_curves]]
struct_name = "Secp256k1Point"
modulus = "115792089237316195423570985008687907853269984665640564039457584007908834671663"
scalar = "115792089237316195423570985008687907852837564279074904382605163141518161494337"
a = "0"
b = "7"

[app_vm_config.pairing]
supported_curves = ["Bn254"]

[app_fri_params]
ignored = true
"#;

#[test]
fn the_smallest_file_is_the_default() {
    let base = BaseVm::from_toml(RISCV).unwrap();
    assert_eq!(base.extensions(), ["rv32i", "io", "rv32m"]);
    assert_eq!(describe(&base).unwrap(), describe(&BaseVm::rv32im()).unwrap());
}

#[test]
fn room_for_precompiles_is_what_the_base_leaves() {
    let plain = describe(&BaseVm::rv32im()).unwrap();
    assert_eq!((plain.airs.len(), plain.precompile_budget()), (23, 77));
    assert!(plain.column_budget() > 29_000, "{}", plain.column_budget());

    let standard = describe(&BaseVm::from_toml(STANDARD).unwrap()).unwrap();
    assert_eq!(standard.precompile_budget(), 100 - standard.airs.len());
    assert!(standard.airs.len() > 40, "{}", standard.airs.len());
    assert!(standard.column_budget() < plain.column_budget());
}

/// Moduli of both widths; those of curves, and some whose quotients are longer than usual.
const MODULI: &[&str] = &[
    // secp256k1, its order, BN254
    "115792089237316195423570985008687907853269984665640564039457584007908834671663",
    "115792089237316195423570985008687907852837564279074904382605163141518161494337",
    "21888242871839275222246405745257275088696311157297823662689037894645226208583",
    // BLS12-381 and its order
    "4002409555221667393417789825735904156556882819939007885332058136124031650490837864442687629129015664037894272559787",
    "52435875175126190479447740508185965837690552500527637822603658699938581184513",
    // short ones, and one that is just too long for 32 bytes
    "65537",
    "2305843009213693951",
    "115792089237316195423570985008687907853269984665640564039457584007913129640233",
];

/// Arithmetic, its quadratic extension and two curves over a modulus.
fn arithmetic(modulus: &str) -> [String; 3] {
    let curve = |a: &str| {
        format!(
            "[[app_vm_config.ecc.supported_curves]]\nstruct_name = \"Curve\"\nscalar = \"7\"\n\
             modulus = \"{modulus}\"\na = \"{a}\"\nb = \"7\"\n"
        )
    };
    [
        format!("[app_vm_config.modular]\nsupported_moduli = [\"{modulus}\"]\n"),
        format!("[app_vm_config.fp2]\nsupported_moduli = [[\"Field\", \"{modulus}\"]]\n"),
        format!("{}{}", curve("0"), curve("65535")),
    ]
}

#[test]
fn sizes_known_without_openvm_are_those_of_openvm() {
    let compare = |text: Option<&str>| {
        let told = base_limits(text).unwrap();
        let base = text.map_or_else(BaseVm::rv32im, |text| BaseVm::from_toml(text).unwrap());
        let is = describe(&base).unwrap();
        let columns = is.airs.iter().map(|air| air.width).sum::<usize>();
        assert_eq!((told.airs, told.columns), (is.airs.len(), columns), "{text:?}");
        let budget = told.budget(None).unwrap();
        assert_eq!(budget.precompiles, is.precompile_budget(), "{text:?}");
        assert_eq!(budget.columns, is.column_budget(), "{text:?}");
    };
    compare(None);
    let smallest = "[app_vm_config.rv32i]\n[app_vm_config.io]\n";
    compare(Some(smallest));
    for extension in ["rv32m", "keccak", "sha2", "bigint"] {
        compare(Some(&format!("{smallest}[app_vm_config.{extension}]\n")));
    }
    for curve in ["Bn254", "Bls12_381"] {
        let pairing = format!("[app_vm_config.pairing]\nsupported_curves = [\"{curve}\"]\n");
        compare(Some(&format!("{RISCV}{pairing}")));
    }
    let sizes = "[app_vm_config.rv32m]\nrange_tuple_checker_sizes = [256, 4096]\n";
    compare(Some(&format!("{smallest}{sizes}[app_vm_config.bigint]\n")));
    compare(Some(STANDARD));
    for modulus in MODULI {
        compare(Some(&format!("{RISCV}{}", arithmetic(modulus).concat())));
    }
    // Each table alone, for the moduli that guests use most, of both widths.
    for modulus in [MODULI[0], MODULI[3]] {
        for extension in arithmetic(modulus) {
            compare(Some(&format!("{RISCV}{extension}")));
        }
    }
    let all = MODULI.join("\", \"");
    compare(Some(&format!("{RISCV}[app_vm_config.modular]\nsupported_moduli = [\"{all}\"]\n")));
}

#[test]
fn other_files_are_refused_with_the_reason() {
    let refuse = |text: &str| BaseVm::from_toml(text).unwrap_err().to_string();
    assert!(refuse("rv32i = 1").contains("app_vm_config"));
    assert!(refuse("[app_vm_config.rv32i]\n[app_vm_config.deferral]").contains("deferral"));
    assert!(refuse("[app_vm_config.rv32i]").contains("[app_vm_config.io]"));
    let bits = format!(
        "{RISCV}\n[app_vm_config.system.config]\nmax_constraint_degree = 3\nnum_public_values = 32\n\
         [app_vm_config.system.config.memory_config]\naddr_space_height = 3\npointer_max_bits = 28\n\
         timestamp_max_bits = 29\ndecomp = 17\naddr_spaces = []"
    );
    let error = BaseVm::from_toml(&bits).unwrap_err();
    assert!(
        matches!(error, ConfigError::System { name: "pointer_max_bits", got: 28, expected: 29 }),
        "{error}"
    );
}

/// Absorbs a word into a state at 0x300000 and permutes it, with OpenVM's Keccak extension.
const KECCAK: &str = "
    lui  a0, 0x300
    lui  a1, 0x301
    addi a2, x0, 4
    addi t0, x0, 6
    sw   t0, 0(a1)
    .word 0x02c5c50b
    .word 0x0000450b
    lw   t1, 0(a0)
    reveal t1, 0
    terminate 0
";

#[test]
fn a_guest_with_the_keccak_extension_needs_it_enabled() {
    let words = assemble(KECCAK);
    let elf = elf(&words);
    let guest = GuestImage::unpatched(&elf);
    let error = execute(&BaseVm::rv32im(), &guest, &[]).unwrap_err().to_string();
    assert!(error.contains("rv32i, io, rv32m") && error.contains("openvm.toml"), "{error}");
    assert!(error.contains("at 0x200814"), "{error}");

    let toml = format!("{RISCV}[app_vm_config.keccak]\n");
    let base = BaseVm::from_toml(&toml).unwrap();
    let run = execute(&base, &guest, &[]).unwrap();
    assert_ne!(run.public_values[..4], [0; 4]);
    let report = check(&base, &guest, &[], &ProveOptions::for_tests(), &mut |_| ()).unwrap();
    let names: Vec<&str> =
        report.segments[0].airs.iter().map(|air| air.shape.name.as_str()).collect();
    assert!(names.iter().any(|name| name.contains("Keccakf")), "{names:?}");
}
