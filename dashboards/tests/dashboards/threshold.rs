//! Bounds on builds.

use autoprec_dashboards::{Breach, Report, Threshold, hundredths};

use crate::fixture::{precompile, report};

fn told(threshold: Threshold, reports: &[Report]) -> Vec<String> {
    threshold.check(reports).iter().map(ToString::to_string).collect()
}

#[test]
fn a_build_at_a_bound_is_within_it() {
    let reports = [report(vec![precompile(10000, "f", 0x100, 10)], 10_000, 4_000)];
    let at = Threshold {
        max_cost: Some(4_000),
        min_ratio: Some(250),
        max_worse_percent: Some(0),
        max_precompiles: Some(1),
        max_columns: Some(30),
    };
    assert!(at.check(&reports).is_empty());
    let beyond = Threshold {
        max_cost: Some(3_999),
        min_ratio: Some(251),
        max_worse_percent: None,
        max_precompiles: Some(0),
        max_columns: Some(29),
    };
    assert_eq!(
        told(beyond, &reports),
        [
            "the run costs 4,000 cells; at most 3,999 are allowed",
            "without precompiles the run costs 2.50 times as much; at least 2.51 times are asked for",
            "there are 1 precompiles; at most 0 are allowed",
            "the precompiles have 30 columns; at most 29 are allowed",
        ]
    );
}

#[test]
fn costs_may_grow_by_a_part_of_what_they_were() {
    let before = || report(Vec::new(), 100_000, 20_000);
    let worse = |after, max| {
        let threshold = Threshold { max_worse_percent: Some(max), ..Threshold::default() };
        told(threshold, &[before(), report(Vec::new(), 100_000, after)])
    };
    assert!(worse(19_000, 0).is_empty());
    assert!(worse(20_000, 0).is_empty());
    assert!(worse(20_100, 50).is_empty());
    assert_eq!(
        worse(20_101, 50),
        [
            "the run costs 20,101 cells, with the build before 20,000 (+0.50 %); at most 0.50 % more \
             are allowed"
        ]
    );
    assert_eq!(worse(20_001, 0).len(), 1);
}

#[test]
fn large_numbers_and_zeros_are_compared_exactly() {
    let ratio = |cost, patched, min| {
        let threshold = Threshold { min_ratio: Some(min), ..Threshold::default() };
        threshold.check(&[report(Vec::new(), cost, patched)]).is_empty()
    };
    assert!(ratio(u64::MAX, u64::MAX, 100));
    assert!(!ratio(u64::MAX - 1, u64::MAX, 100));
    assert!(ratio(0, 0, u64::MAX));
    let worse = Threshold { max_worse_percent: Some(u64::MAX), ..Threshold::default() };
    assert!(worse.check(&[report(vec![], 1, 1), report(vec![], 1, u64::MAX / 10_000)]).is_empty());
    assert_eq!(worse.check(&[report(vec![], 1, 1), report(vec![], 1, u64::MAX)]).len(), 1);
    assert_eq!(worse.check(&[report(vec![], 1, 0), report(vec![], 1, 1)]).len(), 1);
}

#[test]
fn what_cannot_be_checked_is_a_breach() {
    let threshold = Threshold { max_worse_percent: Some(100), ..Threshold::default() };
    let mut other = report(Vec::new(), 10, 10);
    let same = report(Vec::new(), 10, 10);
    assert_eq!(threshold.check::<Report>(&[]), [Breach::NoReport]);
    assert!(threshold.check(&[&same]).is_empty());
    other.target.unit = "ns".to_owned();
    assert_eq!(
        told(threshold, &[other.clone(), same.clone()]),
        [
            "the report before cannot be compared: it is for openvm in ns, this one for openvm in cells"
        ]
    );
    other.totals = None;
    assert_eq!(threshold.check(&[same, other.clone()]), [Breach::NoCosts]);
    assert!(Threshold::default().check(&[other]).is_empty());
}

#[test]
fn hundredths_are_read_without_rounding() {
    let good = [("3", 300), ("3.5", 350), ("0.25", 25), ("0", 0), ("007.10", 710)];
    for (text, expected) in good {
        assert_eq!(hundredths(text), Some(expected), "{text}");
    }
    for text in ["", ".", "1.", ".5", "1.234", "-1", "+1", "1e3", "1,5", "184467440737095517"] {
        assert_eq!(hundredths(text), None, "{text}");
    }
    assert_eq!(hundredths("184467440737095516.15"), Some(u64::MAX));
}
