//! Random loops with calls at random places: whatever is linked does the same and verifies.

use std::fmt::Write as _;

use autoprec_executor::{Environment, Input, Limits, run};
use autoprec_guest_elf::{Patches, Program};
use autoprec_linker::{Form, Manifest, check_equivalence};
use proptest::prelude::*;

use crate::fixture::{Fixture, system_digest, verify_link};

const BASE: u64 = 0x1_0000;

/// Code on a few registers, with short branches forward; `s0` counts the rounds of the loop.
fn body() -> impl Strategy<Value = Vec<String>> {
    let reg = || prop::sample::select(vec!["a0", "a1", "a2", "t0", "a7"]);
    let op = prop::sample::select(vec!["add", "sub", "xor", "and", "or", "sll", "sltu", "mul"]);
    let branch = prop::sample::select(vec!["beq", "bne", "blt", "bgeu"]);
    let inst = prop_oneof![
        6 => (op, reg(), reg(), reg()).prop_map(|(op, d, a, b)| format!("{op} {d}, {a}, {b}")),
        3 => (reg(), reg(), -99..99i32).prop_map(|(d, a, imm)| format!("addi {d}, {a}, {imm}")),
        1 => (branch, reg(), reg(), 1..4i32)
            .prop_map(|(branch, a, b, skip)| format!("{branch} {a}, {b}, {}", 4 * skip)),
    ];
    prop::collection::vec(inst, 8..40)
}

/// The whole guest: the body in a loop, then an exit code made of all it computed.
fn code(body: &[String]) -> Vec<String> {
    let mut code: Vec<String> = vec!["li s0, 5".to_owned()];
    code.extend(body.iter().cloned());
    // Where branches near the end land.
    code.extend(vec!["addi a0, a0, 1".to_owned(); 4]);
    code.push("addi s0, s0, -1".to_owned());
    code.push(format!("bne s0, zero, -{}", 4 * (code.len() - 1)));
    let end = ["add a0, a0, a1", "add a0, a0, a2", "li t0, 0", "li a7, 93", "ecall"];
    code.extend(end.map(str::to_owned));
    code
}

fn text(code: &[String], links: &[(usize, usize)], wide: bool, form: Form) -> String {
    let mut text = format!("{}\nform {form}\n", if wide { "rv64" } else { "rv32" });
    for (index, (from, len)) in links.iter().enumerate() {
        let from = 1 + from % (code.len() - 12);
        // Regions end with the first control transfer.
        let end = (from..).take(1 + len).find(|at| code[*at].starts_with('b'));
        let end = end.unwrap_or(from + len).min(code.len() - 6);
        let (from, to) = (address(from), address(end + 1));
        let _ = writeln!(text, "link {} {from:#x} {to:#x}", 10_000 + index);
    }
    for (index, inst) in code.iter().enumerate() {
        let _ = writeln!(text, "{:#x}: {inst}", address(index));
    }
    text
}

fn address(index: usize) -> u64 {
    BASE + 4 * index as u64
}

/// The guest with each call carried out as a host would: by code elsewhere that does what the region
/// does and leaves another value in the number register.
fn carried_out(code: &[String], manifest: &Manifest) -> Vec<String> {
    let mut out = code.to_vec();
    let jump = |from: usize, to: usize| {
        format!("jal zero, {}", address(to).wrapping_sub(address(from)).cast_signed())
    };
    for call in &manifest.calls {
        let Form::Ecall { number } = call.form else { continue };
        let entry = usize::try_from(call.entry - BASE).expect("a small address") / 4;
        let end = usize::try_from(call.end - BASE).expect("a small address") / 4;
        out[entry] = format!("lui {number}, 0x2");
        out[entry + 1] = format!("addi {number}, {number}, 1808");
        out[entry + 2] = jump(entry + 2, out.len());
        out[entry + 3] = jump(entry + 3, end);
        out.extend(code[entry..end].iter().cloned());
        out.push(format!("li {number}, 1234"));
        out.push(jump(out.len(), entry + 3));
    }
    out
}

proptest! {
    #[test]
    fn what_is_linked_does_the_same(
        body in body(),
        links in prop::collection::vec((any::<usize>(), 0..9usize), 1..8),
        wide in any::<bool>(),
        form in prop::sample::select(vec!["insn", "ecall a7", "ecall t0"]),
    ) {
        let form: Form = form.parse().unwrap();
        let mut fixture = Fixture::parse(&text(&code(&body), &links, wide, form));
        for (form, item) in &mut fixture.items {
            if let Some(region) = form.region(&item.region) {
                *item = crate::fixture::of_region(region, item.id);
            }
        }
        let linked = fixture.link().unwrap();
        prop_assert_eq!(linked.manifest.calls.len() + linked.refused.len(), links.len());
        let resynthesise = |region: &_, id| Ok(system_digest(region, id));
        prop_assert!(verify_link(&fixture.elf, &linked.elf, &resynthesise).is_ok());
        let (input, limits) = (Input::default(), Limits::instructions(10_000));
        let same =
            check_equivalence(&fixture.elf, &linked.elf, Environment::Bare, &input, &limits);
        prop_assert!(same.is_ok(), "{same:?}");

        let carried_out = text(&carried_out(&code(&body), &linked.manifest), &[], wide, form);
        let carried_out = Program::load(&Fixture::parse(&carried_out).elf).unwrap();
        let run = run(&carried_out, &Patches::none(), Environment::Bare, &input, &limits);
        prop_assert_eq!(run.unwrap().exit_code, same.unwrap().exit_code);
    }
}
