//! Statements that there are no circuits for, and the shapes and keys of those that there are.

use autoprec_circuits::{Boundary, MachineBus, Pasta, Statement, Table, Trace};
use autoprec_halo2::{
    Cost, Layout, MAX_FIELDS, Options, TableError, prove_trace, table_digest, verify,
};

use proptest::prelude::*;

use crate::machines::{adder, number, system};
use crate::proofs::SETUP;

fn refused(change: impl Fn(&mut Statement<Pasta>)) -> String {
    let (mut statement, trace) = adder(3);
    change(&mut statement);
    let proving =
        prove_trace(&statement, &trace, &SETUP, &Options::default()).expect_err("refused");
    let verifying = verify(&statement, &[], &SETUP).expect_err("refused");
    assert_eq!(proving.to_string(), verifying.to_string());
    proving.to_string()
}

#[test]
fn statements_without_circuits_are_refused() {
    let long = Boundary {
        bus: MachineBus::Memory,
        multiplicity: 1,
        message: vec![number(0); MAX_FIELDS + 1],
    };
    for (expected, found) in [
        ("table adder has no rows", refused(|s| s.tables[0].rows = 0)),
        (
            "table adder has 1048571 rows, more than 2^20 less 6",
            refused(|s| s.tables[0].rows = (1 << 20) - 5),
        ),
        ("table range: 256 fixed cells for 255 rows", refused(|s| s.tables[1].rows = 255)),
        ("table adder: 7 fixed columns of 6", refused(|s| s.tables[0].fixed = vec![Vec::new(); 7])),
        ("there are two tables named adder", refused(|s| s.tables[1].name = "adder".to_owned())),
        (
            "table of the boundary sends a message of 33 fields, more than 32",
            refused(|s| s.boundary.push(long.clone())),
        ),
        (
            "table adder: on a row of zeros, constraint one is not 0",
            refused(|s| {
                let text = s.tables[0].system.to_string() + "constraint active - 1 ; one\n";
                s.tables[0].system = system(&text);
            }),
        ),
    ] {
        assert_eq!(found, expected);
    }
}

fn table(text: &str, rows: usize) -> Table<Pasta> {
    Table { name: "table".to_owned(), system: system(text), fixed: Vec::new(), rows }
}

#[test]
fn layouts_are_as_small_as_rows_allow() {
    for (rows, k) in [(1, 3), (2, 3), (3, 4), (10, 4), (11, 5), (506, 9), (507, 10)] {
        let layout = Layout::new(&table("system pasta\ncolumn a flag\n", rows)).unwrap();
        assert_eq!(layout.k, k, "{rows} rows");
        assert_eq!((layout.degree, layout.advice()), (3, 2));
    }
}

/// A table whose messages have these degrees: of a field, and of the multiplicity.
fn messages(degrees: &[(usize, usize)], constraint: usize) -> Table<Pasta> {
    let power = |degree: usize| vec!["a"; degree.max(1)].join("*");
    let mut lines =
        vec![format!("system pasta\ncolumn a flag\nconstraint {} ; x", power(constraint))];
    for &(field, multiplicity) in degrees {
        let field = if field == 0 { "7".to_owned() } else { power(field) };
        lines.push(format!("send memory {} [{field}, 8] ; message", power(multiplicity)));
    }
    table(&lines.join("\n"), 2)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn batches_hold_each_message_once_and_proofs_are_as_long_as_predicted(
        degrees in proptest::collection::vec((0_usize..5, 1_usize..4), 0..12),
        constraint in 1_usize..7,
    ) {
        let table = messages(&degrees, constraint);
        let layout = Layout::new(&table).unwrap();
        let mut all: Vec<usize> = layout.batches.iter().flatten().copied().collect();
        all.sort_unstable();
        prop_assert_eq!(all, (0..degrees.len()).collect::<Vec<_>>());
        for batch in &layout.batches {
            let fields: usize = batch.iter().map(|&i| degrees[i].0).sum();
            let sent = batch.iter().map(|&i| 1 + degrees[i].1 + fields - degrees[i].0);
            prop_assert!(sent.max().unwrap_or(0).max(1 + fields) <= layout.degree);
        }
        // Were a constraint of a higher degree than the layout says, the proof would be longer.
        let cost = Cost::new(&table, &layout, &[]);
        let statement = Statement { tables: vec![table], boundary: Vec::new(), binding: [0; 32] };
        let trace = Trace { cells: vec![vec![number(0), number(0)]] };
        let proof = prove_trace(&statement, &trace, &SETUP, &Options::default()).unwrap();
        prop_assert_eq!(proof.len() as u64, 8 + 4 + 32 + 4 + cost.proof);
        verify(&statement, &proof, &SETUP).unwrap();
    }
}

#[test]
fn messages_share_helpers() {
    let batches = |degrees: &[(usize, usize)]| Layout::new(&messages(degrees, 1)).unwrap().batches;
    assert!(batches(&[(1, 1); 40]).len() < 20, "several to a helper");
    assert_eq!(batches(&[(1, 1); 2]).len(), 1, "two of degree 1 within the least degree");
    assert_eq!(batches(&[]), [Vec::<usize>::new()], "there is a running sum all the same");
}

#[test]
fn keys_are_pinned() {
    let (statement, _) = adder(20);
    let digests = statement.tables.iter().map(|table| {
        let digest = table_digest(table, &SETUP).unwrap();
        let bytes: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        bytes.concat()
    });
    let digests: Vec<String> = digests.collect();
    assert_eq!(
        digests,
        [
            "072cd94fd7e8e64b70f32b67bf07c90086ae7fdc493d5f9743d38a54766f5d68",
            "c83c45cbaa34686ab6ae6e9c94d056ff701b8f6b15278faa442fb2d7baa5e56f",
        ]
    );
    assert!(matches!(
        Layout::new(&Table { rows: 0, ..statement.tables[0].clone() }),
        Err(TableError::Empty { .. })
    ));
}
