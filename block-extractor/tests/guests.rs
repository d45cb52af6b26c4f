//! The example guests: counts add up, and everything executed is offered as a region.

use std::path::PathBuf;

use autoprec_blocks::{Cfg, Region};
use autoprec_executor::{Environment, Input, Limits, Run, run};
use autoprec_guest_elf::{Patches, Program};

fn example(path: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples").join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A run of an example, which is named like its ELF.
fn go(name: &str) -> (Program, Run) {
    let program = Program::load(&example(&format!("elf/{name}.elf"))).expect("the guest loads");
    // The same input, as hints of OpenVM and as the standard input of Linux.
    let data = example(&format!("inputs/{}.bin", name.trim_end_matches("-rv64")));
    let input = Input { hints: vec![data.clone()], stdin: data, ..Input::default() };
    let (environment, limits) = (Environment::detect(&program), Limits::instructions(200_000_000));
    let run =
        run(&program, &Patches::none(), environment, &input, &limits).expect("the guest runs");
    (program, run)
}

#[test]
fn counts_of_blocks_add_up_to_the_executed_instructions() {
    let names = [
        "keccak",
        "sha256",
        "self-read",
        "sort-vm",
        "ecrecover",
        "revm-token",
        "keccak-rv64",
        "sha256-rv64",
        "sort-vm-rv64",
    ];
    for name in names {
        let (program, run) = go(name);
        let cfg = Cfg::build(&program, Some(&run.profile));
        let sum = |count: u64, len: usize| count * len as u64;
        let blocks: u64 = cfg.blocks.iter().map(|block| sum(block.count, block.len())).sum();
        assert_eq!(blocks, run.instructions, "{name}");
        let held: u64 = cfg.regions().iter().map(|r| sum(r.count, r.insts.len())).sum();
        assert!(held * 100 >= blocks * 99, "{name}: regions hold {held} of {blocks}");
        for region in cfg.regions() {
            assert_eq!(Region::parse(&region.to_string()).as_ref(), Ok(&region));
        }
        assert_eq!(cfg.to_dot(), Cfg::build(&program, Some(&run.profile)).to_dot());
    }
}

#[test]
fn a_profile_changes_counts_but_no_block_of_known_code() {
    let (program, run) = go("sort-vm");
    // The byte code's dispatch jumps through a table, which is found without a profile.
    let starts = |cfg: &Cfg| cfg.blocks.iter().map(|block| block.start).collect::<Vec<_>>();
    let (with, without) = (Cfg::build(&program, Some(&run.profile)), Cfg::build(&program, None));
    assert_eq!(starts(&with), starts(&without));
    assert_eq!(with.entries(), without.entries());
}
