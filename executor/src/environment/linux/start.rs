//! Memory and stack of a program that starts.

use autoprec_guest_elf::{Program, Segment};
use autoprec_isa::{Reg, Xlen};

use super::{Linux, files, space, system, threads};
use crate::environment::layout;
use crate::host::{Start, Started};
use crate::input::Input;
use crate::memory::{self, Memory, PAGE};

const STACK_BYTES: u64 = 8 << 20;
/// `AT_HWCAP`: a bit per letter of IMAFDC.
const HARDWARE: u64 = 1 << 8 | 1 << 12 | 1 | 1 << 5 | 1 << 3 | 1 << 2;

/// Environment variables of every program, unless it is given others of the same name. They keep
/// Go's runtime to one thread at a time without its collector and its signals.
const VARIABLES: [&str; 3] = ["GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1"];

/// Heap, mappings and stack together, in bytes.
fn room(xlen: Xlen) -> u64 {
    match xlen {
        Xlen::Rv32 => 1 << 30,
        // Go reserves more than a gigabyte for its own tables.
        Xlen::Rv64 => 4 << 30,
    }
}

/// Lays out memory and stack.
pub(super) fn start(program: &Program, input: &Input) -> Result<Started, String> {
    let window = layout::window(program, u64::MAX, room(program.xlen));
    let page_up = |addr: u64| addr.next_multiple_of(PAGE);
    let in_window = program.segments.iter().filter(|s| s.end() <= window.end);
    let heap = page_up(in_window.map(Segment::end).max().unwrap_or(window.start));
    let stack = window.end.saturating_sub(STACK_BYTES);
    if heap.saturating_add(STACK_BYTES) > stack {
        return Err("its segments leave no room for heap and stack; link it lower".to_owned());
    }
    let mut memory = Memory::new(window.clone());
    layout::load_segments(&mut memory, program);
    memory.map(stack..window.end, memory::READ | memory::WRITE);
    // C libraries expect a name.
    let unnamed = [String::from("guest")];
    let args = if input.args.is_empty() { &unnamed[..] } else { &input.args };
    let strings = Strings { args, variables: &variables(&input.variables)? };
    let sp = build_stack(&mut memory, program, &strings, window.end)?;
    // The heap may grow to half of the room between segments and stack.
    let mappings = page_up(heap + (stack - heap) / 2);
    let session = Linux {
        xlen: program.xlen,
        space: space::Space::new(program, heap, mappings..stack, stack..window.end),
        files: files::Table::new(&input.stdin),
        threads: threads::Threads::new(),
        system: system::System::new(STACK_BYTES),
    };
    Ok((Start { memory, registers: vec![(Reg::SP, sp)] }, Box::new(session)))
}

/// The given variables, and [`VARIABLES`] in front.
fn variables(given: &[String]) -> Result<Vec<String>, String> {
    let name = |variable: &str| variable.split_once('=').map(|(name, _)| name.to_owned());
    if let Some(bad) = given.iter().find(|v| name(v).is_none_or(|name| name.is_empty())) {
        return Err(format!("its environment variable `{bad}` is not of the form NAME=VALUE"));
    }
    let absent = |variable: &&str| given.iter().all(|other| name(other) != name(variable));
    let own = VARIABLES.into_iter().filter(absent).map(str::to_owned);
    Ok(own.chain(given.iter().cloned()).collect())
}

/// What a program is told as text.
struct Strings<'a> {
    args: &'a [String],
    variables: &'a [String],
}

/// Writes arguments, environment and the auxiliary vector; gives the stack pointer.
fn build_stack(
    memory: &mut Memory,
    program: &Program,
    Strings { args, variables }: &Strings<'_>,
    top: u64,
) -> Result<u64, String> {
    let bytes: u64 = args.iter().chain(*variables).map(|a| a.len() as u64 + 1).sum();
    if bytes > STACK_BYTES / 4 {
        let most = STACK_BYTES / 4;
        return Err(format!("its arguments and environment take {bytes} bytes; at most {most}"));
    }
    let random = top - 32;
    memory.initialise(random, &[0x5a; 16]);
    let strings = random - bytes;
    let mut place = strings;
    let mut words = vec![args.len() as u64];
    for list in [args, variables] {
        for text in *list {
            words.push(place);
            memory.initialise(place, text.as_bytes());
            place += text.len() as u64 + 1;
        }
        words.push(0);
    }
    let headers = program.headers.unwrap_or_default();
    let auxiliary = [
        (3, headers.addr),
        (4, headers.entry_bytes),
        (5, headers.count),
        (6, PAGE),
        (9, program.entry),
        (11, 0),
        (12, 0),
        (13, 0),
        (14, 0),
        (16, HARDWARE),
        (17, 100),
        (23, 0),
        (25, random),
        (0, 0),
    ];
    words.extend(auxiliary.iter().flat_map(|&(key, value)| [key, value]));
    let word = program.xlen.bytes() as usize;
    let bytes: Vec<u8> =
        words.iter().flat_map(|w| w.to_le_bytes().into_iter().take(word)).collect();
    let sp = (strings - bytes.len() as u64) & !15;
    memory.initialise(sp, &bytes);
    Ok(sp)
}
