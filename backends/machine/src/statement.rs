//! What is proved of a run: one function, called by prover and verifier.
//!
//! Claims are checked before anything is made from them, so that sizes stay in proportion to the
//! guest's file and the public values. What the checks are for is said with each.

mod boundary;

use std::collections::BTreeSet;
use std::sync::Arc;

use autoprec_circuits::{Field, MachineSystem, Statement, Table};
use autoprec_executor::Environment;
use autoprec_synth::Target;
use sha2::{Digest as _, Sha256};

use crate::claims::Claims;
use crate::code::{CodeError, Line};
use crate::guest::Guest;
use crate::kind::{Kind, Request};
use crate::run::REGISTER_ROWS;
use crate::table::{TableId, Written};
use crate::tables::{Maker, TableError, Tables};
use crate::written::base::{Ranges, program, program_message, range_table};

/// Before everything that is hashed into a binding.
const DOMAIN: &[u8] = b"autoprec statement of a run 1";

/// What a run gave to the outside, and both sides know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Public {
    /// Standard output, or OpenVM's 32 bytes of public values.
    pub output: Vec<u8>,
    /// What the guest ended with.
    pub exit_code: u32,
}

/// Why claims are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// They cannot be true, or are not in their one form.
    #[error("the claims are refused: {0}")]
    Claims(String),
    /// Code that is claimed to have been executed is none.
    #[error("the claims are refused: {0}")]
    Code(#[from] CodeError),
    /// A table that is claimed to have rows cannot be made.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The target is for another field, or its sizes do not fit.
    #[error("target `{target}` cannot be used: {reason}")]
    Target {
        /// Its name.
        target: &'static str,
        /// The reason, in words.
        reason: &'static str,
    },
    /// The public values are not of the environment's form.
    #[error("the output has {bytes} bytes; OpenVM's public values have 32")]
    Output {
        /// How many it has.
        bytes: usize,
    },
}

/// A statement with what its tables are.
#[derive(Clone, Debug)]
pub(crate) struct Stated<F> {
    pub(crate) statement: Statement<F>,
    /// Which table each is.
    pub(crate) parts: Vec<Part<F>>,
    pub(crate) ranges: Ranges,
    /// The rows of the program table.
    pub(crate) lines: Vec<Line>,
}

/// A table of a statement.
#[derive(Clone, Debug)]
pub(crate) enum Part<F> {
    Program,
    Range,
    /// One with records.
    Rows(TableId, Arc<Maker<F>>),
}

/// What is proved of a run of this guest: the same for prover and verifier.
///
/// # Errors
/// If the claims cannot be true, or target or output do not fit. No claims panic, and none make this
/// take more memory than the guest and the public values are in proportion to.
pub fn statement<F: Field>(
    guest: &Guest,
    target: &Target,
    public: &Public,
    claims: &Claims,
) -> Result<Statement<F>, StatementError> {
    Ok(stated(guest, &mut Tables::new(target), public, claims)?.statement)
}

pub(crate) fn stated<F: Field>(
    guest: &Guest,
    tables: &mut Tables<F>,
    public: &Public,
    claims: &Claims,
) -> Result<Stated<F>, StatementError> {
    let target = tables.target;
    check_target::<F>(&target)?;
    let lines = check_code(guest, claims)?;
    let (image_rows, zero_rows) = check_memory(guest, claims)?;
    check_rows(&target, claims, &lines)?;
    let sizes: Vec<(TableId, usize)> = claims
        .rows
        .iter()
        .map(|(number, rows)| (TableId::of_number(*number), *rows))
        .chain([
            (Some(TableId::Written(Written::Registers)), REGISTER_ROWS.into()),
            (Some(TableId::Written(Written::MemoryImage)), image_rows),
            (Some(TableId::Written(Written::MemoryZeros)), zero_rows),
        ])
        .filter(|(_, rows)| *rows > 0)
        .map(|(table, rows)| (table.expect("checked"), usize::try_from(rows).expect("checked")))
        .collect();
    let mut parts = Vec::new();
    let mut made = Vec::new();
    for (table, rows) in sizes {
        let maker = tables.get(guest, table)?;
        let (name, system) = (table.to_string(), maker.system().clone());
        let fixed = fixed_of(guest, &target, table);
        made.push(Table { name, system, fixed, rows });
        parts.push(Part::Rows(table, maker));
    }
    let ranges = Ranges::of(made.iter().map(|table| &table.system), &target);
    made.push(program_table(guest, &target, &lines));
    parts.push(Part::Program);
    made.push(range_table(&ranges));
    parts.push(Part::Range);
    let boundary = boundary::boundary(guest, &target, public, claims)?;
    let binding = binding(guest, &target, public, claims);
    let statement = Statement { tables: made, boundary, binding };
    check_sums(&target, claims, &statement, &parts)?;
    Ok(Stated { statement, parts, ranges, lines })
}

fn refuse<T>(reason: impl Into<String>) -> Result<T, StatementError> {
    Err(StatementError::Claims(reason.into()))
}

/// Sizes with which the arguments about ranges and times hold.
fn check_target<F: Field>(target: &Target) -> Result<(), StatementError> {
    let fail = |reason| Err(StatementError::Target { target: target.name, reason });
    if target.field != F::NAME {
        return fail("it is for another field");
    }
    if !(1..=16).contains(&target.range_bits) {
        return fail("ranges have 1 to 16 bits");
    }
    // Differences of times are elements of their own.
    if !(2..=48).contains(&target.time_bits) || target.time_bits >= target.field_bits {
        return fail("times have 2 to 48 bits, and fewer than the field");
    }
    Ok(())
}

/// The rows of the program table. Ranges are disjoint, so there is at most one row for an address.
fn check_code(guest: &Guest, claims: &Claims) -> Result<Vec<Line>, StatementError> {
    let (mut lines, mut end) = (Vec::new(), 0);
    for &(from, to) in &claims.code {
        if from < end || to <= from {
            return refuse(format!("code from {from:#x} to {to:#x} is empty or out of order"));
        }
        end = to;
        lines.extend(guest.lines(&(from..to))?);
    }
    Ok(lines)
}

/// Touched words exist and are in order. Gives how many are the file's, and how many zeros.
fn check_memory(guest: &Guest, claims: &Claims) -> Result<(u64, u64), StatementError> {
    let bytes = u64::from(guest.xlen().bytes());
    let (mut end, mut image) = (0, 0);
    for &(start, words) in &claims.image {
        let held = guest.image.words_from(start).len() as u64;
        if start < end || !start.is_multiple_of(bytes) || words == 0 || words > held {
            return refuse(format!("the file has no {words} words from {start:#x} on, in order"));
        }
        end = start.saturating_add(words * bytes);
        image += words;
    }
    let ranges = guest.image.zeros();
    if ranges.len() != claims.zeros.len() {
        return refuse(format!("there are {} ranges of zeros", ranges.len()));
    }
    let mut zeros = 0_u64;
    for ((from, to), count) in ranges.into_iter().zip(&claims.zeros) {
        if *count > (to - from) / bytes + 1 || *count >= claims.time {
            return refuse(format!("{count} words of zeros from {from:#x} to {to:#x}"));
        }
        zeros = zeros.saturating_add(*count);
    }
    // Each was accessed.
    if image >= claims.time || zeros >= claims.time {
        return refuse("more words were touched than there were accesses");
    }
    Ok((image, zeros))
}

/// Claimed tables exist, are in order, and are of code that was claimed.
fn check_rows(target: &Target, claims: &Claims, lines: &[Line]) -> Result<(), StatementError> {
    if claims.time == 0 || claims.time >> target.time_bits != 0 {
        return refuse(format!("time {} is not from 1 to 2^{}", claims.time, target.time_bits));
    }
    let executed: BTreeSet<u32> = lines.iter().map(|line| line.number).collect();
    let mut last = 0;
    for &(number, rows) in &claims.rows {
        let is_due = TableId::of_number(number).is_some_and(|table| is_due(table, &executed));
        if number <= last || !is_due {
            return refuse(format!("table {number} is out of order or of no code"));
        }
        // Each row takes a tick, but for the last one.
        if rows == 0 || rows > claims.time {
            return refuse(format!("{rows} rows of table {number} in {} ticks", claims.time));
        }
        last = number;
    }
    Ok(())
}

/// Whether claims may give a table rows, given the kinds of the code.
fn is_due(table: TableId, executed: &BTreeSet<u32>) -> bool {
    let request = match table {
        TableId::Op(_) | TableId::Call(_) => return executed.contains(&table.number()),
        TableId::Written(written) => match written {
            Written::Terminate => Request::Terminate,
            Written::HintStore => Request::HintStore,
            Written::HintBuffer | Written::CopyHint => Request::HintBuffer,
            Written::Reveal => Request::Reveal,
            Written::Exit
            | Written::Read
            | Written::Write
            | Written::WriteError
            | Written::CopyIn
            | Written::CopyOut => Request::Ecall,
            Written::Program
            | Written::Range
            | Written::Registers
            | Written::MemoryImage
            | Written::MemoryZeros => return false,
        },
    };
    Kind::Request(request).number().is_some_and(|number| executed.contains(&number))
}

/// The sums that must not wrap in the field: that of all messages, and the time by which rows advance.
fn check_sums<F: Field>(
    target: &Target,
    claims: &Claims,
    statement: &Statement<F>,
    parts: &[Part<F>],
) -> Result<(), StatementError> {
    let order = 1_u128 << target.field_bits.min(126);
    let messages = |table: &Table<F>| height(table.rows) * table.system.interactions.len() as u128;
    let boundary = statement.boundary.iter().map(|b| u128::from(b.multiplicity.unsigned_abs()));
    let sent: u128 = statement.tables.iter().map(messages).sum();
    if sent + boundary.sum::<u128>() >= order {
        return refuse("there are more messages than elements of the field; split the run");
    }
    // The times that are under way begin at 1 and end at the claimed time. What all rows together add to
    // them is that difference in the field, hence in integers if neither wraps.
    let mut ticks = u128::from(claims.time);
    for (part, table) in parts.iter().zip(&statement.tables) {
        let Part::Rows(_, maker) = part else { continue };
        let Some(own) = maker.ticks() else {
            return refuse(format!("rows of table {} advance time as they like", table.name));
        };
        ticks = ticks.saturating_add(u128::from(own).saturating_mul(height(table.rows)));
    }
    if ticks >= order {
        return refuse("the rows take more ticks than the field has elements");
    }
    Ok(())
}

/// Rows that a table may really have: provers pad, and nothing but its own flag says which rows count.
fn height(rows: usize) -> u128 {
    (rows as u128).next_power_of_two().max(MIN_HEIGHT)
}

/// The fewest rows that a prover pads a table to.
const MIN_HEIGHT: u128 = 8;

/// The fixed columns of a table with records.
fn fixed_of<F: Field>(guest: &Guest, target: &Target, table: TableId) -> Vec<Vec<F>> {
    match table {
        TableId::Written(Written::Registers) => {
            let xlen = guest.xlen();
            let limb = |number: u8, limb: usize| {
                F::from_u64(target.split(xlen, guest.first_of_register(number))[limb])
            };
            let numbers = (0..REGISTER_ROWS).map(|number| F::from_u64(number.into())).collect();
            let first = (0..target.limbs(xlen))
                .map(|index| (0..REGISTER_ROWS).map(|number| limb(number, index)).collect());
            [vec![F::ONE; REGISTER_ROWS.into()], numbers].into_iter().chain(first).collect()
        }
        _ => Vec::new(),
    }
}

fn program_table<F: Field>(guest: &Guest, target: &Target, lines: &[Line]) -> Table<F> {
    let (xlen, system): (_, MachineSystem<F>) = (guest.xlen(), program(target, guest.xlen()));
    let mut fixed = vec![Vec::with_capacity(lines.len()); system.columns.len() - 1];
    for line in lines {
        let message = program_message(line, target, xlen);
        fixed.iter_mut().zip(message).for_each(|(column, cell)| column.push(cell));
    }
    Table { name: "program".to_owned(), system, fixed, rows: lines.len() }
}

/// The digest of what the statement is about.
fn binding(guest: &Guest, target: &Target, public: &Public, claims: &Claims) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(DOMAIN);
    hash_target(&mut hash, target);
    hash_text(&mut hash, guest.environment.name());
    hash.update(guest.xlen().bits().to_le_bytes());
    hash.update(guest.digest);
    hash.update(public.exit_code.to_le_bytes());
    hash.update((public.output.len() as u64).to_le_bytes());
    hash.update(&public.output);
    hash.update(claims.digest());
    hash.finalize().into()
}

/// Hashes a text after its length.
pub(crate) fn hash_text(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text);
}

/// Hashes what tables are made with: all of a target but its prices.
pub(crate) fn hash_target(hash: &mut Sha256, target: &Target) {
    hash_text(hash, target.field);
    for size in [
        target.field_bits,
        target.limb_bits,
        target.factor_bits,
        target.range_bits,
        target.time_bits,
        target.limits.degree,
        target.limits.field_degree,
    ] {
        hash.update(size.to_le_bytes());
    }
    hash.update((target.inline_terms as u64).to_le_bytes());
}

/// Whether the environment is OpenVM.
fn is_openvm(guest: &Guest) -> bool {
    guest.environment == Environment::OpenVm
}
