//! What a guest is given to read.

use crate::algebra::Algebra;

/// What a guest reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// OpenVM: one vector per `hint_input`.
    pub hints: Vec<Vec<u8>>,
    /// Standard input.
    pub stdin: Vec<u8>,
    /// Linux: the arguments, the program's name first; if empty, a name is made up.
    pub args: Vec<String>,
    /// Linux: environment variables, each as `NAME=VALUE`, on top of those that every guest gets.
    pub variables: Vec<String>,
    /// OpenVM: the moduli and curves that the guest was built for.
    pub algebra: Algebra,
}
