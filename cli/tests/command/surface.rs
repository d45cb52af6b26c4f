//! Help, colours, tables and pictures.

use std::collections::BTreeSet;

use crate::support::{Desk, EXAMPLES};

const COMMANDS: [&str; 14] = [
    "profile",
    "annotate",
    "diff",
    "merge",
    "blocks",
    "build",
    "show",
    "report",
    "run",
    "serve",
    "verify-link",
    "prove",
    "verify",
    "demo",
];

/// The command lines in the examples of a help text.
fn examples_of(help: &str) -> Vec<String> {
    let (_, examples) = help.split_once("Example").expect("help has examples");
    let joined = examples.replace("\\\n", " ");
    let lines = joined.lines().filter_map(|line| line.strip_prefix("  autoprec "));
    lines.map(str::to_owned).collect()
}

#[test]
fn every_command_explains_itself() {
    let desk = Desk::new();
    let help = desk.succeeds("--help").stdout;
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
        let text = desk.succeeds(&format!("{command} --help")).stdout;
        let examples = examples_of(&text);
        assert!(!examples.is_empty(), "{command}: {text}");
        assert!(examples.iter().all(|line| line.starts_with(command)), "{command}: {examples:?}");
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{command}: {text}");
        assert_eq!(desk.succeeds(&format!("help {command}")).stdout, text);
    }
    let version = desk.succeeds("--version").stdout;
    assert_eq!(version, format!("autoprec {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(desk.run("").code, Some(2));
}

#[test]
fn the_examples_of_the_help_work() {
    let desk = Desk::new();
    std::fs::rename(desk.path("self-read.elf"), desk.path("guest.elf")).unwrap();
    std::fs::rename(desk.path("self-read.bin"), desk.path("input.bin")).unwrap();
    desk.write("openvm.toml", "[app_vm_config.rv32i]\n[app_vm_config.rv32m]\n[app_vm_config.io]\n");
    let mut run = 0;
    for command in ["profile", "build", "blocks", "show", "run", "verify-link"] {
        let help = desk.succeeds(&format!("{command} --help")).stdout;
        for line in examples_of(&help) {
            // The guest here is none for Linux, and there is no shell.
            if line.contains("linux") {
                continue;
            }
            desk.succeeds(line.split('|').next().unwrap());
            run += 1;
        }
    }
    assert!(run >= 10);
}

#[test]
fn colours_are_for_terminals() {
    let desk = Desk::new();
    let lines = [
        "build self-read.elf --input self-read.bin --out out",
        "verify-link self-read.elf out/guest.elf",
        "profile keccak.elf --input keccak.bin",
        "run missing.elf",
        "--help",
        "fly",
    ];
    for line in lines {
        for variables in
            [&[][..], &[("NO_COLOR", "1")], &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]]
        {
            let ran = desk.run_with(line, variables);
            assert!(
                !ran.stdout.contains('\x1b') && !ran.stderr.contains('\x1b'),
                "{line}: {ran:?}"
            );
        }
    }
    let forced = desk.run_with(lines[1], &[("CLICOLOR_FORCE", "1")]);
    assert!(forced.stdout.contains('\x1b'), "{}", forced.stdout);
}

#[test]
fn progress_is_for_terminals() {
    let desk = Desk::new();
    let build = desk.succeeds("build keccak.elf --input keccak.bin --out out");
    assert_eq!(build.stderr, "");
    let profile = desk.succeeds("profile keccak.elf --input keccak.bin");
    assert_eq!(profile.stderr, "1 041 048 instructions, 0 misaligned accesses, exit code 0\n");
    let check = desk.succeeds("prove self-read.elf --input self-read.bin --check");
    assert_eq!(check.stderr, "");
    assert_eq!(check.stdout, "all constraints and buses of the run: hold\n");
    // Those who ask are told more.
    let verbose =
        desk.succeeds("build self-read.elf --input self-read.bin --out v --lock v.lock -v");
    assert_eq!(verbose.stdout.lines().last(), Some("written to v"));
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_nobody_takes() {
    use std::fs::File;
    use std::process::Stdio;

    let desk = Desk::new();
    for line in ["run self-read.elf --input self-read.bin --json", "blocks keccak.elf"] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = desk.command();
        let output = command.args(line.split(' ')).stdout(full).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{line}");
        assert!(error.starts_with("error: cannot write to standard output"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    // A reader that goes away has seen enough.
    let mut command = desk.command();
    let mut child = command
        .args(["blocks", "sha256.elf"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn blocks_are_drawn_the_same_every_time() {
    let desk = Desk::new();
    for (example, _) in EXAMPLES {
        desk.succeeds(&format!("profile {example}.elf --input {example}.bin --out {example}"));
        for options in ["", "--dot"] {
            let line = format!("blocks {example}.elf --profile {example}/profile.json {options}");
            let one = desk.succeeds(&format!("{line} --threads 1")).stdout;
            assert_eq!(one, desk.succeeds(&format!("{line} --threads 2")).stdout);
            let braces = |c: char| one.matches(c).count();
            if options == "--dot" {
                assert!(one.starts_with("digraph") && braces('{') == braces('}'), "{example}");
            } else {
                assert!(one.starts_with("block0 0x200800 count 1 in _start\n"), "{example}");
            }
        }
        desk.succeeds(&format!("blocks {example}.elf"));
    }
}

#[test]
fn profiles_add_up() {
    let desk = Desk::new();
    for (example, instructions) in EXAMPLES {
        let guest = format!("{example}.elf --input {example}.bin");
        let printed = desk.succeeds(&format!("profile {guest}")).stdout;
        let (table, _) = printed.split_once("\n\n").unwrap();
        let all: Vec<&str> = table.lines().last().unwrap().split_whitespace().collect();
        assert_eq!((all[0], all[1], all[3]), ("100.0%", &*instructions.to_string(), "(all)"));
        // The functions of people's code have their names.
        for unknown in ["(no symbol)", "__watched", "0x"] {
            assert!(!table.contains(unknown), "{example}:\n{table}");
        }
        let top = desk.succeeds(&format!("profile {guest} --top 1")).stdout;
        assert_eq!(top.lines().nth(1), table.lines().nth(1));
        let (top, _) = top.split_once("\n\n").unwrap();
        assert!(top.lines().count() < table.lines().count());

        desk.succeeds(&format!("profile {guest} --out {example}"));
        let files = desk.files(example);
        let names: BTreeSet<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            BTreeSet::from([
                ".autoprec-output",
                "flamegraph.svg",
                "functions.json",
                "functions.txt",
                "guest.elf",
                "inlined.txt",
                "lines.txt",
                "profile.json",
                "report.json",
                "stacks.folded"
            ])
        );
        let text = |name: &str| String::from_utf8(files[name].clone().unwrap()).unwrap();
        let json = desk.succeeds(&format!("profile {guest} --json"));
        assert_eq!(json.json()["instructions"], instructions);
        assert_eq!(json.stdout.trim_end(), text("profile.json").trim_end());
        let folded = text("stacks.folded");
        let counts = folded.lines().map(|line| line.rsplit(' ').next().unwrap());
        assert_eq!(counts.map(|n| n.parse::<u64>().unwrap()).sum::<u64>(), instructions);
        let graph = text("flamegraph.svg");
        assert!(graph.starts_with("<?xml") && graph.trim_end().ends_with("</svg>"));
        assert!(graph.contains("autoprec_guest_main"), "{example}");
        assert!(graph.contains(&format!(">{example}.elf<")), "{example}: the title");
    }
}

#[test]
fn guests_with_standard_input_are_profiled_too() {
    let desk = Desk::new();
    let read_then_exit = crate::elf::guest(&[
        "addi a0, zero, 0",
        "addi a1, sp, -16",
        "addi a2, zero, 4",
        "addi a7, zero, 63",
        "ecall",
        "addi a0, a0, -4",
        "addi a7, zero, 94",
        "ecall",
    ]);
    desk.write("reader.elf", read_then_exit);
    desk.write("data.txt", "four and more");
    desk.succeeds("profile reader.elf --stdin data.txt --json");
    let short = desk.run("run reader.elf");
    assert_eq!(short.code, Some(1), "{}", short.stderr);
}
