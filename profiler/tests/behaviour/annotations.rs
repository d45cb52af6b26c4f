//! Functions, instruction by instruction, with and without debug information.

use std::ops::Range;
use std::path::Path;

use autoprec_executor::{Environment, Input, Limits, run};
use autoprec_guest_elf::{Patches, Program};
use autoprec_isa::Xlen;
use autoprec_profiler::annotate::{self, FindError};
use autoprec_profiler::cost::Model;
use autoprec_profiler::{DebugInfo, Sources};
use object::{Object as _, ObjectSection as _};

use crate::common::{BASE, execute, program};

fn one(range: Range<u64>) -> Vec<Range<u64>> {
    std::iter::once(range).collect()
}

const CODE: &str = "
_start:
    jal ra, @work_hard
    addi a7, zero, 93
    ecall
work_hard:
    addi a0, zero, 3
.loop:
    addi a0, a0, -1
    bne a0, zero, @.loop
    jalr zero, 0(ra)
work_less:
    jalr zero, 0(ra)
";

#[test]
fn a_function_is_found_by_name_part_and_address() {
    let (program, at) = program(Xlen::Rv32, CODE);
    let profile = execute(&program, Environment::Bare).unwrap().profile;
    let whole = one(at["work_hard"]..at["work_less"]);
    for name in ["work_hard", "hard", &format!("{:#x}", at["work_hard"])] {
        assert_eq!(annotate::find(&program, &profile, name), Ok(whole.clone()), "{name}");
    }
    let refused = |name| annotate::find(&program, &profile, name).unwrap_err();
    assert!(
        matches!(refused("work"), FindError::Ambiguous { candidates, .. } if candidates.len() == 2)
    );
    assert!(matches!(refused("play"), FindError::Unknown { .. }));
    assert_eq!(refused("0x10"), FindError::Nothing { addr: 0x10 });

    let cells = Model::built_in().remove(1);
    let lines =
        annotate::lines((&program, &profile), &whole, &cells, &Sources::load(b"not an ELF"));
    let shown: Vec<_> = lines.iter().map(|l| (l.count, l.cost, l.asm.as_str())).collect();
    assert_eq!(shown[..2], [(1, 36, "addi a0, zero, 3"), (3, 108, "addi a0, a0, -1")]);
    assert_eq!((shown.len(), shown[3].1), (4, 28));
    let text = annotate::text(&lines, "cells", &|_, _| None);
    assert!(
        text.contains("              3              108   43.2%  0x200810: addi a0, a0, -1\n"),
        "{text}"
    );
    assert!(!text.contains(';'), "{text}");
}

#[test]
fn without_symbols_a_function_is_what_its_calls_executed() {
    let (named, at) = program(Xlen::Rv32, CODE);
    let program = named.with_symbols(Vec::new());
    let profile = execute(&program, Environment::Bare).unwrap().profile;
    let found = annotate::find(&program, &profile, &format!("{:#x}", at["work_hard"])).unwrap();
    assert_eq!(found, one(at["work_hard"]..at["work_less"]));
    assert_eq!(annotate::find(&program, &profile, "0x200800").unwrap(), one(BASE..BASE + 12));
}

#[test]
fn debug_information_gives_lines_and_inline_chains() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let elf = std::fs::read(folder.join("elf/keccak.elf")).unwrap();
    let hint = std::fs::read(folder.join("inputs/keccak.bin")).unwrap();
    let program = Program::load(&elf).unwrap();
    let input = Input { hints: vec![hint], ..Input::default() };
    let run =
        run(&program, &Patches::none(), Environment::OpenVm, &input, &Limits::none()).unwrap();
    let code = annotate::find(&program, &run.profile, "keccakf::keccakf").unwrap();
    let plain = Model::built_in().remove(0);
    let sources = Sources::load(&elf);
    let lines = annotate::lines((&program, &run.profile), &code, &plain, &sources);
    let sum: u64 = lines.iter().map(|line| line.cost).sum();
    assert_eq!(sum, 986_700);
    let known = lines.iter().filter(|line| !line.places.is_empty()).count();
    assert!(known * 10 > lines.len() * 9, "{known} of {}", lines.len());
    assert!(lines.iter().any(|line| line.places.len() > 1), "something is inlined");

    // Damage costs places, not the answer.
    let mut damaged = elf;
    for byte in damaged.iter_mut().skip(program.segments[0].data.len()).step_by(13) {
        *byte ^= 0x5a;
    }
    let sources = Sources::load(&damaged);
    for line in &lines {
        let _places = sources.at(line.pc);
    }
}

#[test]
fn compressed_debug_information_is_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/elf/revm-token.elf");
    let mut elf = std::fs::read(path).unwrap();
    let program = Program::load(&elf).unwrap();
    let sources = Sources::load(&elf);
    assert_eq!(sources.found(), &DebugInfo::Present);
    let hash = program.symbols.iter().find(|s| s.name.contains("keccak_p")).unwrap();
    let places = sources.at(hash.addr);
    let outermost = places.last().and_then(|place| place.function.as_deref()).unwrap();
    assert!(outermost.contains("keccak_p"), "{outermost}");

    let file = object::File::parse(&*elf).unwrap();
    let (start, _) = file.section_by_name(".debug_info").unwrap().file_range().unwrap();
    let middle = usize::try_from(start).unwrap() + 0x1000;
    elf[middle..middle + 64].fill(0xff);
    let sources = Sources::load(&elf);
    assert!(matches!(sources.found(), DebugInfo::Damaged { .. }), "{:?}", sources.found());
    assert_eq!(sources.at(hash.addr), []);
}
