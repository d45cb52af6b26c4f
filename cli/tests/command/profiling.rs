//! `profile`: what it lists and writes, what it says of guests without names, and runs that are stopped.

use serde_json::Value;

use crate::elf;
use crate::support::Desk;

const KECCAK: &str = "profile keccak.elf --input keccak.bin";

/// The sum of a column of numbers in a table, without its last line, and that line's number.
fn column(table: &str, index: usize) -> (u64, u64) {
    let number = |line: &str| line.split_whitespace().nth(index)?.parse::<u64>().ok();
    let mut numbers: Vec<u64> = table.lines().filter_map(number).collect();
    let total = numbers.pop().unwrap();
    (numbers.iter().sum(), total)
}

#[test]
fn tables_by_function_inlined_function_and_line_add_up() {
    let desk = Desk::new();
    for by in ["function", "inlined", "line"] {
        let printed = desk.succeeds(&format!("{KECCAK} --by {by} --top 7")).stdout;
        let (table, calls) = printed.split_once("\n\n").unwrap();
        assert!(calls.contains("              8  reveal\n"), "{calls}");
        assert_eq!(column(table, 1), (1_041_048, 1_041_048), "{table}");
        assert!(table.lines().last().unwrap().ends_with("(all)"), "{table}");
    }
    let inlined = desk.succeeds(&format!("{KECCAK} --by inlined")).stdout;
    assert!(inlined.contains("(inlined)\n"), "{inlined}");
    let lines = desk.succeeds(&format!("{KECCAK} --by line")).stdout;
    assert!(lines.contains(".rs:") && lines.contains(" in tiny_keccak::"), "{lines}");
    // Without debug information there are functions, whatever is asked for.
    let without = desk.succeeds(&format!("{KECCAK} --by inlined --no-inlines")).stdout;
    assert!(!without.contains("(inlined)"), "{without}");
}

#[test]
fn blocks_are_listed_with_their_instructions() {
    let desk = Desk::new();
    let blocks = desk.succeeds(&format!("{KECCAK} --by block --top 2 --cost openvm-2.0.2")).stdout;
    let heads: Vec<&str> = blocks.lines().filter(|line| line.contains(" of all cells: ")).collect();
    assert_eq!(heads.len(), 2, "{blocks}");
    assert!(heads[0].ends_with("in tiny_keccak::keccakf::keccakf"), "{heads:?}");
    for part in ["executions", ": xor ", "; in ", "tiny-keccak-2.0.2/src/"] {
        assert!(blocks.contains(part), "{part}: {blocks}");
    }
}

#[test]
fn folders_have_the_cost_that_was_asked_for() {
    let desk = Desk::new();
    desk.succeeds(&format!("{KECCAK} --out cells --cost openvm-2.0.2"));
    let text = |name: &str| String::from_utf8(desk.read(&format!("cells/{name}"))).unwrap();
    let (sum, total) = column(&text("functions.txt"), 1);
    assert!(sum == total && total > 10_000_000, "{total}");
    let folded = text("stacks.folded");
    let costs = folded.lines().map(|line| line.rsplit_once(' ').unwrap().1);
    assert_eq!(costs.map(|cost| cost.parse::<u64>().unwrap()).sum::<u64>(), total);
    for table in ["inlined.txt", "lines.txt"] {
        assert_eq!(column(&text(table), 1).1, total);
    }
    assert!(text("flamegraph.svg").contains(" cells, "));
    assert!(!text("functions.txt").contains("partial") && !folded.contains("partial"));
}

#[test]
fn guests_without_names_are_told_how_to_get_them() {
    let desk = Desk::new();
    let root = crate::support::examples().join("..");
    std::fs::copy(root.join("executor/tests/oracle/sort-rv32im.elf"), desk.path("symbols.elf"))
        .unwrap();
    std::fs::copy(root.join("profiler/tests/inlined/guest.elf"), desk.path("whole.elf")).unwrap();
    desk.write("nothing.elf", elf::guest(&["addi a0, zero, 0", "addi a7, zero, 93", "ecall"]));
    let notes = |guest: &str, options: &str| -> Vec<String> {
        let ran = desk.succeeds(&format!("profile {guest} --env bare {options}"));
        let about = |line: &&str| line.starts_with(guest);
        ran.stderr.lines().filter(about).map(str::to_owned).collect()
    };
    assert!(notes("whole.elf", "").is_empty());
    let [symbols] = &notes("symbols.elf", "")[..] else { panic!("one note") };
    assert!(symbols.contains("no debug information") && symbols.contains("`debug = 1`"));
    let [nothing] = &notes("nothing.elf", "--format pprof -o nothing.pb.gz")[..] else {
        panic!("one note")
    };
    assert!(nothing.contains("no symbols") && nothing.contains("`debug = 1`"), "{nothing}");
    assert!(notes("nothing.elf", "--no-inlines").is_empty());
    assert!(notes("nothing.elf", "--json").is_empty());

    // Damage costs lines, not the profile.
    let mut damaged = desk.read("whole.elf");
    let file = object::File::parse(&damaged[..]).unwrap();
    let section = object::Object::section_by_name(&file, ".debug_abbrev").unwrap();
    let (start, len) = object::ObjectSection::file_range(&section).unwrap();
    let [start, len] = [start, len].map(|n| usize::try_from(n).unwrap());
    damaged[start..start + len].fill(0xff);
    desk.write("damaged.elf", &damaged);
    let [note] = &notes("damaged.elf", "")[..] else { panic!("one note") };
    assert!(note.contains("cannot be read to its end"), "{note}");
}

/// Exits with the number of its arguments, its name included.
#[test]
fn guests_for_linux_have_arguments() {
    let desk = Desk::new();
    desk.write("count.elf", elf::guest(&["lw a0, 0(sp)", "addi a7, zero, 94", "ecall"]));
    for (words, count) in [("", 1), ("--arg one", 2), ("--arg one --arg -v --variable A=B", 3)] {
        let ran = desk.run(&format!("run count.elf --json {words}"));
        assert_eq!(ran.json()["exit_code"], count, "{words}");
    }
    desk.refuses("run count.elf --variable B", &["count.elf", "NAME=VALUE"]);
}

/// Counts for ever.
fn endless() -> Vec<u8> {
    elf::guest(&["addi a0, a0, 1", "jal zero, -4"])
}

/// Everything that a stopped run left says that it is partial.
#[track_caller]
fn assert_partial(desk: &Desk, folder: &str) {
    let text = |name: &str| String::from_utf8(desk.read(&format!("{folder}/{name}"))).unwrap();
    let profile: Value = serde_json::from_str(&text("profile.json")).unwrap();
    assert_eq!(profile["partial"], true);
    assert!(profile["instructions"].as_u64().unwrap() > 0);
    assert!(text("functions.txt").starts_with("partial: the run was stopped after "));
    assert!(text("stacks.folded").starts_with("# partial: the run was stopped after "));
    assert!(text("flamegraph.svg").contains("(partial)"));
    desk.succeeds(&format!("merge {folder}/profile.json {folder}/profile.json -o {folder}.json"));
}

#[test]
fn a_guest_that_never_ends_is_profiled_up_to_a_limit() {
    let desk = Desk::new();
    desk.write("endless.elf", endless());
    let limited = "profile endless.elf --env bare --max-instructions 5000";
    let ran = desk.run(&format!("{limited} --out out"));
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stdout.starts_with("partial: the run was stopped after 5 000 "), "{}", ran.stdout);
    let error = ran.stderr.lines().last().unwrap();
    for part in ["error: out is partial", "endless.elf", "5000", "raise the limit"] {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert_partial(&desk, "out");
    for format in ["json", "folded", "speedscope", "firefox", "pprof", "flamegraph", "icicle"] {
        let ran = desk.run(&format!("{limited} --format {format} -o {format}"));
        assert_eq!(ran.code, Some(1), "{format}: {}", ran.stderr);
        assert!(!desk.read(format).is_empty(), "{format}");
    }
    let firefox: Value = serde_json::from_slice(&desk.read("firefox")).unwrap();
    assert_eq!(firefox["meta"]["product"], "endless.elf (partial)");
}

/// A field of a process in Linux's `/proc`.
#[cfg(target_os = "linux")]
fn status(id: u32, file: &str) -> String {
    std::fs::read_to_string(format!("/proc/{id}/{file}")).unwrap()
}

/// Waits until a process handles Ctrl-C and has computed for a while since then.
#[cfg(target_os = "linux")]
fn wait_until_it_runs(id: u32) {
    const SIGINT: u64 = 1 << 1;
    let handles = || {
        let status = status(id, "status");
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(caught.trim(), 16).unwrap() & SIGINT != 0
    };
    // User time, in ticks.
    let used = || -> u64 {
        let stat = status(id, "stat");
        let fields = stat.rsplit_once(") ").unwrap().1;
        fields.split(' ').nth(11).unwrap().parse().unwrap()
    };
    while !handles() {
        std::thread::yield_now();
    }
    let start = used();
    while used() < start + 5 {
        std::thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_profile_is_kept() {
    use std::process::{Command, Stdio};

    let desk = Desk::new();
    desk.write("endless.elf", endless());
    for (line, folder) in [
        ("profile endless.elf --env bare --out out --json", Some("out")),
        ("run endless.elf --env bare", None),
    ] {
        let mut command = desk.command();
        command.args(line.split(' ')).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        wait_until_it_runs(child.id());
        let kill = format!("kill -INT {}", child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130), "{line}: {error}");
        assert!(error.lines().last().unwrap().contains("stopped as requested"), "{error}");
        if let Some(folder) = folder {
            let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(printed["partial"], true);
            assert_partial(&desk, folder);
        }
    }
}
