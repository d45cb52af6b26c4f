//! Random regions of RV32IM and RV64IM.

use std::cell::Cell;

use autoprec_blocks::Region;
use autoprec_circuits::Field;
use autoprec_synth::Target;

use super::check::check_region;
use super::random;
use super::world::mix;

/// The same region with 64-bit words: some operations become those of low halves, some accesses
/// those of double words.
fn widened(region: &Region, seed: u64) -> Region {
    let mut text = String::new();
    for (index, line) in region.to_string().replace("rv32", "rv64").lines().enumerate() {
        let (head, body) = line.split_once(": ").unwrap_or(("", line));
        let body = match mix(seed, index as u64) % 3 {
            0 if !head.is_empty() => low(body),
            1 if !head.is_empty() => double(body),
            _ => body.to_owned(),
        };
        if !head.is_empty() {
            text.push_str(head);
            text.push_str(": ");
        }
        text.push_str(&body);
        text.push('\n');
    }
    Region::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn low(body: &str) -> String {
    let (op, rest) = body.split_once(' ').unwrap_or((body, ""));
    let has_low = [
        "add", "sub", "sll", "srl", "sra", "mul", "div", "divu", "rem", "remu", "addi", "slli",
        "srli", "srai",
    ];
    if has_low.contains(&op) { format!("{op}w {rest}") } else { body.to_owned() }
}

fn double(body: &str) -> String {
    let (op, rest) = body.split_once(' ').unwrap_or((body, ""));
    let op = match op {
        "lw" => "ld",
        "sw" => "sd",
        _ => return body.to_owned(),
    };
    let (register, place) = rest.split_once(", ").expect("a register and a place");
    let (offset, base) = place.split_once('(').expect("an offset and a base");
    let offset: i32 = offset.parse().expect("an offset");
    format!("{op} {register}, {}({base}", (offset / 4 * 8).clamp(-2048, 2040))
}

pub(crate) fn check<F: Field>(target: &Target, cases: u32) {
    let (seed, honest, all) = (Cell::new(0), Cell::new(0), Cell::new(0));
    random::check(cases, &random::regions(1..=16), |random::Shown(region)| {
        seed.set(seed.get() + 1);
        for region in [widened(&region, seed.get()), region] {
            all.set(all.get() + 1);
            honest.set(honest.get() + check_region::<F>(&region, target, 4).honest.min(1));
        }
        Ok(())
    });
    println!("{} of {} regions could be run", honest.get(), all.get());
    assert!(2 * honest.get() > all.get(), "{} of {}", honest.get(), all.get());
}
