//! The example guests: profile, link the hottest regions, run, verify.

use std::collections::BTreeMap;
use std::path::PathBuf;

use autoprec_blocks::{Cfg, Region};
use autoprec_executor::{Environment, Input, Limits, run};
use autoprec_guest_elf::{Patches, PrecompileId, Program};
use autoprec_isa::Reg;
use autoprec_linker::{Form, Item, Linked, Manifest, check_equivalence, link};

use crate::fixture::{of_region, system_digest, verify_link};

const GUESTS: [&str; 4] = ["keccak", "sha256", "self-read", "sort-vm"];
const LIMITS: Limits = Limits::instructions(200_000_000);

struct Guest {
    elf: Vec<u8>,
    program: Program,
    cfg: Cfg,
    input: Input,
}

fn example(path: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples").join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn guest(name: &str) -> Guest {
    let elf = example(&format!("elf/{name}.elf"));
    let input = Input { hints: vec![example(&format!("inputs/{name}.bin"))], ..Input::default() };
    let program = Program::load(&elf).expect("the example loads");
    let run = run(&program, &Patches::none(), Environment::OpenVm, &input, &LIMITS);
    let run = run.expect("the example runs");
    let cfg = Cfg::build(&program, Some(&run.profile));
    let total = cfg.blocks.iter().map(|block| block.count * block.len() as u64).sum::<u64>();
    assert_eq!(total, run.profile.instructions, "{name}");
    assert_eq!(total, run.instructions, "{name}");
    Guest { elf, program, cfg, input }
}

/// The regions that most instructions are executed in.
fn hottest(guest: &Guest, form: Form, count: usize) -> Vec<Item> {
    let regions = guest.cfg.regions();
    let mut regions: Vec<Region> =
        regions.iter().filter_map(|region| form.region(region)).collect();
    regions.sort_by_key(|r| (std::cmp::Reverse(r.count * r.insts.len() as u64), r.entry()));
    let ids = (0..).map(PrecompileId::from_index);
    regions.into_iter().take(count).zip(ids).map(|(r, id)| of_region(r, id)).collect()
}

fn linked(guest: &Guest, form: Form, count: usize) -> Linked {
    let items = hottest(guest, form, count);
    link(&guest.elf, &guest.program, &guest.cfg, &items, form).expect("the example can be linked")
}

fn assert_sound(name: &str, guest: &Guest, linked: &Linked) {
    let report = verify_link(&guest.elf, &linked.elf, &|region, id| Ok(system_digest(region, id)));
    let report = report.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(report.manifest, linked.manifest);
    let same =
        check_equivalence(&guest.elf, &linked.elf, Environment::OpenVm, &guest.input, &LIMITS);
    let same = same.unwrap_or_else(|error| panic!("{name}: {error}"));
    let counts: BTreeMap<_, _> = same.calls.into_iter().collect();
    for call in &linked.manifest.calls {
        let block = guest.cfg.block_holding(call.entry).expect("regions lie in blocks");
        assert_eq!(counts[&call.id], guest.cfg.block(block).count, "{name} {}", call.id);
    }
    assert!(same.vm_instructions < same.instructions);
}

#[test]
fn guests_do_the_same_with_all_their_hot_blocks_called() {
    for name in GUESTS {
        let guest = guest(name);
        let linked = linked(&guest, Form::Insn, 60);
        // One word, at the start of a block: nothing can be in the way.
        assert_eq!(linked.refused, [], "{name}");
        assert_sound(name, &guest, &linked);
    }
}

#[test]
fn guests_do_the_same_with_calls_of_the_other_form() {
    // The hot code of keccak and sha256 uses every register.
    for (name, possible) in
        [("keccak", false), ("sha256", false), ("sort-vm", true), ("self-read", true)]
    {
        let guest = guest(name);
        let linked = linked(&guest, Form::Ecall { number: Reg::T0 }, 60);
        assert_eq!(!linked.manifest.calls.is_empty(), possible, "{name}: {:?}", linked.refused);
        if possible {
            assert_sound(name, &guest, &linked);
        }
    }
}

#[test]
fn debug_information_and_symbols_survive() {
    use object::{Object as _, ObjectSection as _, ObjectSymbol as _};
    let guest = guest("keccak");
    let linked = linked(&guest, Form::Insn, 3);
    let before = object::File::parse(&*guest.elf).unwrap();
    let after = object::File::parse(&*linked.elf).unwrap();
    for section in before.sections().filter(|s| s.name().unwrap().starts_with(".debug")) {
        let name = section.name().unwrap();
        let same = after.section_by_name(name).unwrap();
        assert_eq!(section.data().unwrap(), same.data().unwrap(), "{name}");
    }
    let symbols = |file: &object::File<'_>| {
        let named = file.symbols().map(|s| (s.name().unwrap_or_default().to_owned(), s.address()));
        named.collect::<Vec<_>>()
    };
    let mut expected = symbols(&before);
    expected.extend(linked.manifest.calls.iter().map(|call| (call.symbol(), call.entry)));
    assert_eq!(symbols(&after), expected);
}

#[test]
fn flipped_bytes_of_a_real_guest_are_found() {
    let guest = guest("keccak");
    let linked = linked(&guest, Form::Insn, 5);
    let verify = |bad: &[u8]| {
        verify_link(&guest.elf, bad, &|region, id| Ok(system_digest(region, id))).is_ok()
    };
    assert!(verify(&linked.elf));
    let text = linked.manifest.to_string();
    let note = linked.elf.windows(text.len()).position(|w| w == text.as_bytes()).unwrap();
    let sampled = (0..linked.elf.len()).step_by(linked.elf.len() / 200);
    let words = linked.manifest.calls.iter().flat_map(|call| {
        let text = 0x800 + usize::try_from(call.entry - 0x20_0800).unwrap();
        text..text + call.saved.len()
    });
    for at in words.chain(note..note + text.len()).chain(sampled) {
        let mut bad = linked.elf.clone();
        bad[at] ^= 0x10;
        assert!(!verify(&bad), "byte {at:#x} flipped passes");
    }
    assert!(Manifest::read(&guest.elf).unwrap().is_none());
}
