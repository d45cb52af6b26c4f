//! How fast executors run guests: the figures, as JSON and as a table.
//!
//! Who measures calls the executors in turns, so that what else the machine does hits all of them.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The version of the JSON form.
const VERSION: u32 = 1;

/// The measurements of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecReport {
    /// 1.
    pub version: u32,
    /// How often each executor ran each guest.
    pub repeats: usize,
    /// The guests, in the order in which they were measured.
    pub guests: Vec<GuestTimes>,
    /// Executors that were not there, and why.
    pub missing: Vec<String>,
}

/// The measurements of one guest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GuestTimes {
    /// The name of its file.
    pub guest: String,
    /// `rv32` or `rv64`.
    pub isa: String,
    /// The environment in which autoprec ran it.
    pub environment: String,
    /// What it executes, as autoprec counts.
    pub instructions: u64,
    /// The most memory that the program has had by the end of these runs, in bytes, where asked for.
    pub peak_bytes: Option<u64>,
    /// The executors, autoprec first.
    pub executors: Vec<ExecutorTime>,
}

/// The time of one executor on one guest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecutorTime {
    /// `autoprec`, `openvm` or `qemu-user`.
    pub executor: String,
    /// The median of the CPU times of its runs, in seconds.
    pub cpu_seconds: f64,
    /// The least of them.
    pub least: f64,
    /// The greatest of them.
    pub most: f64,
    /// Million instructions per CPU second, by the median.
    pub mips: f64,
    /// Its median over that of autoprec: below 1 is faster.
    pub ratio: f64,
}

impl ExecReport {
    /// A report.
    pub fn new(repeats: usize, guests: Vec<GuestTimes>, missing: Vec<String>) -> Self {
        Self { version: VERSION, repeats, guests, missing }
    }

    /// The JSON form, with a newline at the end.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("plain data is JSON");
        text.push('\n');
        text
    }
}

impl GuestTimes {
    /// Enters the times of an executor's runs, of which there is at least one; autoprec's are the
    /// first to be entered.
    pub fn enter(&mut self, executor: &str, times: &[Duration]) {
        let mut seconds: Vec<f64> = times.iter().map(Duration::as_secs_f64).collect();
        seconds.sort_by(f64::total_cmp);
        let median = median(&seconds);
        let own = self.executors.first().map_or(median, |own| own.cpu_seconds);
        #[expect(clippy::cast_precision_loss, reason = "it is shown with a few digits")]
        let mips = self.instructions as f64 / median / 1e6;
        self.executors.push(ExecutorTime {
            executor: executor.to_owned(),
            cpu_seconds: median,
            least: seconds[0],
            most: seconds[seconds.len() - 1],
            mips,
            ratio: median / own,
        });
    }
}

/// The middle of sorted numbers, or the mean of the two that are.
fn median(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) {
        f64::midpoint(sorted[half - 1], sorted[half])
    } else {
        sorted[half]
    }
}

impl fmt::Display for ExecReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "median CPU time of {} runs, in turns; ratio is to autoprec's", self.repeats)?;
        let memory = self.guests.iter().any(|guest| guest.peak_bytes.is_some());
        write!(f, "{:<24} {:<4} {:<8} {:>13}", "guest", "isa", "for", "instructions")?;
        if memory {
            write!(f, " {:>9}", "peak, MiB")?;
        }
        writeln!(f, "  {:<10} {:>9} {:>7} {:>7}", "executor", "CPU s", "MIPS", "ratio")?;
        for guest in &self.guests {
            for (index, time) in guest.executors.iter().enumerate() {
                let GuestTimes { guest: name, isa, environment, instructions, .. } = guest;
                if index == 0 {
                    write!(f, "{name:<24} {isa:<4} {environment:<8} {instructions:>13}")?;
                } else {
                    write!(f, "{:52}", "")?;
                }
                if memory {
                    write!(f, " {:>9}", mebibytes(guest.peak_bytes))?;
                }
                let ExecutorTime { executor, cpu_seconds, mips, ratio, .. } = time;
                writeln!(f, "  {executor:<10} {cpu_seconds:>9.4} {mips:>7.0} {ratio:>7.3}")?;
            }
        }
        self.missing.iter().try_for_each(|why| writeln!(f, "not measured: {why}"))
    }
}

fn mebibytes(bytes: Option<u64>) -> String {
    #[expect(clippy::cast_precision_loss, reason = "it is shown with a few digits")]
    let shown = |bytes: u64| format!("{:.1}", bytes as f64 / f64::from(1 << 20));
    bytes.map(shown).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> ExecReport {
        let mut guest = GuestTimes {
            guest: "a.elf".into(),
            isa: "rv32".into(),
            environment: "bare".into(),
            instructions: 3_000_000,
            peak_bytes: None,
            executors: Vec::new(),
        };
        guest.enter("autoprec", &[5, 9, 6].map(Duration::from_millis));
        guest.enter("qemu-user", &[1, 2].map(Duration::from_millis));
        ExecReport::new(3, vec![guest], vec!["openvm: gone".into()])
    }

    #[test]
    fn medians_rates_and_ratios() {
        let report = report();
        let [own, qemu] = &report.guests[0].executors[..] else { panic!("two executors") };
        assert_eq!((own.cpu_seconds, own.least, own.most), (0.006, 0.005, 0.009));
        assert_eq!((own.mips, own.ratio), (500.0, 1.0));
        assert_eq!((qemu.cpu_seconds, qemu.ratio), (0.0015, 0.25));
        let read: ExecReport = serde_json::from_str(&report.to_json()).unwrap();
        assert_eq!(read, report);
    }

    #[test]
    fn the_table_has_a_line_per_executor() {
        let shown = report().to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(
            lines[1..],
            [
                "guest                    isa  for       instructions  executor       CPU s    \
                 MIPS   ratio",
                "a.elf                    rv32 bare           3000000  autoprec      0.0060     \
                 500   1.000",
                "                                                      qemu-user     0.0015    \
                 2000   0.250",
                "not measured: openvm: gone",
            ]
        );
    }
}
