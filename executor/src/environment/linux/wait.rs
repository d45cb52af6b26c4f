//! What threads wait for.

/// What a thread waits for.
#[derive(Debug)]
pub(super) struct Wait {
    pub(super) on: Event,
    /// The time at which it goes on in any case.
    pub(super) deadline: Option<u64>,
    /// The result of its call in that case.
    pub(super) expired: u64,
}

#[derive(Debug)]
pub(super) enum Event {
    /// Nothing but the deadline.
    Time,
    Futex {
        addr: u64,
        bits: u32,
    },
    Files(Pending),
}

/// A call that waits for files.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pending {
    /// Address and length.
    Read {
        fd: u64,
        range: (u64, u64),
    },
    Epoll {
        fd: u64,
        events: u64,
        most: u64,
    },
    Poll {
        list: u64,
        count: u64,
    },
}
