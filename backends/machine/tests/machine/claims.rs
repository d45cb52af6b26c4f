//! Claims, rows and public values that are not those of the run are refused.

use autoprec_circuits::{BabyBear, Field, Pasta, Statement, Trace};
use autoprec_executor::Environment;
use autoprec_isa::Xlen;
use autoprec_machine::{Claims, Guest, Proving, Public, Run, execute, statement};
use autoprec_synth::{HALO2, PLONKY3, Target};
use proptest::prelude::*;

use crate::assembly::{ENTRY, guest};
use crate::runs::{LINUX, OPENVM, input};

/// A run of a guest of a few instructions.
struct Small<F> {
    guest: Guest,
    target: Target,
    proving: Proving<F>,
    trace: Trace<F>,
}

/// Narrow ranges make small tables.
fn small<F: Field>(guest: Guest, target: &Target) -> Small<F> {
    let target = Target { range_bits: 8, ..*target };
    let run: Run<F> = execute(&guest, &target, &input(&[1, 2, 3, 4, 5, 6, 7, 8])).expect("runs");
    let proving = run.prepare(&guest).expect("it is stated");
    let trace = proving.trace();
    proving.statement().check(&trace).unwrap_or_else(|error| panic!("{error}"));
    Small { guest, target, proving, trace }
}

fn linux() -> Small<Pasta> {
    small(guest(Xlen::Rv64, Environment::Linux, LINUX), &HALO2)
}

fn openvm() -> Small<BabyBear> {
    small(guest(Xlen::Rv32, Environment::OpenVm, OPENVM), &PLONKY3)
}

impl<F: Field> Small<F> {
    fn claims(&self) -> &Claims {
        &self.proving.run().claims
    }

    fn holds(&self, guest: &Guest, public: &Public, claims: &Claims) -> bool {
        let statement = statement::<F>(guest, &self.target, public, claims);
        statement.is_ok_and(|statement| statement.check(&self.trace).is_ok())
    }

    /// Changes one cell; says whether that is noticed, if it has any effect.
    fn notices(&self, place: u64, change: F) -> Result<(), String> {
        let statement = self.proving.statement();
        let table = usize::try_from(place).expect("64 bits") % statement.tables.len();
        let mut trace = self.trace.clone();
        let cells = &mut trace.cells[table];
        let cell = usize::try_from(place >> 8).expect("64 bits") % cells.len();
        cells[cell] = cells[cell] + change;
        let table = &statement.tables[table];
        let (row, column) = (cell / table.width(), cell % table.width());
        let name = &table.system.columns[column].name;
        let same = |cells: &[F]| {
            let row = &cells[row * table.width()..][..table.width()];
            let messages = table.system.interactions.iter();
            messages
                .map(|i| {
                    let fields: Vec<F> = i.message.iter().map(|field| field.eval(row)).collect();
                    (i.multiplicity.eval(row), fields)
                })
                .collect::<Vec<_>>()
        };
        let index = statement.tables.iter().position(|other| other.name == table.name);
        let index = index.expect("it is one of them");
        let harmless = same(&trace.cells[index]) == same(&self.trace.cells[index]);
        if statement.check(&trace).is_ok() && !harmless {
            return Err(format!("table {}, row {row}, column {name}", table.name));
        }
        Ok(())
    }
}

/// Numbers near those that claims of small guests have, and others.
fn wild() -> impl Strategy<Value = u64> {
    let code = (0..40_u64).prop_map(|line| ENTRY + 4 * line);
    prop_oneof![0..400_u64, code, any::<u64>(), any::<u8>().prop_map(|n| !u64::from(n))]
}

fn pairs() -> impl Strategy<Value = Vec<(u64, u64)>> {
    proptest::collection::vec((wild(), wild()), 0..3)
}

fn wild_claims() -> impl Strategy<Value = Claims> {
    let code = prop_oneof![Just(vec![(ENTRY, ENTRY + 64)]), pairs()];
    let rows = proptest::collection::vec((0..400_u32, wild()), 0..4);
    let lists = (proptest::collection::vec(wild(), 2..3), prop_oneof![Just(0_usize), Just(8)]);
    (wild(), rows, code, pairs(), lists, proptest::option::of(wild())).prop_map(
        |(time, mut rows, code, image, (zeros, public), last_word)| {
            rows.sort_unstable();
            let (version, public_times) = (1, vec![0; public]);
            Claims { version, time, rows, code, image, zeros, last_word, public_times }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn a_changed_cell_is_noticed(places in proptest::collection::vec(any::<u64>(), 24)) {
        let (wide, narrow) = (linux(), openvm());
        for place in places {
            for change in [1, 2, 256, -1] {
                prop_assert_eq!(wide.notices(place, Pasta::from_i64(change)), Ok(()));
                prop_assert_eq!(narrow.notices(place, BabyBear::from_i64(change)), Ok(()));
            }
        }
    }

    /// Whatever claims say, there is a statement or an error, soon.
    #[test]
    fn no_claims_panic(claims in proptest::collection::vec(wild_claims(), 64)) {
        let guests = [
            (guest(Xlen::Rv64, Environment::Linux, LINUX), Vec::new()),
            (guest(Xlen::Rv32, Environment::OpenVm, OPENVM), vec![0; 32]),
        ];
        for claims in claims {
            for (guest, output) in &guests {
                let public = Public { output: output.clone(), exit_code: 0 };
                drop(statement::<Pasta>(guest, &HALO2, &public, &claims));
                drop(statement::<BabyBear>(guest, &PLONKY3, &public, &claims));
            }
        }
    }

    #[test]
    fn no_text_panics(text in proptest::collection::vec(any::<u8>(), 0..64)) {
        prop_assert!(Claims::parse(&text).is_err());
    }
}

fn rows_matter<F: Field>(small: &Small<F>) {
    let statement = small.proving.statement();
    for (index, table) in statement.tables.iter().enumerate() {
        let width = table.width();
        let rows = small.trace.cells[index].len() / width;
        for row in [0, rows / 2, rows - 1] {
            let mut dropped = small.trace.clone();
            dropped.cells[index].drain(row * width..(row + 1) * width);
            let unused = |cells: &[F]| {
                let row = &cells[row * width..(row + 1) * width];
                table.system.interactions.iter().all(|i| i.multiplicity.eval(row) == F::ZERO)
            };
            let harmless = table.fixed.is_empty() && unused(&small.trace.cells[index]);
            assert!(harmless || statement.check(&dropped).is_err(), "{} {row}", table.name);
            let mut doubled = small.trace.clone();
            let copy = doubled.cells[index][row * width..(row + 1) * width].to_vec();
            doubled.cells[index].extend(copy);
            let mut larger: Statement<F> = statement.clone();
            larger.tables[index].rows += 1;
            assert!(statement.check(&doubled).is_err(), "{} {row}", table.name);
            assert!(larger.check(&doubled).is_err(), "{} {row}", table.name);
        }
    }
}

#[test]
fn rows_are_neither_dropped_nor_doubled() {
    rows_matter(&linux());
    rows_matter(&openvm());
}

fn public_values_matter<F: Field>(small: &Small<F>, other: &Guest) {
    let (public, claims) = (small.proving.run().public(), small.claims());
    assert!(small.holds(&small.guest, &public, claims));
    let exit_code = public.exit_code + 1;
    assert!(!small.holds(&small.guest, &Public { exit_code, ..public.clone() }, claims));
    for byte in 0..public.output.len() {
        let mut output = public.output.clone();
        output[byte] ^= 1;
        assert!(!small.holds(&small.guest, &Public { output, ..public.clone() }, claims), "{byte}");
    }
    let mut longer = public.clone();
    longer.output.push(0);
    assert!(!small.holds(&small.guest, &longer, claims));
    let mut shorter = public.clone();
    shorter.output.pop();
    assert!(!small.holds(&small.guest, &shorter, claims));
    assert!(!small.holds(other, &public, claims));
}

#[test]
fn another_output_exit_code_or_guest_is_noticed() {
    let other = LINUX.replace("addi t2, t2, 1", "addi t2, t2, 2");
    public_values_matter(&linux(), &guest(Xlen::Rv64, Environment::Linux, &other));
    let other = OPENVM.replace("0x0070000b", "0x0080000b");
    public_values_matter(&openvm(), &guest(Xlen::Rv32, Environment::OpenVm, &other));
}

/// All claims that differ in one number, by one or by much; and whether it is a number of rows, which is
/// an upper bound.
fn changed(claims: &Claims) -> Vec<(Claims, bool)> {
    let mut all = Vec::new();
    for change in [1_u64, u64::MAX, 4, 1 << 31, 1 << 62] {
        let mut with = |edit: &dyn Fn(&mut Claims), bound: bool| {
            let mut other = claims.clone();
            edit(&mut other);
            all.push((other, bound));
        };
        let add = |value: &mut u64| *value = value.wrapping_add(change);
        with(&|other| add(&mut other.time), false);
        for at in 0..claims.rows.len() {
            let is_more = claims.rows[at].1.checked_add(change).is_some();
            with(&|other| add(&mut other.rows[at].1), is_more);
            let number = |old: u32| u32::try_from(u64::from(old).wrapping_add(change)).unwrap_or(1);
            with(&|other| other.rows[at].0 = number(other.rows[at].0), false);
            with(
                &|other| {
                    other.rows.remove(at);
                },
                false,
            );
        }
        for at in 0..claims.code.len() {
            with(&|other| add(&mut other.code[at].0), false);
            with(&|other| add(&mut other.code[at].1), false);
            with(
                &|other| {
                    other.code.remove(at);
                },
                false,
            );
        }
        for at in 0..claims.image.len() {
            with(&|other| add(&mut other.image[at].0), false);
            with(&|other| add(&mut other.image[at].1), false);
        }
        for at in 0..claims.zeros.len() {
            with(&|other| add(&mut other.zeros[at]), false);
        }
        for at in 0..claims.public_times.len() {
            with(&|other| add(&mut other.public_times[at]), false);
        }
        with(&|other| other.last_word = other.last_word.map(|w| w.wrapping_add(change)), false);
        with(&|other| other.last_word = None, false);
    }
    all
}

fn claims_matter<F: Field>(small: &Small<F>) {
    let (public, claims) = (small.proving.run().public(), small.claims());
    let binding = small.proving.statement().binding;
    for (other, is_bound) in changed(claims).into_iter().filter(|(other, _)| other != claims) {
        let Ok(statement) = statement::<F>(&small.guest, &small.target, &public, &other) else {
            continue;
        };
        assert_ne!(statement.binding, binding);
        assert!(is_bound || statement.check(&small.trace).is_err(), "{other:?}");
    }
    let text = claims.to_text();
    assert_eq!(Claims::parse(text.as_bytes()).as_ref(), Ok(claims));
    let other = text.replace("\"version\":1", "\"version\":2");
    assert!(
        Claims::parse(other.as_bytes()).expect_err("another version").to_string().contains('2')
    );
}

#[test]
fn changed_claims_are_refused_or_do_not_hold() {
    claims_matter(&linux());
    claims_matter(&openvm());
}
