//! Regions from assembly on one line.

use autoprec_blocks::Region;

/// Where the regions of tests begin.
pub(crate) const ENTRY: u64 = 0x20_0800;

/// The region of these instructions, which are separated by semicolons.
pub(crate) fn region(xlen: &str, assembly: &str) -> Region {
    let numbered = (0..).zip(assembly.split(';').map(str::trim));
    let lines = numbered.map(|(index, line)| format!("{:#x}: {line}", ENTRY + 4 * index));
    let text = lines.fold(format!("region {ENTRY:#x} {xlen}"), |text, line| text + "\n" + &line);
    Region::parse(&text).unwrap_or_else(|error| panic!("{assembly}: {error}"))
}
