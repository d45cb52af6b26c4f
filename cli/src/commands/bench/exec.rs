//! `autoprec bench exec`: autoprec's executor beside others, on the same guests in the same run.
//!
//! Every executor must come to autoprec's result, or the run fails. Times are CPU times: of this
//! process for autoprec and OpenVM, of the finished child for qemu-user.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use autoprec_bench::{ExecReport, GuestTimes};
use autoprec_executor::{Environment, Input, Limits, Run, RunError};
use autoprec_openvm::{BaseVm, Interpret, interpreter};

use super::cpu_time;
use super::qemu::Qemu;
use crate::args::{BenchExecArgs, DemoGuest};
use crate::commands::build::base_vm;
use crate::commands::demo::example;
use crate::files::File;
use crate::guest::{EXECUTED, Guest, Setting, load, setting};
use crate::interrupt::run_error;
use crate::proving::Provable;
use crate::terminal;

/// A guest and what it runs on.
struct Subject {
    guest: Guest,
    setting: Setting,
    base: BaseVm,
}

/// Runs a guest once and gives the CPU time of that.
type Executor<'a> = (&'static str, &'a mut dyn FnMut() -> Result<Duration>);

pub(crate) fn run(args: &BenchExecArgs) -> Result<()> {
    let subjects = subjects(args)?;
    let json = args.json.as_deref().map(File::create).transpose()?;
    let mut missing = BTreeSet::new();
    let mut guests = Vec::new();
    for mut subject in subjects {
        let spinner = terminal::counting(&subject.guest.name, &EXECUTED);
        if args.instructions.is_empty() {
            guests.push(compare(&subject, args.repeat, &mut missing)?);
        }
        for &most in &args.instructions.iter().copied().collect::<BTreeSet<_>>() {
            subject.setting.limits.max_instructions = Some(most);
            guests.push(alone(&subject, args.repeat)?);
        }
        spinner.finish_and_clear();
    }
    let report = ExecReport::new(args.repeat, guests, missing.into_iter().collect());
    terminal::text(&report.to_string());
    if let Some(json) = json {
        json.finish(report.to_json().as_bytes())?;
    }
    Ok(())
}

/// The guest of the command line, or those that come with the program.
fn subjects(args: &BenchExecArgs) -> Result<Vec<Subject>> {
    let input = &args.input;
    let Some(path) = &args.guest else {
        if !input.inputs.is_empty() || input.stdin.is_some() {
            bail!("an input needs a guest that reads it: name its ELF");
        }
        return if args.instructions.is_empty() { all_of_ours() } else { endless() };
    };
    let guest = load(path)?;
    let setting = setting(input, &guest)?;
    Ok(vec![Subject { guest, setting, base: base_vm(input.config.as_deref())? }])
}

macro_rules! guest {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../../../../bench/guests/", $name)).as_slice())
    };
}

/// Guests of which each executes some ten million instructions, on a number that says how many.
fn all_of_ours() -> Result<Vec<Subject>> {
    let mut all = Vec::new();
    let examples = [
        (DemoGuest::Keccak, 3_000u32),
        (DemoGuest::Sha256, 12_000),
        (DemoGuest::SortVm, 2_000_000),
        (DemoGuest::SelfRead, 5_000_000),
    ];
    for (guest, count) in examples {
        let example = example(guest);
        let hint = [&count.to_le_bytes(), &example.input[4..]].concat();
        let input = Input { hints: vec![hint], ..Input::default() };
        let name = format!("{}.elf", example.name);
        all.push(subject((&name, example.elf), Environment::OpenVm, input)?);
    }
    let bare = [
        (guest!("keccak-rv32im.elf"), 5_000),
        (guest!("keccak-rv64im.elf"), 15_000),
        (guest!("calls-rv32im.elf"), 32),
        (guest!("calls-rv64im.elf"), 32),
    ];
    for (file, count) in bare {
        all.push(counting(file, count)?);
    }
    Ok(all)
}

/// Guests that go on for as long as anybody wants.
fn endless() -> Result<Vec<Subject>> {
    let files = [guest!("keccak-rv32im.elf"), guest!("keccak-rv64im.elf")];
    files.into_iter().map(|file| counting(file, u32::MAX)).collect()
}

/// A guest that reads a number from standard input.
fn counting(file: (&str, &[u8]), count: u32) -> Result<Subject> {
    let input = Input { stdin: count.to_le_bytes().to_vec(), ..Input::default() };
    subject(file, Environment::Bare, input)
}

fn subject((name, elf): (&str, &[u8]), environment: Environment, input: Input) -> Result<Subject> {
    let limits = Limits { progress: Some(&EXECUTED), ..Limits::none() };
    Ok(Subject {
        guest: Guest::from_bytes(name, elf.to_vec())?,
        setting: Setting { environment, input, limits },
        base: BaseVm::rv32im(),
    })
}

/// Measures all executors that can run a guest.
fn compare(subject: &Subject, repeat: usize, missing: &mut BTreeSet<String>) -> Result<GuestTimes> {
    let Subject { guest, setting, base } = subject;
    let expected = setting.run_well(guest)?;
    let times = times(subject, expected.instructions);
    let mut own = || own_time(subject);
    if setting.environment == Environment::OpenVm {
        let provable = Provable::new(guest)?;
        return interpreter(base, &provable.image(), |run| {
            let mut openvm = || openvm_time(subject, run, &expected);
            in_turns(times, repeat, &mut [("autoprec", &mut own), ("openvm", &mut openvm)])
        })?;
    }
    if matches!(setting.environment, Environment::Linux | Environment::Bare) {
        match Qemu::find(guest, &setting.input)? {
            Ok(qemu) => {
                let mut other = || qemu.time(&expected);
                let executors: &mut [Executor<'_>] =
                    &mut [("autoprec", &mut own), ("qemu-user", &mut other)];
                return in_turns(times, repeat, executors);
            }
            Err(reason) => missing.insert(reason),
        };
    }
    in_turns(times, repeat, &mut [("autoprec", &mut own)])
}

/// Measures autoprec's executor until a limit, and the memory that takes.
fn alone(subject: &Subject, repeat: usize) -> Result<GuestTimes> {
    let mut instructions = 0;
    let mut own = || {
        let start = cpu_time();
        let run = subject.setting.run(&subject.guest).map_err(anyhow::Error::from);
        let taken = cpu_time().saturating_sub(start);
        instructions = match run {
            Ok(run) => run.instructions,
            Err(error) => match run_error(&error).and_then(RunError::partial) {
                Some(partial) => partial.instructions,
                None => return Err(error),
            },
        };
        Ok(taken)
    };
    let mut samples = Vec::new();
    for _ in 0..repeat {
        samples.push(own()?);
    }
    let mut times = times(subject, instructions);
    times.enter("autoprec", &samples);
    times.peak_bytes = peak_bytes();
    Ok(times)
}

/// No times yet.
fn times(subject: &Subject, instructions: u64) -> GuestTimes {
    GuestTimes {
        guest: subject.guest.file_name(),
        isa: subject.guest.program.xlen.to_string(),
        environment: subject.setting.environment.to_string(),
        instructions,
        peak_bytes: None,
        executors: Vec::new(),
    }
}

/// Lets the executors run one after the other, as often as asked for.
fn in_turns(
    mut times: GuestTimes,
    repeat: usize,
    executors: &mut [Executor<'_>],
) -> Result<GuestTimes> {
    let mut samples = vec![Vec::new(); executors.len()];
    for _ in 0..repeat {
        for ((_, run), samples) in executors.iter_mut().zip(&mut samples) {
            samples.push(run()?);
        }
    }
    for ((name, _), samples) in executors.iter().zip(&samples) {
        times.enter(name, samples);
    }
    Ok(times)
}

fn own_time(subject: &Subject) -> Result<Duration> {
    let start = cpu_time();
    subject.setting.run_well(&subject.guest)?;
    Ok(cpu_time().saturating_sub(start))
}

fn openvm_time(subject: &Subject, run: Interpret<'_>, expected: &Run) -> Result<Duration> {
    let name = &subject.guest.name;
    let start = cpu_time();
    let result = run(&subject.setting.input.hints).with_context(|| name.clone())?;
    let taken = cpu_time().saturating_sub(start);
    // OpenVM pads the public values.
    if !result.public_values.starts_with(&expected.public_values) {
        bail!("{name}: OpenVM and autoprec come to different public values");
    }
    Ok(taken)
}

/// The most memory that this process has had so far, where Linux tells.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}
