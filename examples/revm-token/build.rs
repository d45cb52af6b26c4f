//! Compresses the debug information, which has three times the size of the instructions.

fn main() {
    println!("cargo:rustc-link-arg-bins=--compress-sections=.debug_*=zlib:9");
    println!("cargo:rerun-if-changed=build.rs");
}
