//! What changed between two builds.

use std::collections::BTreeMap;

use super::escape::name;
use super::{left_out, line, place};
use crate::figures::{grouped, signed};
use crate::report::{Precompile, Report};

/// Precompiles of a kind that are listed.
const LISTED: usize = 20;

/// The section, if anything changed that it tells.
pub(super) fn section(out: &mut String, label: &str, former: &Report, last: &Report) {
    let (old, new) = (by_id(former), by_id(last));
    line(out, &format!("### Changes since {}", name(label)));
    line(out, "");
    let mut lines = Vec::new();
    if former.guest.elf_digest != last.guest.elf_digest {
        lines.push("The guest differs.".to_owned());
    }
    if former.target.form != last.target.form {
        lines.push("The form of calls differs.".to_owned());
    }
    if commitment(former) != commitment(last) {
        lines.push("What a verifier knows the patched guest by differs.".to_owned());
    }
    for told in &lines {
        line(out, &format!("- {told}"));
    }
    let added = new.iter().filter(|(id, _)| !old.contains_key(id));
    let added: Vec<String> = added.map(|(_, one)| shown(one)).collect();
    let gone = old.iter().filter(|(id, _)| !new.contains_key(id));
    let gone: Vec<String> = gone.map(|(_, one)| shown(one)).collect();
    let both = old.iter().filter_map(|(id, old)| Some((old, new.get(id)?)));
    let changed: Vec<String> = both.filter_map(|(old, new)| changed(old, new)).collect();
    if lines.is_empty() && added.is_empty() && gone.is_empty() && changed.is_empty() {
        line(out, "Nothing changed.");
    }
    line(out, "");
    list(out, "New", &added);
    list(out, "Gone", &gone);
    list(out, "Changed", &changed);
}

fn by_id(report: &Report) -> BTreeMap<u32, &Precompile> {
    report.precompiles.iter().map(|one| (one.id, one)).collect()
}

/// What a verifier knows the patched guest by.
fn commitment(report: &Report) -> Option<&crate::Commitment> {
    report.commitments.as_ref().map(|commitments| &commitments.after)
}

fn list(out: &mut String, kind: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    line(out, &format!("{kind}: {}", grouped(lines.len() as u64)));
    line(out, "");
    for told in lines.iter().take(LISTED) {
        line(out, &format!("- {told}"));
    }
    left_out(out, lines.len().saturating_sub(LISTED));
    line(out, "");
}

fn shown(one: &Precompile) -> String {
    let calls = grouped(one.calls);
    format!("{}, {}, {calls} calls", one.id, place(one.function.as_deref(), one.entry))
}

/// What differs in a precompile; none if nothing does. That its code moved is no change of it, and its
/// system's digest holds addresses.
fn changed(old: &Precompile, new: &Precompile) -> Option<String> {
    let mut what = Vec::new();
    let shape = old.shape_digest != new.shape_digest;
    let moved = old.entry != new.entry || old.end != new.end;
    if shape {
        what.push("other code".to_owned());
    } else if old.system_digest != new.system_digest && !moved {
        what.push("another constraint system".to_owned());
    }
    if old.cost_after != new.cost_after {
        what.push(format!(
            "a call costs {}, was {}",
            grouped(new.cost_after),
            grouped(old.cost_after)
        ));
    }
    if old.calls != new.calls {
        let more = i128::from(new.calls) - i128::from(old.calls);
        what.push(format!("{} calls ({})", grouped(new.calls), signed(more)));
    }
    if moved && !shape {
        what.push(format!("moved from {:#x}", old.entry));
    }
    (!what.is_empty()).then(|| {
        format!("{}, {}: {}", new.id, place(new.function.as_deref(), new.entry), what.join(", "))
    })
}
