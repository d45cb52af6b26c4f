//! Which guests a target takes.

use std::fmt;

use super::TARGETS;
use crate::target::Target;

/// A guest for an environment that the prover of a target does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignGuest {
    /// The name of the target.
    pub target: &'static str,
    /// The environments that it takes.
    pub environments: &'static [&'static str],
    /// The environment of the guest.
    pub environment: String,
}

impl std::error::Error for ForeignGuest {}

/// A clause that goes on after the guest's name and a colon, with the targets that take the guest.
impl fmt::Display for ForeignGuest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, environments, environment } = self;
        let takes = listed(environments, "and");
        write!(
            f,
            "target `{target}` takes guests for {takes}, and this one is for `{environment}`"
        )?;
        let others: Vec<&str> = Target::taking(environment).map(|other| other.name).collect();
        if others.is_empty() {
            return Ok(());
        }
        write!(f, "; use {} as target", listed(&others, "or"))
    }
}

impl Target {
    /// Whether guests for an environment can be proved.
    ///
    /// # Errors
    /// If the environment is none that the prover runs.
    pub fn takes(&self, environment: &str) -> Result<(), ForeignGuest> {
        if self.environments.contains(&environment) {
            return Ok(());
        }
        let Self { name: target, environments, .. } = *self;
        Err(ForeignGuest { target, environments, environment: environment.to_owned() })
    }

    /// The targets that take guests for an environment, in the order of [`TARGETS`].
    pub fn taking(environment: &str) -> impl Iterator<Item = &'static Self> {
        TARGETS.iter().copied().filter(move |target| target.environments.contains(&environment))
    }
}

/// Names in backticks, as in a sentence: `a`, `b` and `c`.
fn listed(names: &[&str], last: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [most @ .., end] => format!("{} {last} {end}", most.join(", ")),
    }
}
