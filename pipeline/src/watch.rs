//! Who is told how far a build is.

/// What a build does at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Finding code, blocks and regions.
    Extracting,
    /// Making constraint systems.
    Synthesising,
    /// Running the guest to record states.
    Recording,
    /// Checking this many systems.
    Checking(usize),
    /// Writing the patched guest.
    Linking,
    /// Running original and patched guest.
    Comparing,
}

impl Stage {
    /// What people read.
    pub fn name(self) -> &'static str {
        match self {
            Self::Extracting => "extracting regions",
            Self::Synthesising => "synthesising",
            Self::Recording => "recording states",
            Self::Checking(_) => "checking precompiles",
            Self::Linking => "linking",
            Self::Comparing => "comparing original and patched guest",
        }
    }
}

/// Somebody who is told.
pub trait Watch: Sync {
    /// A stage begins; the one before has ended.
    fn stage(&self, stage: Stage);
    /// One more of the stage's things is done.
    fn step(&self) {}
    /// The last stage has ended.
    fn done(&self) {}
}

/// Nobody.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Watch for Silent {
    fn stage(&self, _: Stage) {}
}
