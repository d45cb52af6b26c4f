//! How the time of synthesis grows with the length of the code.

use std::fmt;

use autoprec_blocks::{Region, RegionInst};
use serde::{Deserialize, Serialize};

use crate::clock::{Clock, Time};
use crate::export::Export;
use crate::measure::{MeasureError, size_of, timed_synthesis};
use crate::size::Size;

/// Instructions of the regions that are measured.
pub const LENGTHS: [usize; 7] = [10, 30, 100, 300, 1000, 3000, 10_000];

/// Measurements of regions that are prefixes of one code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scaling {
    /// The name of the file with the code.
    pub file: String,
    /// Instructions of the code that is repeated to reach the lengths.
    pub period: usize,
    /// The regions, the shortest first.
    pub points: Vec<Point>,
}

/// The measurements of one region.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Point {
    /// Its instructions.
    pub instructions: usize,
    /// Of its synthesis, as one system.
    pub time: Time,
    /// Its system.
    pub size: Size,
}

impl Scaling {
    /// Synthesises the first instructions of a block, of the numbers in `lengths`. The block is
    /// repeated where it is too short; a jump at its end is left out.
    ///
    /// # Errors
    /// If the block is nothing but a jump, or a region has no system.
    pub fn measure(
        export: &Export,
        lengths: &[usize],
        clock: Clock<'_>,
    ) -> Result<Self, MeasureError> {
        let file = &export.file;
        let insts = &export.region.insts;
        let straight = insts.iter().take_while(|at| !at.inst.is_control()).count();
        if straight == 0 {
            return Err(MeasureError::OnlyJump { file: file.clone() });
        }
        let point = |&instructions: &usize| -> Result<Point, MeasureError> {
            let region = repeated(&export.region, straight, instructions);
            let (precompile, time) = timed_synthesis(file, &region, clock)?;
            Ok(Point { instructions, time, size: size_of(&precompile) })
        };
        let points = lengths.iter().map(point).collect::<Result<_, _>>()?;
        Ok(Self { file: file.clone(), period: straight, points })
    }

    /// The JSON form, with a newline at the end.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("plain data is JSON");
        text.push('\n');
        text
    }
}

/// `length` instructions, which are the first `period` ones again and again.
fn repeated(region: &Region, period: usize, length: usize) -> Region {
    let mut pc = region.entry();
    let at = |original: &RegionInst| {
        let at = RegionInst { pc, ..*original };
        pc = at.next_pc(region.xlen);
        at
    };
    let insts = region.insts[..period].iter().cycle().take(length).map(at).collect();
    Region::from_insts(region.xlen, insts, 0)
}

impl fmt::Display for Scaling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, period, .. } = self;
        writeln!(f, "code: {period} instructions of {file}, repeated; times are of the CPU")?;
        let titles = ["columns", "messages", "constraints", "time, ms", "µs per instruction"];
        write!(f, "{:>12}", "instructions")?;
        titles.iter().try_for_each(|title| write!(f, " {title:>18}"))?;
        writeln!(f)?;
        self.points.iter().try_for_each(|point| {
            let Point { instructions, time, size } = point;
            write!(f, "{instructions:>12}")?;
            for count in [size.columns, size.interactions, size.constraints] {
                write!(f, " {count:>18}")?;
            }
            let (millis, each) = (1e3 * time.cpu_seconds, point.micros_per_instruction());
            writeln!(f, " {millis:>18.3} {each:>18.2}")
        })
    }
}

impl Point {
    /// CPU microseconds per instruction.
    #[expect(clippy::cast_precision_loss, reason = "it is shown with a few digits")]
    pub fn micros_per_instruction(&self) -> f64 {
        1e6 * self.time.cpu_seconds / self.instructions as f64
    }
}
