//! One file, one case: a guest in, and out of it the manifest, the changed words and the refusals.
//!
//! `BLESS=1 cargo test --release -p autoprec-linker` rewrites what is expected.

use std::fmt::Write as _;
use std::path::PathBuf;

use autoprec_executor::{Environment, Input, Limits};
use autoprec_guest_elf::{Program, Segment};
use autoprec_isa::{Xlen, decode};
use autoprec_linker::{Manifest, check_equivalence, insn_id};
use autoprec_testing::{expect_file, fixture, fixtures, input};

use crate::fixture::{Fixture, system_digest, verify_link};

/// The words of the text that linking has changed.
fn changes(before: &Program, after: &Program) -> String {
    let mut out = String::new();
    for (before, after) in before.segments.iter().zip(&after.segments) {
        let (old, new) = (before.data.chunks(2), after.data.chunks(2));
        let mut skip = 0;
        for (index, (old, new)) in old.zip(new).enumerate() {
            let addr = before.addr + 2 * index as u64;
            if addr < skip || old == new {
                continue;
            }
            let Some(word) = after_word(after, addr) else { continue };
            // Calls consist of instructions that both widths share.
            let decoded = decode(Xlen::Rv32, word);
            let (text, len) = match (decoded, insn_id(word)) {
                (_, Some(id)) => (format!("call {id}"), 4),
                (Some(decoded), _) => (decoded.inst.asm().to_string(), decoded.len),
                _ => (format!(".word {word:#010x}"), 4),
            };
            let _ = writeln!(out, "{addr:#x}: {text}");
            skip = addr + u64::from(len);
        }
    }
    out
}

fn after_word(segment: &Segment, addr: u64) -> Option<u32> {
    let at = usize::try_from(addr - segment.addr).ok()?;
    let low = segment.data.get(at..at + 2)?;
    let high = segment.data.get(at + 2..at + 4).unwrap_or(&[0, 0]);
    Some(u32::from_le_bytes([low[0], low[1], high[0], high[1]]))
}

fn outcome(fixture: &Fixture) -> String {
    let linked = match fixture.link() {
        Ok(linked) => linked,
        Err(error) => return format!(";; error\n; {error}\n"),
    };
    let before = Program::load(&fixture.elf).expect("the fixture loads");
    let after = Program::load(&linked.elf).expect("what is linked loads");
    assert_eq!(Manifest::read(&linked.elf), Ok(Some(linked.manifest.clone())));
    let report =
        verify_link(&fixture.elf, &linked.elf, &|region, id| Ok(system_digest(region, id)));
    assert_eq!(report.map(|report| report.manifest), Ok(linked.manifest.clone()));
    let mut refused = String::new();
    for (_, refusal) in &linked.refused {
        let _ = writeln!(refused, "{refusal}");
    }
    let mut out = String::new();
    let manifest = linked.manifest.to_string();
    let calls = manifest.lines().filter(|l| !l.starts_with("autoprec"));
    let calls = calls.filter(|l| !l.starts_with("original") && !l.starts_with("digest"));
    let manifest = calls.collect::<Vec<_>>().join("\n");
    let stages =
        [("manifest", manifest), ("changes", changes(&before, &after)), ("refused", refused)];
    for (name, text) in stages.into_iter().filter(|(_, text)| !text.is_empty()) {
        let _ = writeln!(out, ";; {name}");
        for line in text.lines() {
            let _ = writeln!(out, "; {line}");
        }
    }
    out
}

fn cases() -> Vec<(PathBuf, String)> {
    fixtures(&fixture!(""))
}

#[test]
fn fixtures_give_what_they_say() {
    for (path, text) in cases() {
        let input = input(&text);
        expect_file(&path, &(input.to_owned() + &outcome(&Fixture::parse(input))));
    }
}

#[test]
fn fixtures_that_run_do_the_same_when_patched() {
    let mut ran = 0;
    for (path, text) in cases().into_iter().filter(|(_, text)| text.contains("; runs")) {
        let fixture = Fixture::parse(&text);
        let linked = fixture.link().unwrap();
        let same = check_equivalence(
            &fixture.elf,
            &linked.elf,
            Environment::Bare,
            &Input::default(),
            &Limits::instructions(100_000),
        );
        let same = same.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(same.calls.iter().all(|(_, count)| *count > 0), "{}: {same:?}", path.display());
        assert!(same.vm_instructions < same.instructions, "{}: {same:?}", path.display());
        ran += 1;
    }
    assert!(ran >= 3);
}
