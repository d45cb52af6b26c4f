//! What does not belong together is refused with what is wrong, and nothing panics.

use autoprec_dashboards::Report;
use autoprec_pages::{Built, PageError, page_data};
use autoprec_profile::Profile;

use crate::built::{Example, built, example};

/// The error that a change of the report gives.
fn with_report(example: &Example, change: impl Fn(&mut Report)) -> PageError {
    let mut report = example.report.clone();
    change(&mut report);
    page_data(&Built { report: &report, ..example.built() }).expect_err("it does not fit")
}

fn with_profile(example: &Example, change: impl Fn(&mut Profile)) -> PageError {
    let mut profile = example.profile.clone();
    change(&mut profile);
    page_data(&Built { profile: Some(&profile), ..example.built() }).expect_err("it does not fit")
}

#[test]
fn reports_that_do_not_fit_are_refused() {
    let guest = built("sort-vm", "openvm");
    let error = |change: &dyn Fn(&mut Report)| with_report(&guest, change);
    assert!(matches!(
        error(&|r| r.guest.elf_digest = "00".repeat(32)),
        PageError::OtherGuest { .. }
    ));
    assert!(matches!(error(&|r| r.guest.patched_digest = None), PageError::OtherGuest { .. }));
    assert!(matches!(error(&|r| r.precompiles[0].id = 7), PageError::Number { id: 7 }));
    assert!(matches!(error(&|r| r.precompiles[0].entry += 1), PageError::Region { .. }));
    assert!(matches!(error(&|r| r.precompiles[0].entry = u64::MAX - 1), PageError::Region { .. }));
    assert!(matches!(error(&|r| r.precompiles[0].end = u64::MAX), PageError::Region { .. }));
    assert!(matches!(error(&|r| r.precompiles[0].instructions = 0), PageError::Region { .. }));
    assert!(matches!(error(&|r| r.regions[0].end = 0), PageError::Region { .. }));
    assert!(matches!(error(&|r| r.regions[0].entry = 4), PageError::Region { .. }));
    assert!(matches!(error(&|r| r.precompiles[1].cost_before += 1), PageError::Cost { .. }));
    assert!(matches!(error(&|r| r.precompiles[1].calls += 1), PageError::Calls { .. }));
    let twice = |r: &mut Report| {
        let again = r.precompiles[0].clone();
        r.precompiles.push(again);
    };
    assert!(matches!(error(&twice), PageError::Overlap { .. }));
    assert!(matches!(
        error(&|r| r.precompiles[0].system_digest = String::new()),
        PageError::System { .. }
    ));
    assert!(matches!(error(&|r| r.target.form = Some("smoke".to_owned())), PageError::Form(_)));
    assert!(matches!(error(&|r| r.target.name = "zisk".to_owned()), PageError::NoModel { .. }));
    let other_run = |r: &mut Report| r.totals.as_mut().unwrap().instructions += 1;
    assert!(matches!(error(&other_run), PageError::OtherRun { .. }));
}

#[test]
fn profiles_that_do_not_fit_are_refused() {
    let guest = built("sort-vm", "openvm");
    let error = |change: &dyn Fn(&mut Profile)| with_profile(&guest, change);
    let is_damaged = |change: &dyn Fn(&mut Profile)| {
        let error = error(change);
        assert!(matches!(error, PageError::Profile { .. }), "{error}");
    };
    assert!(matches!(error(&|p| p.elf_digest.clear()), PageError::ProfileOfOther { .. }));
    is_damaged(&|p| p.spans.truncate(p.spans.len() / 2));
    is_damaged(&|p| p.stacks.truncate(1));
    is_damaged(&|p| p.visits.truncate(p.visits.len() / 2));
    is_damaged(&|p| p.visits[0].count += 1);
    is_damaged(&|p| p.instructions += 1);
    is_damaged(&|p| p.spans[0].end = u64::MAX);
    is_damaged(&|p| p.spans[0].end = 0);
    is_damaged(&|p| p.spans[0].start += 4);
    is_damaged(&|p| p.spans[0].count = u64::MAX);
}

#[test]
fn guests_that_do_not_fit_are_refused() {
    let guest = built("sort-vm", "openvm");
    let error = |elf: &[u8]| page_data(&Built { elf, ..guest.built() }).unwrap_err();
    assert!(matches!(error(&example("elf/keccak.elf")), PageError::OtherGuest { .. }));
    assert!(matches!(error(b"no guest"), PageError::Load(_)));
    let length = guest.elf.len();
    let cuts = (1..64).map(|cut| length * cut / 64);
    for cut in cuts.chain([length - 1]) {
        error(&guest.elf[..cut]);
    }
}
