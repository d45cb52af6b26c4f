//! A patched file differs from what it should be: each difference is found.

use autoprec_blocks::Region;
use autoprec_guest_elf::{Linkage, PrecompileId};
use autoprec_linker::{Backend, Manifest, Refusal, VerifyLinkError};
use sha2::{Digest as _, Sha256};

use crate::fixture::{Fixture, system_digest, verify_link};

const LOOP: &str = include_str!("../fixtures/insn.s");
const ECALL: &str = include_str!("../fixtures/ecall.s");
const HEADER: &str = include_str!("../fixtures/header-loaded.s");

#[expect(clippy::unnecessary_wraps, reason = "the shape that `verify_link` takes")]
fn resynthesise(region: &Region, id: PrecompileId) -> Result<[u8; 32], String> {
    Ok(system_digest(region, id))
}

#[test]
fn every_flipped_byte_of_the_file_is_found() {
    for text in [LOOP, ECALL, HEADER] {
        let fixture = Fixture::parse(text);
        let patched = fixture.link().unwrap().elf;
        verify_link(&fixture.elf, &patched, &resynthesise).unwrap();
        for at in 0..patched.len() {
            for flip in [0x01, 0x80] {
                let mut bad = patched.clone();
                bad[at] ^= flip;
                let verdict = verify_link(&fixture.elf, &bad, &resynthesise);
                assert!(verdict.is_err(), "byte {at:#x} flipped by {flip:#x} passes");
            }
        }
    }
}

#[test]
fn a_cut_or_extended_file_is_found() {
    let fixture = Fixture::parse(LOOP);
    let patched = fixture.link().unwrap().elf;
    for len in 0..patched.len() {
        assert!(verify_link(&fixture.elf, &patched[..len], &resynthesise).is_err(), "{len}");
    }
    let longer = [&patched[..], &[0]].concat();
    assert!(matches!(
        verify_link(&fixture.elf, &longer, &resynthesise),
        Err(VerifyLinkError::File { .. })
    ));
}

#[test]
fn linking_twice_gives_the_same_bytes() {
    for text in [LOOP, ECALL, HEADER] {
        let (first, second) = (Fixture::parse(text).link(), Fixture::parse(text).link());
        assert_eq!(first.unwrap(), second.unwrap());
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let fixture = Fixture::parse(LOOP);
    let linked = fixture.link().unwrap();
    let call = &linked.manifest.calls[0];
    let verify = |patched: &[u8]| verify_link(&fixture.elf, patched, &resynthesise).unwrap_err();

    let word = [&linked.elf[..]].concat();
    let at = word.windows(4).position(|w| w == 0x5bu32.to_le_bytes()).unwrap();
    let mut bad = linked.elf.clone();
    bad[at + 2] ^= 1;
    assert!(matches!(verify(&bad), VerifyLinkError::Memory { addr, .. } if addr == call.entry + 2));

    let mut other = fixture.elf.clone();
    other.push(0);
    assert!(matches!(
        verify_link(&other, &linked.elf, &resynthesise),
        Err(VerifyLinkError::OtherOriginal { .. })
    ));
    assert_eq!(verify(&fixture.elf), VerifyLinkError::NoManifest);

    let refuse = |_: &Region, _| Err("no".to_owned());
    assert!(matches!(
        verify_link(&fixture.elf, &linked.elf, &refuse),
        Err(VerifyLinkError::Synthesis { .. })
    ));
    let zero = |_: &Region, _| Ok([0; 32]);
    assert!(matches!(
        verify_link(&fixture.elf, &linked.elf, &zero),
        Err(VerifyLinkError::System { .. })
    ));
    // A manifest that was changed and given a digest that fits.
    let lie = |from: &str, to: &str| verify(&rewritten(&linked.elf, from, to));
    let saved = format!("saved {}", hex::encode(&call.saved));
    let error = lie(&saved, &format!("saved {}", "00".repeat(call.saved.len())));
    assert!(matches!(error, VerifyLinkError::Call { .. }), "{error}");
    let error = lie("exit taken 0x10008", "exit taken 0x1000c");
    assert!(matches!(error, VerifyLinkError::Call { .. }), "{error}");
    let error = lie("insts 6", "insts 5");
    assert!(matches!(error, VerifyLinkError::Call { .. }), "{error}");
    let error = lie("entry 0x10008", "entry 0x1000c");
    assert!(matches!(error, VerifyLinkError::Unsafe { .. }), "{error}");
    let error = lie("end 0x10020", "end 0x10024");
    assert!(matches!(error, VerifyLinkError::Region { .. }), "{error}");
    let error = lie("precompile 10000", "precompile 10001");
    assert!(matches!(error, VerifyLinkError::Memory { .. }), "{error}");
    let shape = hex::encode(call.shape);
    let error = lie(&format!("shape {shape}"), &format!("shape {}", "07".repeat(32)));
    assert!(matches!(error, VerifyLinkError::Unsafe { .. }), "{error}");
    let error = lie("backends executor", "backends computer");
    assert!(matches!(error, VerifyLinkError::Unsafe { .. }), "{error}");
}

#[test]
fn what_back_ends_run_is_said_by_who_verifies() {
    let mut refused = Vec::new();
    for name in ["openvm", "halo2", "executor", "sp1", "jolt", "abacus"] {
        let mut fixture = Fixture::parse(ECALL);
        for (_, item) in &mut fixture.items {
            item.backends = vec![Backend::new(name, Linkage::Any)];
        }
        let linked = fixture.link().unwrap();
        assert!(!linked.manifest.calls.is_empty(), "{name}: {:?}", linked.refused);
        match verify_link(&fixture.elf, &linked.elf, &resynthesise) {
            Ok(report) => assert_eq!(report.manifest, linked.manifest),
            Err(VerifyLinkError::Unsafe { refusal: Refusal::Backend { backend, .. }, .. }) => {
                refused.push(backend);
            }
            Err(other) => panic!("{name}: {other}"),
        }
    }
    assert_eq!(refused, ["openvm", "sp1", "jolt", "abacus"]);
}

/// The file with a line of its manifest replaced by one of the same length, and the digest that
/// fits then.
fn rewritten(elf: &[u8], from: &str, to: &str) -> Vec<u8> {
    let find = |what: &str| elf.windows(what.len()).position(|w| w == what.as_bytes());
    let start = find("autoprec manifest 1\n").expect("there is a manifest");
    let end = find("\ndigest ").expect("it has a digest") + 1;
    let text = std::str::from_utf8(&elf[start..end]).expect("it is text");
    let new = text.replace(&format!("{from}\n"), &format!("{to}\n"));
    assert!(new != text && new.len() == text.len(), "{from}");
    let mut out = elf.to_vec();
    out[start..end].copy_from_slice(new.as_bytes());
    let digest = hex::encode(Sha256::digest(new.as_bytes()));
    out[end + 7..end + 71].copy_from_slice(digest.as_bytes());
    out
}

#[test]
fn a_linked_file_is_not_linked_again() {
    let fixture = Fixture::parse(LOOP);
    let linked = fixture.link().unwrap();
    let again = Fixture { elf: linked.elf, items: Vec::new() };
    assert_eq!(again.link().unwrap_err(), autoprec_linker::LinkError::AlreadyLinked);
}

#[test]
fn garbage_is_an_error_and_no_panic() {
    let fixture = Fixture::parse(LOOP);
    let patched = fixture.link().unwrap().elf;
    // Headers of every kind of nonsense: each byte of the first 256 set to each of a few values.
    for at in 0..256.min(patched.len()) {
        for value in [0x00, 0x7f, 0x80, 0xff] {
            let mut bad = patched.clone();
            bad[at] = value;
            drop(Manifest::read(&bad));
            drop(verify_link(&fixture.elf, &bad, &resynthesise));
            drop(verify_link(&bad, &patched, &resynthesise));
        }
    }
}
