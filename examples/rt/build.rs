//! Puts the linker script where `-Clink-arg=-Tguest.ld` finds it, from any workspace.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    let folder =
        PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"));
    fs::write(folder.join("guest.ld"), include_bytes!("guest.ld"))
        .expect("cargo made OUT_DIR writable");
    println!("cargo:rustc-link-search={}", folder.display());
    println!("cargo:rerun-if-changed=guest.ld");
    println!("cargo:rerun-if-changed=build.rs");
}
