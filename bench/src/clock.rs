//! CPU time of work that may be shorter than a clock can tell.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Tells the CPU time that the program has used.
pub type Clock<'a> = &'a (dyn Fn() -> Duration + Sync);

/// Work is repeated until it has taken this long.
const ENOUGH: Duration = Duration::from_millis(10);

/// But not more often, should the clock stand still.
const MAX_RUNS: u32 = 1000;

/// The CPU time of some work.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Time {
    /// Mean of all runs in CPU seconds, the first one with its cold caches included.
    pub cpu_seconds: f64,
    /// How often the work was done.
    pub runs: u32,
}

/// Does some work until [`ENOUGH`] has passed. Gives its last result, and the time without what it
/// takes to prepare the inputs and drop the results.
pub(crate) fn timed<I, T>(
    clock: Clock<'_>,
    mut input: impl FnMut() -> I,
    work: impl Fn(I) -> T,
) -> (T, Time) {
    let mut total = Duration::ZERO;
    let mut once = || {
        let input = input();
        let start = clock();
        let result = work(input);
        total += clock().saturating_sub(start);
        (result, total)
    };
    let mut runs = 1;
    let (mut result, mut taken) = once();
    while taken < ENOUGH && runs < MAX_RUNS {
        (result, taken) = once();
        runs += 1;
    }
    (result, Time { cpu_seconds: taken.as_secs_f64() / f64::from(runs), runs })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// The time of work that takes so long, and how often it was done.
    fn taken(millis: u64) -> (u32, Time) {
        let now = AtomicU64::new(0);
        let clock = || Duration::from_millis(now.load(Ordering::Relaxed));
        let mut inputs = 0;
        let input = || {
            now.fetch_add(100, Ordering::Relaxed);
            inputs += 1;
        };
        let ((), time) = timed(&clock, input, |()| {
            now.fetch_add(millis, Ordering::Relaxed);
        });
        (inputs, time)
    }

    #[test]
    fn short_work_is_repeated_and_preparation_is_free() {
        assert_eq!(taken(3), (4, Time { cpu_seconds: 0.003, runs: 4 }));
        assert_eq!(taken(10), (1, Time { cpu_seconds: 0.01, runs: 1 }));
        assert_eq!(taken(12), (1, Time { cpu_seconds: 0.012, runs: 1 }));
    }

    #[test]
    fn a_clock_that_stands_still_is_not_waited_for() {
        assert_eq!(taken(0), (MAX_RUNS, Time { cpu_seconds: 0.0, runs: MAX_RUNS }));
    }
}
