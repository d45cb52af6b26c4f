//! The original guest, and whether guest, profile and report belong together.

use autoprec_dashboards::Report;
use autoprec_guest_elf::Program;
use autoprec_linker::Manifest;
use autoprec_profile::Profile;

use crate::PageError;

/// The guest that the report is about, before it was patched.
pub(crate) fn original(elf: &[u8], report: &Report) -> Result<Program, PageError> {
    let program = Program::load(elf)?;
    let wanted = &report.guest.elf_digest;
    if program.digest == *wanted {
        return Ok(program);
    }
    let other = || PageError::OtherGuest { report: wanted.clone(), guest: program.digest.clone() };
    let manifest = Manifest::read(elf)?.ok_or_else(other)?;
    let patched = report.guest.patched_digest.as_ref() == Some(&program.digest);
    if !patched || hex::encode(manifest.original) != *wanted {
        return Err(other());
    }
    let mut restored = program.with_patches_undone(&manifest.patches());
    // The linker's symbols would be leaders of blocks that the original does not have.
    let mut symbols = std::mem::take(&mut restored.symbols);
    let of_calls = |name: &str, addr: u64| {
        manifest.calls.iter().any(|call| call.entry == addr && call.symbol() == name)
    };
    symbols.retain(|symbol| !of_calls(&symbol.name, symbol.addr));
    restored.digest.clone_from(wanted);
    Ok(restored.with_symbols(symbols))
}

/// Checks that the profile is of the report's run, and that it is whole: what it says of call paths and
/// of spans has the same sums.
pub(crate) fn check_profile(profile: &Profile, report: &Report) -> Result<(), PageError> {
    if profile.elf_digest != report.guest.elf_digest {
        let (profile, report) = (profile.elf_digest.clone(), report.guest.elf_digest.clone());
        return Err(PageError::ProfileOfOther { profile, report });
    }
    let damaged = |what: String| Err(PageError::Profile { what });
    let mut left: Vec<u64> = profile.spans.iter().map(|span| span.count).collect();
    for visit in &profile.visits {
        if visit.stack >= profile.stacks.len() {
            return damaged(format!("call path {} is missing", visit.stack));
        }
        let Some(count) = left.get_mut(visit.span) else {
            return damaged(format!("span {} is missing", visit.span));
        };
        let Some(rest) = count.checked_sub(visit.count) else {
            return damaged(format!("span {} was executed less often than visited", visit.span));
        };
        *count = rest;
    }
    if let Some(span) = left.iter().position(|&rest| rest > 0) {
        return damaged(format!("span {span} was executed more often than visited"));
    }
    let executed = |span: &autoprec_profile::Span| u128::from(span.insts) * u128::from(span.count);
    let sum: u128 = profile.spans.iter().map(executed).sum();
    if sum != u128::from(profile.instructions) {
        let all = profile.instructions;
        return damaged(format!("its spans have {sum} instructions, the run {all}"));
    }
    match report.totals {
        Some(totals) if totals.instructions != profile.instructions => {
            Err(PageError::OtherRun { report: totals.instructions, profile: profile.instructions })
        }
        _ => Ok(()),
    }
}
