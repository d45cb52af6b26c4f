//! Bad input: one clear line, exit code 1, and no file comes or goes.

use crate::elf::{RISC_V, X86_64, elf, guest};
use crate::support::Desk;

/// Every command that reads a guest, with `{}` for it.
const READERS: [&str; 6] = [
    "profile {} --input keccak.bin --out out",
    "blocks {}",
    "build {} --input keccak.bin --out out",
    "run {} --input keccak.bin",
    "prove {} --input keccak.bin --proof out.proof --public-values out.public",
    "verify --proof keccak.bin --elf {} --original {} --public-values keccak.bin",
];

#[track_caller]
fn refused_by_all(desk: &Desk, name: &str, words: &[&str]) {
    let words: Vec<&str> = std::iter::once(name).chain(words.iter().copied()).collect();
    for reader in READERS {
        desk.refuses(&reader.replace("{}", name), &words);
    }
}

#[test]
fn files_that_are_no_guests() {
    let desk = Desk::new();
    refused_by_all(&desk, "missing.elf", &["cannot read"]);
    refused_by_all(&desk, "keccak.bin", &["not an ELF"]);
    desk.write("empty.elf", b"");
    refused_by_all(&desk, "empty.elf", &["not an ELF"]);
    desk.write("foreign.elf", elf(X86_64, &[0x9090_9090]));
    refused_by_all(&desk, "foreign.elf", &["RISC-V", "build the guest"]);
    std::fs::create_dir(desk.path("folder.elf")).unwrap();
    refused_by_all(&desk, "folder.elf", &["cannot read"]);
}

#[test]
fn truncated_guests() {
    let desk = Desk::new();
    let whole = desk.read("keccak.elf");
    let lengths = [1, 4, 10, 40, 52, 100, 1_000, 12_000, 20_000, 60_000, whole.len() - 1];
    for length in lengths {
        let name = format!("cut-{length}.elf");
        desk.write(&name, &whole[..length]);
        refused_by_all(&desk, &name, &[]);
    }
    for length in (53..20_000).step_by(1_777) {
        desk.write("cut.elf", &whole[..length]);
        desk.refuses("run cut.elf --input keccak.bin", &["cut.elf", "truncated"]);
    }
}

#[test]
fn inputs_that_are_missing_or_do_not_fit() {
    let desk = Desk::new();
    for command in ["profile keccak.elf", "run keccak.elf", "build keccak.elf --out out"] {
        desk.refuses(&format!("{command} --input missing.bin"), &["cannot read missing.bin"]);
        desk.refuses(command, &["keccak.elf", "input"]);
        desk.refuses(
            &format!("{command} --input keccak.bin --stdin keccak.bin"),
            &["keccak.elf", "--input"],
        );
        // A profile is kept up to there.
        if !command.starts_with("profile") {
            desk.refuses(
                &format!("{command} --input keccak.bin --max-instructions 1000"),
                &["keccak.elf", "1000", "limit"],
            );
        }
    }
    desk.refuses("prove keccak.elf --proof p --input missing.bin", &["cannot read missing.bin"]);
    desk.refuses("prove keccak.elf --proof p", &["keccak.elf", "input"]);
    desk.refuses("run keccak.elf --env linux --input keccak.bin", &["keccak.elf", "--stdin"]);
    for words in ["--arg -v", "--variable A=B"] {
        let command = format!("run keccak.elf --input keccak.bin {words}");
        desk.refuses(&command, &["keccak.elf", "guests for Linux", "openvm"]);
    }
}

#[test]
fn guests_that_do_what_they_must_not() {
    let desk = Desk::new();
    desk.write("unknown-call.elf", guest(&["addi a7, zero, 999", "ecall"]));
    desk.write("illegal.elf", elf(RISC_V, &[0x0000_0013, 0xffff_ffff]));
    desk.write("zeros.elf", elf(RISC_V, &[0x0000_0013, 0, 0]));
    desk.write("wild.elf", guest(&["lw a0, -4(zero)"]));
    for env in ["linux", "bare"] {
        for command in ["run", "profile --out out", "build --out out"] {
            let refused = |guest: &str, words: &[&str]| {
                desk.refuses(&format!("{command} {guest} --env {env}"), words);
            };
            refused("unknown-call.elf", &["unknown-call.elf", "999", "0x10058"]);
            refused("illegal.elf", &["illegal.elf", "0xffffffff", "0x10058"]);
            refused("zeros.elf", &["zeros.elf", "0x10058"]);
            refused("wild.elf", &["wild.elf", "0x10054"]);
        }
    }
    for command in ["run unknown-call.elf --env openvm", "prove illegal.elf --env openvm --proof p"]
    {
        desk.refuses(command, &["0x10058"]);
    }
}

#[test]
fn guests_that_end_badly() {
    let desk = Desk::new();
    desk.write("three.elf", guest(&["addi a0, zero, 3", "addi a7, zero, 93", "ecall"]));
    desk.refuses("build three.elf --out out", &["three.elf", "exit code 3"]);
    let ran = desk.run("run three.elf --json");
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.json()["exit_code"], 3);
    assert_eq!(ran.stderr, "error: three.elf ended with exit code 3\n");
    // What it did is counted all the same.
    let profiled = desk.succeeds("profile three.elf");
    assert!(profiled.stderr.contains("warning: three.elf ended with exit code 3\n"));

    // No hash at all is more than the example is ready for.
    desk.write("zero.bin", [0; 4]);
    for command in ["build keccak.elf --out out", "prove keccak.elf --proof out.proof"] {
        desk.refuses(
            &format!("{command} --input zero.bin"),
            &["keccak.elf", "exit code 1", "the count must be at least 1"],
        );
    }
    let ran = desk.run("run keccak.elf --input zero.bin");
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("the count must be at least 1"), "{}", ran.stdout);
}

#[test]
fn options_out_of_range() {
    let desk = Desk::new();
    for number in ["0", "78", "100000"] {
        desk.refuses(
            &format!("build keccak.elf --input keccak.bin --out out --max-precompiles {number}"),
            &["--max-precompiles", number],
        );
        desk.refuses(&format!("demo --max-precompiles {number}"), &["--max-precompiles", number]);
    }
    desk.write("patched.toml", "[app_vm_config.rv32i]\n[app_vm_config.rv32m]\n[app_vm_config.io]\n[app_vm_config.keccak]\n");
    // Extensions take tables from the precompiles.
    desk.refuses(
        "build keccak.elf --input keccak.bin --config patched.toml --out out --max-precompiles 77",
        &["--max-precompiles", "77"],
    );
}

#[test]
fn usage_errors() {
    let desk = Desk::new();
    let before = desk.files("");
    for line in [
        "build keccak.elf",
        "build --out out",
        "build keccak.elf --out out --max-precompiles many",
        "build keccak.elf --out out --max-precompiles -1",
        "build keccak.elf --out out --reg s0",
        "build keccak.elf --out out --target other",
        "build keccak.elf --out out --profile p.json --input keccak.bin",
        "run keccak.elf --env windows",
        "run keccak.elf --threads 0",
        "show out ten",
        "prove keccak.elf",
        "prove keccak.elf --check --proof p",
        "verify --proof p --elf keccak.elf --public-values v",
        "fly",
    ] {
        let ran = desk.run(line);
        assert_eq!(ran.code, Some(2), "autoprec {line}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "autoprec {line}");
        assert!(ran.stderr.starts_with("error: "), "autoprec {line}: {}", ran.stderr);
    }
    assert!(before == desk.files(""));
}

#[test]
fn files_that_do_not_belong_together() {
    let desk = Desk::new();
    desk.succeeds("profile keccak.elf --input keccak.bin --out profile");
    desk.refuses(
        "build self-read.elf --profile profile/profile.json --out out",
        &["profile/profile.json", "self-read.elf", "another ELF"],
    );
    desk.refuses(
        "blocks self-read.elf --profile profile/profile.json",
        &["profile/profile.json", "self-read.elf", "another ELF"],
    );
    let profile = desk.read("profile/profile.json");
    desk.write("cut.json", &profile[..profile.len() / 2]);
    desk.refuses("build keccak.elf --profile cut.json --out out", &["cut.json", "not a profile"]);
    desk.refuses("blocks keccak.elf --profile keccak.bin", &["keccak.bin", "not a profile"]);
    desk.refuses("blocks keccak.elf --profile keccak.elf", &["keccak.elf", "not UTF-8"]);

    desk.succeeds("build keccak.elf --input keccak.bin --out built --max-precompiles 2");
    desk.refuses(
        "build built/guest.elf --input keccak.bin --out again",
        &["built/guest.elf", "patched already", "original"],
    );
}

#[test]
fn damaged_locks_and_configurations() {
    let desk = Desk::new();
    desk.succeeds("build keccak.elf --input keccak.bin --out built --lock good.lock");
    let good = String::from_utf8(desk.read("good.lock")).unwrap();
    let bad = [
        "junk".to_owned(),
        good.replace("version = 2", "version = 99"),
        good.replace("id = 10001", "id = 10000"),
        good.replace("id = 10001", "id = 17"),
        good.replace("id = 10001", "id = -1"),
        good.replace("shape = \"", "shape = \"zz"),
        good[..good.len() - 40].to_owned(),
    ];
    for (case, text) in bad.iter().enumerate() {
        assert_ne!(*text, good, "case {case} changes nothing");
        desk.write("bad.lock", text);
        desk.refuses(
            "build keccak.elf --input keccak.bin --out out --lock bad.lock",
            &["bad.lock", "lock"],
        );
    }
    for text in ["junk", "[app_vm_config.warp]", "[app_vm_config.rv32i]\nspeed = 9"] {
        desk.write("bad.toml", text);
        for command in ["build keccak.elf --out out", "prove keccak.elf --proof out.proof"] {
            desk.refuses(
                &format!("{command} --input keccak.bin --config bad.toml"),
                &["bad.toml", "openvm.toml"],
            );
        }
    }
    desk.refuses(
        "build keccak.elf --input keccak.bin --out out --config missing.toml",
        &["cannot read missing.toml"],
    );
}

#[test]
fn places_that_cannot_be_written() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("full")).unwrap();
    desk.write("full/mine.txt", "keep me");
    let build = "build keccak.elf --input keccak.bin";
    desk.refuses(&format!("{build} --out keccak.bin"), &["keccak.bin is a file"]);
    desk.refuses(
        &format!("{build} --out keccak.bin/out"),
        &["keccak.bin/out", "keccak.bin is not a folder"],
    );
    desk.refuses(&format!("{build} --out keccak.bin/a/b"), &["keccak.bin is not a folder"]);
    desk.refuses(&format!("{build} --out full"), &["full", "empty or new folder"]);
    desk.refuses(
        &format!("{build} --out a/b/out --lock keccak.bin/lock"),
        &["keccak.bin/lock", "keccak.bin"],
    );
    desk.refuses(&format!("{build} --out a/b/out --lock none/lock"), &["none/lock", "none is not"]);
    desk.refuses(&format!("{build} --out a/b/out --lock full"), &["full"]);
    desk.refuses(&format!("{build} --out out --lock out/a/lock"), &["out/a/lock", "outside"]);
    desk.refuses("profile keccak.elf --input keccak.bin --out full", &["full", "empty or new"]);

    // Before anything is proved.
    let prove = "prove keccak.elf --input keccak.bin";
    desk.refuses(&format!("{prove} --proof keccak.bin/p"), &["keccak.bin/p", "not a folder"]);
    desk.refuses(&format!("{prove} --proof full"), &["full", "name a file"]);
    desk.refuses(&format!("{prove} --proof p --public-values none/v"), &["none/v", "not a folder"]);
}

#[test]
fn guests_that_openvm_does_not_prove() {
    let desk = Desk::new();
    desk.write("linux.elf", guest(&["addi a0, zero, 0", "addi a7, zero, 94", "ecall"]));
    desk.write("bare.elf", guest(&["addi a0, zero, 0", "addi a7, zero, 93", "ecall"]));
    for environment in ["linux", "bare"] {
        desk.succeeds(&format!("run {environment}.elf"));
        desk.refuses(
            &format!("prove {environment}.elf --proof out.proof"),
            &[&format!("{environment}.elf"), "`openvm`", environment, "`plonky3`"],
        );
        desk.refuses(
            &format!("build {environment}.elf --target openvm --out out"),
            &[&format!("{environment}.elf"), "`openvm`", environment, "`plonky3`"],
        );
    }
    desk.write("junk.proof", "junk");
    desk.refuses(
        "verify --proof junk.proof --elf keccak.elf --original keccak.elf --public-values keccak.bin",
        &["junk.proof", "not a proof"],
    );
}
