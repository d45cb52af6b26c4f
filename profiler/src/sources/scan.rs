//! Reads all debug information once: where functions begin, and whether it is whole.

use std::collections::BTreeMap;

use gimli::{
    DW_AT_decl_line, DW_AT_linkage_name, DW_AT_name, DW_TAG_subprogram, DebuggingInformationEntry,
    Dwarf, Reader as _, Unit,
};

use super::{Error, Reader};

/// The lines at which functions begin, by linkage name or else name, and the first error that was
/// met. A name that several functions have is left out.
pub(super) fn scan(sections: &Dwarf<Reader>) -> (BTreeMap<String, u32>, Result<(), Error>) {
    let mut lines: BTreeMap<String, Option<u32>> = BTreeMap::new();
    let mut units = sections.units();
    let mut checked = Ok(());
    loop {
        let header = match units.next() {
            Ok(Some(header)) => header,
            Ok(None) => break,
            // Where the next unit would begin is not known.
            Err(error) => {
                checked = checked.and(Err(error));
                break;
            }
        };
        let unit = sections.unit(header).and_then(|unit| scan_unit(sections, &unit, &mut lines));
        checked = checked.and(unit);
    }
    let known = lines.into_iter().filter_map(|(name, line)| Some((name, line?)));
    (known.collect(), checked)
}

fn scan_unit(
    sections: &Dwarf<Reader>,
    unit: &Unit<Reader>,
    lines: &mut BTreeMap<String, Option<u32>>,
) -> Result<(), Error> {
    let mut entries = unit.entries();
    while let Some(entry) = entries.next_dfs()? {
        if entry.tag() != DW_TAG_subprogram {
            continue;
        }
        if let Some((name, line)) = declared(sections, unit, entry)? {
            let known = lines.entry(name).or_insert(Some(line));
            *known = known.filter(|known| *known == line);
        }
    }
    if let Some(program) = unit.line_program.clone() {
        let mut rows = program.rows();
        while rows.next_row()?.is_some() {}
    }
    Ok(())
}

/// The name of a function and the line it is declared at.
fn declared(
    sections: &Dwarf<Reader>,
    unit: &Unit<Reader>,
    entry: &DebuggingInformationEntry<Reader>,
) -> Result<Option<(String, u32)>, Error> {
    let name = entry.attr_value(DW_AT_linkage_name).or_else(|| entry.attr_value(DW_AT_name));
    let line = entry.attr_value(DW_AT_decl_line).and_then(|value| value.udata_value());
    let (Some(name), Some(line)) = (name, line) else { return Ok(None) };
    let name = sections.attr_string(unit, name)?.to_string_lossy()?.into_owned();
    Ok(u32::try_from(line).ok().filter(|&line| line != 0).map(|line| (name, line)))
}
