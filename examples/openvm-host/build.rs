//! Patches the guest: `main.rs` embeds what this makes.

fn main() {
    // With the package `../keccak` in place of its ELF, `cargo openvm build` would build it first.
    autoprec_build::patch("../elf/keccak.elf")
        .input("../inputs/keccak.bin")
        .elf_variable("GUEST_ELF")
        .config_variable("GUEST_VM_CONFIG")
        .run();
}
