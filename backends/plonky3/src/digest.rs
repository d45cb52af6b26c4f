//! The digest of a statement: what the challenger observes before anything else.
//!
//! Invariant: lists and texts are preceded by their lengths, so different statements are different
//! strings of bytes.

use autoprec_circuits::{BabyBear, MachineBus, Statement, Table};
use sha2::{Digest, Sha256};

use crate::config::Parameters;

/// What the string of bytes begins with.
const DOMAIN: &[u8] = b"autoprec plonky3 statement 1\0";

/// The digest of a statement with the parameters of its proof.
pub(crate) fn digest(
    statement: &Statement<BabyBear>,
    parameters: &Parameters,
    log_heights: &[usize],
) -> [u8; 32] {
    let Statement { tables, boundary, binding } = statement;
    let mut hash = Sha256::new();
    hash.update(DOMAIN);
    hash.update(binding);
    let Parameters {
        log_blowup,
        fold_degree,
        field_terms,
        queries,
        query_work_bits,
        challenge_work_bits,
    } = *parameters;
    put(&mut hash, log_blowup);
    put(&mut hash, fold_degree);
    put(&mut hash, field_terms);
    put(&mut hash, queries);
    put(&mut hash, query_work_bits);
    put(&mut hash, challenge_work_bits);
    put(&mut hash, tables.len());
    for table in tables {
        put_table(&mut hash, table);
    }
    put(&mut hash, log_heights.len());
    log_heights.iter().for_each(|&log_height| put(&mut hash, log_height));
    put(&mut hash, boundary.len());
    for message in boundary {
        let bus = MachineBus::ALL.iter().position(|bus| *bus == message.bus);
        put(&mut hash, bus.expect("the list has every bus"));
        hash.update(message.multiplicity.to_le_bytes());
        put_elements(&mut hash, &message.message);
    }
    hash.finalize().into()
}

fn put(hash: &mut Sha256, number: usize) {
    hash.update((number as u64).to_le_bytes());
}

fn put_elements(hash: &mut Sha256, elements: &[BabyBear]) {
    put(hash, elements.len());
    for element in elements {
        hash.update(element.canonical().to_le_bytes());
    }
}

fn put_table(hash: &mut Sha256, table: &Table<BabyBear>) {
    let Table { name, system, fixed, rows } = table;
    put(hash, name.len());
    hash.update(name);
    put(hash, *rows);
    hash.update(Sha256::digest(system.to_string()));
    put(hash, fixed.len());
    for column in fixed {
        let mut contents = Sha256::new();
        put_elements(&mut contents, column);
        hash.update(contents.finalize());
    }
}
