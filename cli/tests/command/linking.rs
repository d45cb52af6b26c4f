//! `verify-link` notices every change.

use std::collections::BTreeSet;

use autoprec_blocks::Region;
use autoprec_guest_elf::PrecompileId;
use autoprec_linker::{Backend, Manifest, VerifyLinkError, verify_link};
use autoprec_synth::{OPENVM, synthesise};
use object::{Object as _, ObjectSection as _, ObjectSegment as _};

use crate::support::Desk;

fn resynthesise(region: &Region, id: PrecompileId) -> Result<[u8; 32], String> {
    synthesise(region, id, &OPENVM).map(|p| p.system_digest()).map_err(|error| error.to_string())
}

/// File offsets of the overwritten words.
fn patched_words(elf: &[u8]) -> BTreeSet<usize> {
    let file = object::File::parse(elf).unwrap();
    let offset = |addr: u64| {
        let segment = file
            .segments()
            .find(|s| (s.address()..s.address() + s.size()).contains(&addr))
            .expect("calls lie in segments");
        usize::try_from(addr - segment.address() + segment.file_range().0).unwrap()
    };
    let manifest = Manifest::read(elf).unwrap().expect("it is patched");
    let words = manifest.calls.iter().map(|call| (offset(call.entry), call.saved.len()));
    words.flat_map(|(start, length)| start..start + length).collect()
}

/// File offsets of the manifest, the note's header included.
fn manifest(elf: &[u8]) -> std::ops::Range<usize> {
    let file = object::File::parse(elf).unwrap();
    let section = file.section_by_name(".note.autoprec").expect("it is patched");
    let (start, size) = section.file_range().unwrap();
    usize::try_from(start).unwrap()..usize::try_from(start + size).unwrap()
}

fn with_flipped(elf: &[u8], at: usize, bits: u8) -> Vec<u8> {
    let mut changed = elf.to_vec();
    changed[at] ^= bits;
    changed
}

#[test]
fn no_byte_can_be_flipped() {
    let backends = [Backend::new(OPENVM.name, OPENVM.linkage)];
    let desk = Desk::new();
    for (example, precompiles) in [("self-read", 77), ("keccak", 20), ("sort-vm", 20)] {
        desk.succeeds(&format!(
            "build {example}.elf --input {example}.bin --out {example} --lock {example}.lock \
             --max-precompiles {precompiles}"
        ));
        let original = desk.read(&format!("{example}.elf"));
        let patched = desk.read(&format!("{example}/guest.elf"));
        verify_link(&original, &patched, &backends, &resynthesise).unwrap();
        let words = patched_words(&patched);
        assert!(words.len() >= 4 * 20);
        let sampled = (0..patched.len()).step_by(211);
        let offsets: BTreeSet<usize> =
            words.iter().copied().chain(manifest(&patched)).chain(sampled).collect();
        for at in offsets {
            let bits = 1 << (at % 8);
            let changed = with_flipped(&patched, at, bits);
            let verdict = verify_link(&original, &changed, &backends, &resynthesise);
            let error = verdict.expect_err(&format!("{example}: byte {at:#x} of the file"));
            if words.contains(&at) {
                assert!(matches!(error, VerifyLinkError::Memory { .. }), "{at:#x}: {error}");
            }
        }
    }
}

#[test]
fn the_command_says_what_was_changed() {
    let desk = Desk::new();
    desk.succeeds("build self-read.elf --input self-read.bin --out out");
    let patched = desk.read("out/guest.elf");
    let word = *patched_words(&patched).first().unwrap();
    let manifest = manifest(&patched);
    let changes = [
        (word, "of the loaded segments is"),
        (manifest.start, "note"),
        (manifest.start + 60, "manifest"),
        (manifest.end - 8, "manifest"),
        (patched.len() - 1, "of the patched file is not what linking gives"),
    ];
    for (at, words) in changes {
        desk.write("changed.elf", with_flipped(&patched, at, 1));
        desk.refuses("verify-link self-read.elf changed.elf", &["changed.elf", words]);
    }
    // A changed original is another original.
    desk.write("changed.elf", with_flipped(&desk.read("self-read.elf"), 0x900, 1));
    desk.refuses(
        "verify-link changed.elf out/guest.elf",
        &["out/guest.elf", "is of an original with SHA-256"],
    );
    desk.refuses(
        "verify-link keccak.elf out/guest.elf",
        &["out/guest.elf", "is of an original with SHA-256"],
    );
    desk.refuses("verify-link self-read.elf self-read.elf", &["self-read.elf", "no manifest"]);
    desk.refuses(
        "verify-link out/guest.elf out/guest.elf",
        &["out/guest.elf", "is of an original with SHA-256"],
    );
    desk.refuses("verify-link nowhere.elf out/guest.elf", &["cannot read nowhere.elf"]);
}
