//! The fuzz targets as ordinary tests: on every file of their corpus and on files that are nearly those.

use std::path::PathBuf;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

use crate::bodies;

/// Files of a target's corpus, in order of name.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    files(&format!("{}/../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR")), None)
}

/// Files of a folder in order of name, of one extension if that is given.
fn files(folder: &str, extension: Option<&str>) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{folder}: {e}"));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| {
        extension.is_none_or(|wanted| path.extension().is_some_and(|e| e == wanted))
    });
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

/// Changes a few places: to extreme numbers of some width, to noise, or by cutting the file there.
fn mutate(rng: &mut StdRng, bytes: &mut Vec<u8>) {
    const EXTREMES: [u64; 8] =
        [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, u64::MAX >> 1, 1 << 63, u64::MAX];
    for _ in 0..rng.random_range(1..4) {
        // Headers are worth more than the rest.
        let most = if rng.random_bool(0.5) { bytes.len().min(200) } else { bytes.len() };
        if most == 0 {
            return;
        }
        let at = rng.random_range(0..most);
        let width = *[1, 2, 4, 8].choose(rng).expect("not empty");
        let end = bytes.len().min(at + width);
        match rng.random_range(0..10) {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << rng.random_range(0..8),
            2..6 => rng.fill(&mut bytes[at..end]),
            _ => {
                let value = *EXTREMES.choose(rng).expect("not empty");
                bytes[at..end].copy_from_slice(&value.to_le_bytes()[..end - at]);
            }
        }
    }
}

/// Every file as it is, and `times` mutations of it. The same ones in every run.
fn check(files: Vec<(PathBuf, Vec<u8>)>, times: u64, body: fn(&[u8])) {
    assert!(!files.is_empty());
    for (path, bytes) in files {
        let tried = |bytes: &[u8], seed: u64| {
            let result = std::panic::catch_unwind(|| body(bytes));
            assert!(result.is_ok(), "{} with seed {seed}, 0 for as it is", path.display());
        };
        tried(&bytes, 0);
        for seed in 1..=times {
            let mut bytes = bytes.clone();
            mutate(&mut StdRng::seed_from_u64(seed), &mut bytes);
            tried(&bytes, seed);
        }
    }
}

#[test]
fn files_nearly_right_are_loaded_or_refused() {
    check(corpus("load"), 40, bodies::load);
}

#[test]
fn guests_nearly_right_are_loaded_or_refused() {
    let folder = format!("{}/../executor/tests/oracle", env!("CARGO_MANIFEST_DIR"));
    let guests = files(&folder, Some("elf"));
    assert_eq!(guests.len(), 8);
    check(guests, 60, bodies::load);
}

#[test]
fn any_words_are_decoded_or_refused() {
    check(corpus("decode"), 100, bodies::decode);
}

#[test]
fn any_text_is_a_profile_or_refused() {
    check(corpus("profile_json"), 200, bodies::profile_json);
}
