//! What a run executed between markers that the guest printed.

/// What was executed between markers of one name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Section {
    /// As printed, without space around it.
    pub name: String,
    /// Sections that began and ended.
    pub count: u64,
    /// Instructions in all of them, callees included. One that lies within another of its name adds
    /// nothing.
    pub total: u64,
    /// Instructions in the shortest; 0 if there is none.
    pub min: u64,
    /// Instructions in the longest.
    pub max: u64,
    /// Starts without an end.
    pub unclosed: u64,
    /// Ends without a start.
    pub unopened: u64,
}

impl Section {
    /// Instructions per section, rounded down; of recursive ones this may be less than in the
    /// shortest.
    pub fn mean(&self) -> u64 {
        self.total.checked_div(self.count).unwrap_or(0)
    }

    /// Adds the sections of another run.
    pub fn add(&mut self, other: &Self) {
        self.min = match (self.count, other.count) {
            (_, 0) => self.min,
            (0, _) => other.min,
            _ => self.min.min(other.min),
        };
        self.max = self.max.max(other.max);
        self.count += other.count;
        self.total += other.total;
        self.unclosed += other.unclosed;
        self.unopened += other.unopened;
    }

    /// What is wrong with the markers of this name, if anything.
    pub fn note(&self) -> Option<String> {
        let Self { name, unclosed, unopened, .. } = self;
        let part = |count: u64, what: &str| (count > 0).then(|| format!("{what}: {count}"));
        let parts =
            [part(*unclosed, "starts without an end"), part(*unopened, "ends without a start")];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| format!("markers `{name}`: {}", parts.join(", ")))
    }
}
