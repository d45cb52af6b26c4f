//! The transcript that the challenges come from, and fingerprints of messages.
//!
//! What is hashed, in which order, is written down in `docs/halo2.md`; [`Transcript`] is that text.

use autoprec_circuits::{
    Boundary, Expr, Field as _, MachineBus, MachineSystem, Pasta, Statement, Table,
};
use blake2b_simd::{Params, State};
use pasta_curves::Fp;
use pasta_curves::group::ff::{Field as _, FromUniformBytes as _, PrimeField as _};

use crate::error::TableError;
use crate::layout::Layout;

/// The most fields a message may have: the power of α behind them names bus and length.
pub const MAX_FIELDS: usize = 32;

const PERSONAL: &[u8; 16] = b"autoprec-halo2-1";
const TEXT_PERSONAL: &[u8; 16] = b"autoprec-system1";
const FIXED_PERSONAL: &[u8; 16] = b"autoprec-fixed-1";

/// The challenges that all tables of a statement share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenges {
    pub(crate) beta: Pasta,
    /// α to the power of 0 up to [`MAX_FIELDS`].
    powers: Vec<Pasta>,
}

impl Challenges {
    pub(crate) fn new(beta: Fp, alpha: Fp) -> Self {
        let powers = std::iter::successors(Some(Fp::ONE), |power| Some(power * alpha));
        let powers = powers.take(MAX_FIELDS + 1).map(Pasta::from).collect();
        Self { beta: beta.into(), powers }
    }

    /// The part of a fingerprint that says which bus the message is on and how long it is.
    fn tag(&self, bus: MachineBus, fields: usize) -> Pasta {
        let bus = MachineBus::ALL.iter().position(|other| *other == bus);
        let bus = bus.expect("every bus is in the list of all") as u64;
        self.beta + self.powers[MAX_FIELDS] * Pasta::from_u64(bus + 1 + ((fields as u64) << 8))
    }

    /// The fingerprint as a polynomial of the row. Challenges are constants in it, so its degree is
    /// that of the fields. There are at most [`MAX_FIELDS`] of them.
    pub(crate) fn fingerprint(&self, bus: MachineBus, message: &[Expr<Pasta>]) -> Expr<Pasta> {
        let tag = Expr::constant(self.tag(bus, message.len()));
        let fields = message.iter().zip(&self.powers);
        fields.fold(tag, |sum, (field, &power)| sum + field.clone() * Expr::constant(power))
    }

    /// The fingerprint of a message that is known.
    pub(crate) fn of_values(&self, bus: MachineBus, message: &[Pasta]) -> Pasta {
        let fields = message.iter().zip(&self.powers);
        fields.fold(self.tag(bus, message.len()), |sum, (&field, &power)| sum + field * power)
    }

    /// What the boundary adds to the sums of the tables; the position of a message whose fingerprint
    /// is 0, if there is one.
    pub(crate) fn boundary_sum(&self, boundary: &[Boundary<Pasta>]) -> Result<Pasta, usize> {
        let mut sum = Pasta::ZERO;
        for (index, Boundary { bus, multiplicity, message }) in boundary.iter().enumerate() {
            let inverse = self.of_values(*bus, message).inverse().ok_or(index)?;
            sum = sum + Pasta::from_i64(*multiplicity) * inverse;
        }
        Ok(sum)
    }
}

/// The hash that challenges are squeezed from.
#[derive(Clone)]
pub(crate) struct Transcript(State);

impl Transcript {
    /// Begins with everything that is known before any commitment.
    pub(crate) fn new(statement: &Statement<Pasta>) -> Self {
        let mut this = Self(Params::new().hash_length(64).personal(PERSONAL).to_state());
        this.0.update(&statement.binding);
        this.number(statement.boundary.len());
        for Boundary { bus, multiplicity, message } in &statement.boundary {
            let name = autoprec_circuits::BusKind::name(*bus);
            this.bytes(name.as_bytes());
            this.0.update(&multiplicity.to_le_bytes());
            this.number(message.len());
            for field in message {
                this.0.update(&field.inner().to_repr());
            }
        }
        this.number(statement.tables.len());
        this
    }

    /// A table and the commitments to its columns of the first phase.
    pub(crate) fn table(&mut self, table: &Table<Pasta>, layout: &Layout, points: &[u8]) {
        self.bytes(table.name.as_bytes());
        self.number(table.rows);
        self.number(layout.k as usize);
        self.number(layout.degree);
        self.0.update(&system_digest(&table.system));
        self.0.update(&fixed_digest(&table.fixed));
        self.bytes(points);
    }

    pub(crate) fn challenges(&self) -> Challenges {
        Challenges::new(self.squeeze(0), self.squeeze(1))
    }

    /// Factors for adding up the checks of all tables, when the proofs are hashed too.
    pub(crate) fn weights(mut self, proof: &[u8], count: usize) -> Vec<Fp> {
        self.bytes(proof);
        (2..).take(count).map(|index| self.squeeze(index)).collect()
    }

    fn squeeze(&self, index: u64) -> Fp {
        let mut state = self.0.clone();
        state.update(&index.to_le_bytes());
        Fp::from_uniform_bytes(state.finalize().as_array())
    }

    fn number(&mut self, number: usize) {
        self.0.update(&(number as u64).to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.0.update(bytes);
    }
}

pub(crate) fn digest(personal: &[u8; 16], fill: impl FnOnce(&mut State)) -> [u8; 32] {
    let mut state = Params::new().hash_length(32).personal(personal).to_state();
    fill(&mut state);
    *state.finalize().as_bytes().first_chunk().expect("32 bytes were asked for")
}

/// The digest of a system's text form.
pub(crate) fn system_digest(system: &MachineSystem<Pasta>) -> [u8; 32] {
    digest(TEXT_PERSONAL, |state| {
        state.update(system.to_string().as_bytes());
    })
}

/// The digest of fixed columns.
fn fixed_digest(fixed: &[Vec<Pasta>]) -> [u8; 32] {
    digest(FIXED_PERSONAL, |state| {
        for column in fixed {
            state.update(&(column.len() as u64).to_le_bytes());
            for cell in column {
                state.update(&cell.inner().to_repr());
            }
        }
    })
}

/// Refuses messages that there are no powers of α for, and names that occur twice.
pub(crate) fn check_statement(statement: &Statement<Pasta>) -> Result<(), TableError> {
    let long = |table: &str, fields: usize| {
        let (table, max) = (table.to_owned(), MAX_FIELDS);
        (fields > max).then_some(TableError::LongMessage { table, fields, max })
    };
    let mut names = std::collections::BTreeSet::new();
    for table in &statement.tables {
        if !names.insert(&table.name) {
            return Err(TableError::Doubled { table: table.name.clone() });
        }
        let fields = table.system.interactions.iter().map(|i| i.message.len()).max();
        if let Some(error) = long(&table.name, fields.unwrap_or(0)) {
            return Err(error);
        }
    }
    let fields = statement.boundary.iter().map(|b| b.message.len()).max();
    long("of the boundary", fields.unwrap_or(0)).map_or(Ok(()), Err)
}
