//! How fast a guest executes: `cargo run --release --example speed -- guest.elf [environment [stdin]]`.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a measurement")]

use std::time::Instant;

use autoprec_executor::{Environment, Input, Limits, run};
use autoprec_guest_elf::{Patches, Program};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let path = args.next().ok_or("usage: speed guest.elf [environment [stdin]]")?;
    let program = Program::load(&std::fs::read(&path)?)?;
    let environment = match args.next() {
        Some(name) => name.parse()?,
        None => Environment::detect(&program),
    };
    let stdin = args.next().map_or(Ok(Vec::new()), std::fs::read)?;
    let input = Input { args: vec![path], stdin, ..Input::default() };
    let start = Instant::now();
    let run = run(&program, &Patches::none(), environment, &input, &Limits::none())?;
    let elapsed = start.elapsed();
    let mips = u128::from(run.instructions) / elapsed.as_micros().max(1);
    println!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    println!(
        "{environment}: exit {}, {} instructions, {elapsed:.2?}, {mips} MIPS, {} spans, {} \
         edges, {} paths",
        run.exit_code,
        run.instructions,
        run.profile.spans.len(),
        run.profile.edges.len(),
        run.profile.stacks.len(),
    );
    Ok(())
}
