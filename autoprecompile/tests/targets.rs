//! The registry of targets.

use std::collections::BTreeSet;

use autoprec_executor::Environment;
use autoprec_synth::{HALO2, OPENVM, TARGETS, Target};

#[test]
fn names_are_unique_and_environments_exist() {
    let names: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(names.len(), TARGETS.len());
    for target in TARGETS {
        assert_eq!(Target::named(target.name).map(|found| found.name), Some(target.name));
        assert!(target.family().any(|other| other.name == target.name), "{}", target.name);
        assert!(!target.environments.is_empty() && !target.xlens.is_empty(), "{}", target.name);
        for environment in target.environments {
            environment.parse::<Environment>().expect("an environment of this name");
        }
    }
}

#[test]
fn guests_are_taken_by_environment() {
    let mut refused = 0;
    for environment in Environment::ALL {
        for target in TARGETS {
            let takes = Target::taking(environment.name()).any(|other| other.name == target.name);
            let Err(error) = target.takes(environment.name()) else {
                assert!(takes, "{} takes {environment}", target.name);
                continue;
            };
            assert!(!takes, "{} does not take {environment}", target.name);
            let text = error.to_string();
            let named = [target.name, environment.name()].map(|name| format!("`{name}`"));
            assert!(named.iter().all(|name| text.contains(name)), "{text}");
            refused += 1;
        }
    }
    assert!(refused > 0, "some guests are refused");
    let error = OPENVM.takes("linux").unwrap_err().to_string();
    let expected = "target `openvm` takes guests for `openvm`, and this one is for `linux`; use \
                    `halo2` or `plonky3` as target";
    assert_eq!(error, expected);
    let error = HALO2.takes("sp1").unwrap_err().to_string();
    let expected = "target `halo2` takes guests for `openvm`, `linux` and `bare`, and this one is \
                    for `sp1`";
    assert_eq!(error, expected);
}
