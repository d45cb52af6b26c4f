//! Names as people write them: of Rust without the hash, of C++ without the type that is returned.

use cpp_demangle::{DemangleOptions, Symbol};

/// The name in the source, or the name itself if it is in no known scheme.
pub fn demangle(name: &str) -> String {
    if let Ok(rust) = rustc_demangle::try_demangle(name) {
        return format!("{rust:#}");
    }
    cpp(name).unwrap_or_else(|| name.to_owned())
}

fn cpp(name: &str) -> Option<String> {
    if !name.starts_with("_Z") {
        return None;
    }
    let options = DemangleOptions::new().no_return_type();
    Symbol::new(name).ok()?.demangle_with_options(&options).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rust_cpp_and_c() {
        for (mangled, name) in [
            ("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt"),
            ("_RNvCs1234_7mycrate3foo", "mycrate::foo"),
            (
                "_ZN4hash6Keccak6updateEPKhm",
                "hash::Keccak::update(unsigned char const*, unsigned long)",
            ),
            (
                "_ZNSt6vectorIiSaIiEE9push_backERKi",
                "std::vector<int, std::allocator<int> >::push_back(int const&)",
            ),
            ("_Z3addIiET_S0_S0_", "add<int>(int, int)"),
            // Of C, and what only looks like C++.
            ("memcpy", "memcpy"),
            ("_Zonk", "_Zonk"),
            ("_ZN", "_ZN"),
            ("", ""),
        ] {
            assert_eq!(demangle(mangled), name, "{mangled}");
        }
    }
}
