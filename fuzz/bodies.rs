//! What fuzzing does with bytes: nothing may panic, run for long or take much memory, and what was
//! read must be consistent. The fuzz targets call these, and so does an ordinary test, on the corpus.

use autoprec_executor::{Environment, Input, Limits, run};
use autoprec_guest_elf::{Patches, Program};
use autoprec_isa::{Inst, Xlen, decode as decode_word};
use autoprec_profile::Profile;
use autoprec_profiler::cost::Model;
use autoprec_profiler::{Sources, Subject, View, report};

/// Instructions that a guest is given.
const INSTRUCTIONS: u64 = 10_000;

/// Loads a file, looks at it, runs it in the environment it asks for and writes its profile.
pub(crate) fn load(bytes: &[u8]) {
    let program = match Program::load(bytes) {
        Ok(program) => program,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    for segments in program.segments.windows(2) {
        assert!(segments[0].end() <= segments[1].addr, "segments are sorted and do not overlap");
    }
    assert!(program.symbols.is_sorted_by_key(|symbol| symbol.addr));
    assert!(program.relocations.is_sorted());
    assert!(program.word_at(program.entry).is_some() || program.bytes(program.entry, 2).is_none());
    let sources = Sources::load(bytes);
    for symbol in program.symbols.iter().take(100) {
        assert!(program.function_at(symbol.addr).is_none_or(|found| found.addr <= symbol.addr));
        drop(sources.at(symbol.addr));
    }
    let limits = Limits::instructions(INSTRUCTIONS);
    let environment = Environment::detect(&program);
    let result = run(&program, &Patches::none(), environment, &Input::default(), &limits);
    let profile = match &result {
        Ok(run) => Some(&run.profile),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            error.partial()
        }
    };
    if let Some(profile) = profile {
        assert!(profile.instructions <= INSTRUCTIONS);
        let read = Profile::from_json(&profile.to_json()).expect("what was written can be read");
        assert_eq!(&read, profile);
        drop(report::functions(&program, profile));
    }
}

/// Decodes each word for both widths, and prints, parses and encodes what it is.
pub(crate) fn decode(bytes: &[u8]) {
    for word in bytes.as_chunks().0.iter().map(|&word| u32::from_le_bytes(word)) {
        for xlen in [Xlen::Rv32, Xlen::Rv64] {
            let Some(decoded) = decode_word(xlen, word) else { continue };
            let encoded = decoded.inst.encode(xlen).expect("a decoded instruction has a word");
            assert_eq!(decode_word(xlen, encoded).map(|d| d.inst), Some(decoded.inst));
            let text = decoded.inst.asm().to_string();
            assert_eq!(Inst::parse(xlen, &text), Ok(decoded.inst), "{text}");
        }
    }
    // The parser on what is no instruction, most likely.
    if let Ok(text) = std::str::from_utf8(bytes) {
        for line in text.lines() {
            if let Ok(inst) = Inst::parse(Xlen::Rv64, line) {
                assert_eq!(Inst::parse(Xlen::Rv64, &inst.asm().to_string()), Ok(inst), "{line}");
            }
        }
    }
}

/// Reads a text as a profile and as a cost model; what is a profile survives being written, and can be
/// shown with a program that it does not fit.
pub(crate) fn profile_json(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // addi zero, zero, 0; jal zero, -4
    let program =
        Program::from_code(Xlen::Rv32, 0x1_0000, &[0x13, 0, 0, 0, 0x6f, 0xf0, 0xdf, 0xff]);
    match Model::from_json(text) {
        Ok(model) => {
            let profile = looping(&program);
            let subject = Subject { program: &program, profile: &profile, sources: None };
            drop(model.view(subject, "fuzz").totals());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let profile = match Profile::from_json(text) {
        Ok(profile) => profile,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let again = Profile::from_json(&profile.to_json()).expect("what was written can be read");
    assert_eq!(again, profile);
    drop(report::functions(&program, &profile));
    drop(report::table(&program, &profile, 10));
    let subject = Subject { program: &program, profile: &profile, sources: None };
    drop(View::instructions(subject, "fuzz").totals());
    for model in Model::built_in() {
        drop(model.view(subject, "fuzz").totals());
    }
    drop(Profile::merge(&[profile.clone(), profile]));
}

/// A profile of the program, to have something to weigh.
fn looping(program: &Program) -> Profile {
    let limits = Limits::instructions(10);
    let result = run(program, &Patches::none(), Environment::Bare, &Input::default(), &limits);
    result.expect_err("it does not end").partial().expect("it ran").clone()
}
