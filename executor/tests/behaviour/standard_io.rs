//! One guest on the standard's `read_input` and `write_output`, built for each environment.

use std::path::Path;

use autoprec_executor::{Environment, Input, Limits, run};
use autoprec_guest_elf::{Patches, Program};

#[test]
fn one_guest_runs_in_every_environment() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/io");
    let text = b"standard".to_vec();
    let framed = [&8_u64.to_le_bytes()[..], &text].concat();
    for (name, environment) in [
        ("openvm-32", Environment::OpenVm),
        ("sp1-32", Environment::Sp1),
        ("sp1-64", Environment::Sp1),
        ("zisk-64", Environment::Zisk),
        ("risc0-32", Environment::Risc0),
        ("bare-32", Environment::Bare),
        ("bare-64", Environment::Bare),
    ] {
        let elf = std::fs::read(folder.join(format!("{name}.elf"))).unwrap();
        let program = Program::load(&elf).unwrap();
        assert_eq!(Environment::detect(&program), environment, "{name}");
        let input = if environment == Environment::Zisk { &framed } else { &text };
        let input = Input { hints: vec![input.clone()], stdin: input.clone(), ..Input::default() };
        let run = run(&program, &Patches::none(), environment, &input, &Limits::none()).unwrap();
        let output = if environment == Environment::Bare { run.stdout } else { run.public_values };
        let xor = text.iter().fold(0, |xor, byte| xor ^ byte);
        assert_eq!((run.exit_code, &output[..5], output[5]), (0, &text[..5], xor), "{name}");
    }
}
