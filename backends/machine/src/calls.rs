//! A precompile that stands alone: a statement about calls of it, with its interface public.
//!
//! The tables are the precompile's and that of ranges. The boundary holds every message of the calls
//! that carries state, so what is proved is: these calls take this state to that one. A host that
//! links it with tables of its own puts its tables in the boundary's place.

use std::collections::BTreeMap;

use autoprec_blocks::Region;
use autoprec_circuits::{Boundary, BusKind as _, Field, MachineBus, Statement, Table, Trace};
use autoprec_isa::Xlen;
use autoprec_synth::Target;
use autoprec_synth::bits::{MachineLowered, lower_region};
use autoprec_synth::rewrite::optimise;
use autoprec_synth::{Host, OperandValues, PrecompileId, lift};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::statement::{hash_target, hash_text};
use crate::tables::TableError;
use crate::written::base::{Ranges, count_row, range_rows, range_table};

/// Before everything that is hashed into a binding.
const DOMAIN: &[u8] = b"autoprec statement of calls 1";

/// A register or a word of memory when a call begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The register's number, or the word's address, a multiple of its bytes.
    pub at: u64,
    /// The value before the call.
    pub value: u64,
    /// When it was accessed last, before the call.
    pub time: u64,
}

/// The state in which a call begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallState {
    /// The time of the call.
    pub time: u64,
    /// Registers; those left out are 0 and were never accessed.
    pub registers: Vec<Cell>,
    /// Words of memory: all that the call accesses.
    pub memory: Vec<Cell>,
}

/// A message of the calls that carries state, as their rows send it; negative if they receive it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The name of the bus: `execution`, `register` or `memory`.
    pub bus: String,
    /// 1 or −1.
    pub multiplicity: i64,
    /// Its fields.
    pub fields: Vec<u64>,
}

/// What calls do to the state: the public part of a statement about them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interface {
    /// How many calls there are.
    pub calls: u64,
    /// Their messages, in order.
    pub messages: Vec<Message>,
}

/// Why there is no statement about calls.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallsError {
    /// The precompile has no table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A text is not of the form.
    #[error("the calls cannot be read: {0}")]
    Form(String),
    /// A call accesses something that its state does not have, or that is misaligned.
    #[error("call {call} accesses the word at {address:#x}, of which its state says nothing")]
    Memory {
        /// The call, counted from 0.
        call: usize,
        /// The address.
        address: u64,
    },
    /// A state is none.
    #[error("call {call}: {reason}")]
    State {
        /// The call, counted from 0.
        call: usize,
        /// The reason, in words.
        reason: String,
    },
    /// A message of an interface is none.
    #[error("message {message} of the interface: {reason}")]
    Message {
        /// The message, counted from 0.
        message: usize,
        /// The reason, in words.
        reason: &'static str,
    },
    /// There is too much of them.
    #[error("{messages} messages are more than one statement can hold; split the calls")]
    TooMany {
        /// How many there are.
        messages: u128,
    },
}

/// Reads states of calls from JSON: a list of [`CallState`].
///
/// # Errors
/// If the text is something else. No text panics.
pub fn parse_calls(text: &[u8]) -> Result<Vec<CallState>, CallsError> {
    serde_json::from_slice(text).map_err(|error| CallsError::Form(error.to_string()))
}

/// The table of a precompile that stands alone.
#[derive(Clone, Debug)]
pub struct CallTable<F> {
    id: PrecompileId,
    region: Region,
    target: Target,
    lowered: MachineLowered<F>,
    ranges: Ranges,
}

/// Calls with the rows that show what they do.
#[derive(Clone, Debug)]
pub struct Calls<F> {
    /// All that the calls receive and send.
    pub interface: Interface,
    /// The statement that is proved.
    pub statement: Statement<F>,
    /// The rows.
    pub trace: Trace<F>,
}

impl<F: Field> CallTable<F> {
    /// The table of a region under this number.
    ///
    /// # Errors
    /// If the region cannot be lifted or lowered.
    pub fn new(region: &Region, id: PrecompileId, target: &Target) -> Result<Self, CallsError> {
        let table = id.to_string();
        let lifted =
            lift(region).map_err(|error| TableError::Lift { table: table.clone(), error })?;
        let lowered = lower_region(&optimise(&lifted).0, target)
            .and_then(|unplaced| unplaced.placed(region.entry(), id, target))
            .map_err(|error| TableError::Lower { table, error })?;
        let ranges = Ranges::of([&lowered.system].into_iter(), target);
        Ok(Self { id, region: region.clone(), target: *target, lowered, ranges })
    }

    /// Runs calls from their states, and states what they do.
    ///
    /// # Errors
    /// If a state lacks a word that its call accesses, or is none.
    pub fn run(&self, states: &[CallState]) -> Result<Calls<F>, CallsError> {
        let width = self.lowered.system.columns.len();
        let mut cells = vec![F::ZERO; width * states.len()];
        let mut lookups = vec![0; self.ranges.rows()];
        let mut messages = Vec::new();
        for ((call, state), row) in states.iter().enumerate().zip(cells.chunks_mut(width)) {
            let mut host = CallHost::new(state, self.region.xlen)
                .map_err(|reason| CallsError::State { call, reason })?;
            let recipe = &self.lowered.recipe;
            let mut record = vec![0_u64; recipe.record_words()];
            recipe
                .execute(&mut host, &OperandValues::default(), Some(&mut record[..]))
                .map_err(|Absent(address)| CallsError::Memory { call, address })?;
            recipe.rows().generate(&record, row);
            count_row(&self.lowered.system, row, &self.ranges, &mut lookups);
            for (bus, multiplicity, fields) in self.lowered.system.stateful_messages(row) {
                let multiplicity = multiplicity.to_signed().expect("rows send a message once");
                let fields = fields.into_iter().map(F::to_u64).collect();
                messages.push(Message { bus: bus.name().to_owned(), multiplicity, fields });
            }
        }
        let interface = Interface { calls: states.len() as u64, messages };
        let statement = self.statement(&interface)?;
        let trace = Trace { cells: vec![cells, range_rows(&self.ranges, &lookups)] };
        Ok(Calls { interface, statement, trace })
    }

    /// What is proved of calls with this interface.
    ///
    /// # Errors
    /// If a message of the interface is none, or there are too many.
    pub fn statement(&self, interface: &Interface) -> Result<Statement<F>, CallsError> {
        let name = self.id.to_string();
        let rows = usize::try_from(interface.calls).unwrap_or(usize::MAX);
        let system = self.lowered.system.clone();
        let sent = u128::from(interface.calls) * (system.interactions.len() as u128 + 1);
        let messages = sent + interface.messages.len() as u128;
        if messages >> self.target.field_bits.min(32) != 0 {
            return Err(CallsError::TooMany { messages });
        }
        let mut boundary = Vec::new();
        for (index, message) in interface.messages.iter().enumerate() {
            let fail = |reason| CallsError::Message { message: index, reason };
            boundary.push(self.boundary(message).map_err(fail)?);
        }
        let limbs = self.target.limbs(self.region.xlen);
        let entry = self.target.split(self.region.xlen, self.region.entry());
        let mut message: Vec<F> = entry.into_iter().map(F::from_u64).collect();
        message.push(F::from_u64(self.id.number().into()));
        message.resize(message.len() + 4 + 2 * limbs, F::ZERO);
        let multiplicity = -i64::try_from(interface.calls).expect("checked");
        boundary.push(Boundary { bus: MachineBus::Program, multiplicity, message });
        let tables =
            vec![Table { name, system, fixed: Vec::new(), rows }, range_table(&self.ranges)];
        Ok(Statement { tables, boundary, binding: self.binding(interface) })
    }

    /// The other side of a message, if that keeps what rows may assume of what they receive: words are
    /// in range, and times below 2^time_bits.
    fn boundary(&self, message: &Message) -> Result<Boundary<F>, &'static str> {
        let limbs = self.target.limbs(self.region.xlen);
        let bus = MachineBus::from_name(&message.bus).filter(|bus| {
            matches!(bus, MachineBus::Execution | MachineBus::Register | MachineBus::Memory)
        });
        let bus = bus.ok_or("calls have no such bus")?;
        let words = match bus {
            MachineBus::Execution => 0..limbs,
            MachineBus::Register => 1..1 + limbs,
            _ => 0..2 * limbs,
        };
        let Some((time, places)) = message.fields.split_last() else { return Err("it is empty") };
        let width = self.target.limb_width(self.region.xlen);
        let in_range = |limb: &u64| u128::from(*limb) >> width == 0;
        if places.len() != words.end || !places[words].iter().all(in_range) {
            return Err("its words are not in range, or not as many as the bus has");
        }
        if bus == MachineBus::Register && places[0] > 31 {
            return Err("there is no such register");
        }
        if time >> self.target.time_bits != 0 || message.multiplicity.abs() != 1 {
            return Err("its time is too large, or it is not sent or received once");
        }
        let fields = message.fields.iter().map(|field| F::from_u64(*field)).collect();
        Ok(Boundary { bus, multiplicity: -message.multiplicity, message: fields })
    }

    fn binding(&self, interface: &Interface) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        let text = serde_json::to_string(interface).expect("numbers and names are always JSON");
        let system = self.lowered.system.to_string();
        hash_target(&mut hash, &self.target);
        for part in [&self.id.to_string(), &system, &text] {
            hash_text(&mut hash, part);
        }
        hash.finalize().into()
    }
}

/// The state of one call: value and time of the last access of each register and word.
struct CallHost {
    time: u64,
    registers: [(u64, u64); 32],
    memory: BTreeMap<u64, (u64, u64)>,
}

/// The state says nothing of the word at this address, or it is misaligned.
struct Absent(u64);

impl CallHost {
    fn new(state: &CallState, xlen: Xlen) -> Result<Self, String> {
        let mut host = Self { time: state.time, registers: [(0, 0); 32], memory: BTreeMap::new() };
        let cells = state.registers.iter().chain(&state.memory);
        for cell in cells {
            if xlen.mask(cell.value) != cell.value || xlen.mask(cell.at) != cell.at {
                return Err(format!("{:#x} or {:#x} is no word of {xlen}", cell.at, cell.value));
            }
            if cell.time >= state.time {
                return Err(format!("{:#x} was accessed at {}, not before", cell.at, cell.time));
            }
        }
        for cell in &state.registers {
            let register = usize::try_from(cell.at).ok().filter(|at| *at > 0 && *at < 32);
            let Some(register) = register else {
                return Err(format!("x{} is no register that has a value", cell.at));
            };
            host.registers[register] = (cell.value, cell.time);
        }
        for cell in &state.memory {
            if !cell.at.is_multiple_of(xlen.bytes().into()) {
                return Err(format!("{:#x} is not the address of an aligned word", cell.at));
            }
            if host.memory.insert(cell.at, (cell.value, cell.time)).is_some() {
                return Err(format!("the word at {:#x} is there twice", cell.at));
            }
        }
        Ok(host)
    }

    /// Replaces a value at the next tick; gives the time of the access before.
    fn access(time: &mut u64, cell: &mut (u64, u64), new: Option<u64>) -> u64 {
        let previous = cell.1;
        *cell = (new.unwrap_or(cell.0), *time);
        *time += 1;
        previous
    }
}

impl Host for CallHost {
    type Fault = Absent;

    fn time(&self) -> u64 {
        self.time
    }

    fn register(&mut self, number: u8) -> u64 {
        self.registers[usize::from(number)].0
    }

    fn word(&mut self, address: u64) -> Result<u64, Absent> {
        self.memory.get(&address).map(|cell| cell.0).ok_or(Absent(address))
    }

    fn access_register(&mut self, number: u8, new: Option<u64>) -> u64 {
        Self::access(&mut self.time, &mut self.registers[usize::from(number)], new)
    }

    fn access_word(&mut self, address: u64, new: Option<u64>) -> u64 {
        let cell = self.memory.get_mut(&address).expect("the word was asked for before");
        Self::access(&mut self.time, cell, new)
    }

    fn bad_address(&self, address: u64) -> Absent {
        Absent(address)
    }
}
