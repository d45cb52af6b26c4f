//! The host, run: the build script patched its guest, and the proof is of the patched one.

use std::process::Command;

#[test]
fn the_patched_guest_is_proved() {
    let ran = Command::new(env!("CARGO_BIN_EXE_openvm-host")).output().expect("it runs");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let expected = include_str!("../../expected/keccak.hex").trim();
    assert!(said.starts_with(expected), "{said}");
    assert!(said.contains("precompiles and verified"), "{said}");
}
