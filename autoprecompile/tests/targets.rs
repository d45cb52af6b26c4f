//! The registry of targets.

use std::collections::BTreeSet;

use autoprec_executor::Environment;
use autoprec_synth::{TARGETS, Target};

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
