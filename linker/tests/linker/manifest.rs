//! The text form of the manifest.

use autoprec_blocks::{ExitTarget, Guard};
use autoprec_guest_elf::PrecompileId;
use autoprec_isa::Reg;
use autoprec_linker::{Call, Form, Manifest, ManifestError};
use proptest::prelude::*;

fn exits() -> impl Strategy<Value = Vec<(Guard, ExitTarget)>> {
    let guard = prop::sample::select(vec![Guard::Always, Guard::Taken, Guard::NotTaken]);
    let target = prop_oneof![any::<u64>().prop_map(ExitTarget::Fixed), Just(ExitTarget::Dynamic)];
    prop::collection::vec((guard, target), 1..4)
}

fn call() -> impl Strategy<Value = Call> {
    let form = prop::sample::select(vec![
        Form::Insn,
        Form::Ecall { number: Reg::A7 },
        Form::Ecall { number: Reg::T0 },
    ]);
    let place = (0..1u32 << 25, any::<u64>(), any::<u64>(), any::<u32>());
    let digests = (any::<[u8; 32]>(), any::<[u8; 32]>());
    let saved = prop::collection::vec(any::<u8>(), 0..20);
    let backends = prop::collection::vec("[a-z0-9-]{1,9}", 1..4);
    (place, form, exits(), saved, digests, backends).prop_map(
        |((index, entry, end, insts), form, exits, saved, (system, shape), backends)| Call {
            id: PrecompileId::from_index(index),
            entry,
            end,
            insts,
            form,
            exits,
            saved,
            system,
            shape,
            backends,
        },
    )
}

fn manifest() -> impl Strategy<Value = Manifest> {
    (any::<[u8; 32]>(), prop::collection::vec(call(), 0..4))
        .prop_map(|(original, calls)| Manifest { original, calls })
}

proptest! {
    #[test]
    fn what_is_printed_parses_to_the_same(manifest in manifest()) {
        prop_assert_eq!(Manifest::parse(&manifest.to_string()), Ok(manifest));
    }

    #[test]
    fn a_changed_text_is_another_manifest_or_none(
        manifest in manifest(),
        at in any::<prop::sample::Index>(),
        by in any::<char>(),
    ) {
        let text = manifest.to_string();
        let mut chars: Vec<char> = text.chars().collect();
        let at = at.index(chars.len());
        prop_assume!(chars[at] != by);
        chars[at] = by;
        prop_assert_ne!(Manifest::parse(&String::from_iter(chars)), Ok(manifest));
    }

    #[test]
    fn the_parser_is_total(
        text in "(autoprec manifest 1\\n|original |[0-9a-f]{64}\\n|precompile 10000\\n|entry 0x1\\n|\\PC|\\n){0,20}"
    ) {
        drop(Manifest::parse(&text));
    }

    #[test]
    fn the_reader_is_total(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(Manifest::read(&bytes));
        drop(Manifest::read(&[&b"\x7fELF\x01\x01\x01"[..], &bytes].concat()));
    }
}

#[test]
fn errors_name_version_and_line() {
    assert_eq!(
        Manifest::parse("autoprec manifest 2\n"),
        Err(ManifestError::Version { got: "autoprec manifest 2".to_owned() })
    );
    let text = "autoprec manifest 1\noriginal 00\n";
    assert!(matches!(Manifest::parse(text), Err(ManifestError::Line { line: 2, .. })));
    let text = Manifest { original: [0x0a; 32], calls: Vec::new() }.to_string();
    assert!(Manifest::parse(&text).is_ok());
    let upper = text.replacen("0a", "0A", 1);
    assert_eq!(Manifest::parse(&upper), Err(ManifestError::NotCanonical { at: 30 }));
    let other = text.replacen("0a", "0b", 1);
    assert_eq!(Manifest::parse(&other), Err(ManifestError::Digest));
}
