//! Totals against sums done by hand.

use autoprec_bench::{Powdr, Ratio, Report, Row, Size, Split, Time, Totals};

fn size(unit: usize) -> Size {
    Size { columns: unit, interactions: 2 * unit, constraints: 0 }
}

fn time(cpu_seconds: f64) -> Time {
    Time { cpu_seconds, runs: 1 }
}

fn row(before: usize, after: usize, frequency: Option<u64>, powdr: Option<usize>) -> Row {
    Row {
        file: "block.json".to_owned(),
        pc: 4096,
        instructions: 1,
        frequency,
        before: size(before),
        ours: size(after),
        ticks: 1,
        split: Split { pieces: 2, size: size(2 * after), refused: 0 },
        time: time(0.5),
        check: None,
        powdr: powdr.map(|unit| Powdr {
            size: size(unit),
            time: time(2.0),
            gain: size(unit).gain_over(size(after)),
            oracle: size(after),
            oracle_time: time(1.0),
        }),
    }
}

fn close(got: Option<f64>, expected: f64) {
    assert!(got.is_some_and(|got| (got - expected).abs() < 1e-9), "{got:?}, not {expected}");
}

fn demand(ratio: Ratio, sums: (u32, u32), mean: f64, weighted: f64) {
    assert_eq!((ratio.before, ratio.after), (sums.0.into(), sums.1.into()));
    close(Some(ratio.of_sums), f64::from(sums.0) / f64::from(sums.1));
    close(Some(ratio.geometric_mean), mean);
    close(ratio.weighted, weighted);
}

#[test]
fn sums_means_and_weights() {
    // Ratios 4 and 9: geometric mean 6.
    let rows = [row(40, 10, Some(1), Some(20)), row(180, 20, Some(10), Some(180))];
    let totals = Totals::of(&rows).expect("there are rows");
    demand(totals.ours.columns, (220, 30), 6.0, 1840.0 / 210.0);
    demand(totals.ours.interactions, (440, 60), 6.0, 1840.0 / 210.0);
    demand(totals.split.columns, (220, 60), 3.0, 1840.0 / 420.0);
    let powdr = totals.powdr.expect("it was run on all");
    demand(powdr.columns, (220, 200), 2f64.sqrt(), 1840.0 / 1820.0);
}

#[test]
fn nothing_left_counts_as_one() {
    let totals = Totals::of(&[row(7, 1, None, None)]).expect("there is a row");
    close(Some(totals.ours.constraints.geometric_mean), 1.0);
    close(Some(totals.ours.constraints.of_sums), 1.0);
}

#[test]
fn what_was_not_measured_on_all_blocks_has_no_total() {
    let rows = vec![row(40, 10, Some(1), Some(20)), row(180, 20, None, None)];
    let totals = Totals::of(&rows).expect("there are rows");
    assert_eq!(totals.ours.columns.weighted, None, "a frequency is unknown");
    assert_eq!((totals.powdr, totals.oracle), (None, None), "powdr was run on one of two");
    assert!(Totals::of(&[]).is_none());
    let report = Report::new(rows);
    assert_eq!((report.cpu_seconds.ours, report.cpu_seconds.powdr), (1.0, None));
}

#[test]
fn the_worst_block_says_whether_any_is_worse() {
    let worst = |rows| Report::new(rows).worst.expect("powdr was run");
    let better =
        worst(vec![row(9, 4, None, None), row(9, 4, None, Some(6)), row(9, 4, None, Some(5))]);
    assert_eq!((better.gain, better.none_worse), (1.25, true));
    assert!(worst(vec![row(9, 4, None, Some(4))]).none_worse, "the same is not worse");
    let report = Report::new(vec![row(9, 4, None, Some(6)), row(9, 4, None, Some(3))]);
    assert!(!report.worst.as_ref().expect("powdr was run").none_worse);
    let line = "no block worse than powdr: no (worst block, gain 0.750)\n";
    assert!(report.to_string().contains(line), "{report}");
    assert_eq!(Report::new(vec![row(9, 4, None, None)]).worst, None);
}
