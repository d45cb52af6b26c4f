//! The instruction set, compared with itself, with other people's tools and with qemu.

mod conformance;
mod encoding;
mod floats;
mod machine;
mod semantics;
mod text;
mod vectors;
