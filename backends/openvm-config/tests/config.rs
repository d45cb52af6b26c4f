//! What is read of an `openvm.toml`, and the room that it leaves. That the sizes are OpenVM's own is
//! tested where OpenVM is: in `backends/openvm/tests`.

use autoprec_executor::Algebra;
use autoprec_openvm_config::{BudgetError, ConfigError, OpenVmConfig, base_limits};
use autoprec_synth::Budget;

const SMALLEST: &str = "[app_vm_config.rv32i]\n[app_vm_config.io]\n";

#[test]
fn without_a_file_it_is_rv32im() {
    let text = format!("{SMALLEST}[app_vm_config.rv32m]\n[another_table]\nignored = true\n");
    assert_eq!(OpenVmConfig::provable(&text).unwrap(), OpenVmConfig::default());
    assert_eq!(base_limits(None).unwrap(), base_limits(Some(&text)).unwrap());
    assert_eq!(base_limits(None).unwrap().airs, 23);
}

#[test]
fn a_guest_runs_whatever_can_be_proved() {
    let sections = "[app_vm_config.modular]\nsupported_moduli = [\"65537\", \"97\"]\n\
                    [app_vm_config.deferral]\nsome = \"thing\"\n";
    let config = OpenVmConfig::read(sections).unwrap();
    assert_eq!(config.unsupported, ["deferral"]);
    assert_eq!(config.missing, ["rv32i", "io"]);
    assert!(OpenVmConfig::provable(sections).is_err());
    let moduli = [65537_u32, 97].map(num_bigint::BigUint::from);
    assert_eq!(config.algebra(), Algebra::new(moduli, [], []));
    assert_eq!(OpenVmConfig::default().algebra(), Ok(Algebra::default()));
    for text in ["x = 1", "[app_vm_config.rv32i]\nspeed = 9", "app_vm_config = 1"] {
        assert!(matches!(OpenVmConfig::read(text), Err(ConfigError::Toml(_))), "{text}");
    }
}

#[test]
fn the_budget_is_what_the_base_leaves_and_no_more_than_is_wanted() {
    let base = base_limits(None).unwrap();
    let all = base.budget(None).unwrap();
    assert_eq!(all, Budget { precompiles: 77, columns: 30_000 - base.columns });
    assert_eq!(base.budget(Some(5)).unwrap(), Budget { precompiles: 5, ..all });
    assert_eq!(base.budget(Some(77)).unwrap(), all);
    assert_eq!(base.budget(Some(0)), Err(BudgetError::None));
    let error = base.budget(Some(78)).unwrap_err();
    assert_eq!(error, BudgetError::TooMany { wanted: 78, airs: 23, room: 77 });
    assert!(error.to_string().contains("allows 100 tables"), "{error}");
}

#[test]
fn more_moduli_leave_less_room() {
    let modular = |moduli: &[&str]| {
        let list = moduli.join("\", \"");
        let text = format!("{SMALLEST}[app_vm_config.modular]\nsupported_moduli = [\"{list}\"]\n");
        base_limits(Some(&text)).unwrap()
    };
    let (one, two) = (modular(&["65537"]), modular(&["65537", "2305843009213693951"]));
    assert_eq!(two.airs, one.airs + 3);
    assert!(two.columns > one.columns);
    // 257 bits need 48 bytes.
    let long = "115792089237316195423570985008687907853269984665640564039457584007913129640233";
    assert!(modular(&[long]).columns > one.columns);

    // More tables than there may be leave no room, which is no error by itself.
    let full = modular(&["65537"; 40]);
    assert_eq!(full.budget(None).unwrap().precompiles, 0);
    assert!(matches!(full.budget(Some(1)), Err(BudgetError::TooMany { room: 0, .. })));
}

#[test]
fn what_openvm_has_no_tables_for_is_refused() {
    let refuse = |rest: &str| base_limits(Some(&format!("{SMALLEST}{rest}"))).unwrap_err();
    let error = refuse("[app_vm_config.deferral]\n");
    assert_eq!(error, ConfigError::Unsupported { name: "deferral".to_owned() });
    assert!(error.to_string().contains("deferral"), "{error}");
    assert!(error.to_string().contains("sha2, bigint"), "{error}");

    let wide = (0..116).map(|_| '9').collect::<String>();
    for modulus in ["0", "1", "2", &wide] {
        for (section, list) in [
            ("modular", format!("supported_moduli = [\"{modulus}\"]\n")),
            ("fp2", format!("supported_moduli = [[\"Field\", \"{modulus}\"]]\n")),
        ] {
            let error = refuse(&format!("[app_vm_config.{section}]\n{list}"));
            assert!(matches!(&error, ConfigError::Modulus { section: s, .. } if *s == section));
            assert!(error.to_string().contains(modulus), "{error}");
        }
    }
    let error = refuse("[app_vm_config.modular]\nsupported_moduli = [\"0x11\"]\n");
    assert!(matches!(&error, ConfigError::Toml(_)), "{error}");
    assert!(error.to_string().contains("`0x11`"), "{error}");

    let curve = "[[app_vm_config.ecc.supported_curves]]\nstruct_name = \"Curve\"\n\
                 modulus = \"65537\"\nscalar = \"7\"\na = \"65537\"\nb = \"7\"\n";
    let error = refuse(curve);
    assert_eq!(error, ConfigError::Coefficient { curve: "Curve".to_owned() });

    let error = base_limits(Some("[app_vm_config.io]\n")).unwrap_err();
    assert_eq!(error, ConfigError::MissingExtension { missing: "rv32i" });
}

#[test]
fn settings_of_the_system_that_matter_are_checked() {
    let system = |degree: usize, values: usize, pointers: usize, cells: usize| {
        let space =
            |cells: usize, layout: &str| format!("{{ num_cells = {cells}, layout = {layout} }}, ");
        let spaces = space(0, "\"Null\"")
            + &space(128, "\"U8\"")
            + &space(1 << 29, "\"U8\"")
            + &space(cells, "\"U8\"")
            + &space(0, "{ F = { size = 4 } }");
        let text = format!(
            "{SMALLEST}[app_vm_config.system.config]\nmax_constraint_degree = {degree}\n\
             num_public_values = {values}\n[app_vm_config.system.config.memory_config]\n\
             addr_space_height = 3\npointer_max_bits = {pointers}\ntimestamp_max_bits = 29\n\
             decomp = 17\naddr_spaces = [{spaces}]\n"
        );
        base_limits(Some(&text))
    };
    assert_eq!(system(3, 64, 29, 64), base_limits(Some(SMALLEST)));
    assert_eq!(system(7, 64, 29, 64), Err(ConfigError::Degree { got: 7 }));
    assert_eq!(system(3, 64, 29, 32), Err(ConfigError::PublicValues { got: 64 }));
    assert_eq!(system(3, 24, 29, 24), Err(ConfigError::PublicValues { got: 24 }));
    let error = ConfigError::System { name: "pointer_max_bits", got: 28, expected: 29 };
    assert_eq!(system(3, 32, 28, 32), Err(error));
}
