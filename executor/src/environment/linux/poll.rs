//! Waiting for descriptors: `epoll` and `poll`.
//!
//! Standard streams are always ready; as the kernel does for files, `epoll` refuses them. Reports are
//! level-triggered.

use super::call::{Args, Clock, EINVAL, ENOENT, EPERM, Reply, number};
use super::files::{File, Table};
use super::wait::{Event, Pending, Wait};
use crate::environment::streams::EBADF;
use crate::environment::transfer;
use crate::hart::Guest;
use crate::host::{CallError, CallResult};

const IN: u32 = 1;
const OUT: u32 = 4;
/// Bytes of an `epoll_event` and of a `pollfd`.
const EVENT: u64 = 16;
const POLL: u64 = 8;

/// What a poller was asked to report about a descriptor, and how to call it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watched {
    events: u32,
    data: u64,
}

impl Table {
    /// The result of a call that waits, if it need not wait any longer.
    pub(super) fn attempt(
        &mut self,
        pending: &Pending,
        guest: &mut dyn Guest,
    ) -> Result<Option<u64>, CallError> {
        match *pending {
            Pending::Read { fd, range } => self.try_read(guest, fd, range),
            Pending::Epoll { fd, events, most } => self.report(guest, fd, events, most),
            Pending::Poll { list, count } => self.look(guest, list, count),
        }
    }

    /// `epoll_pwait` and `ppoll`.
    pub(super) fn poll_call(
        &mut self,
        number: u64,
        args: Args,
        guest: &mut dyn Guest,
        clock: Clock,
    ) -> Result<Reply, CallError> {
        let [a0, a1, a2, a3, ..] = args;
        let (pending, length) = if number == 22 {
            // Milliseconds, of which fewer than 0 mean for ever.
            let milliseconds = u32::try_from(a3 & 0xffff_ffff).expect("32 bits").cast_signed();
            let length = u64::try_from(milliseconds).ok().map(|time| time * 1_000_000);
            (Pending::Epoll { fd: a0, events: a1, most: a2 & 0xffff_ffff }, length)
        } else {
            if a1 > super::files::MOST {
                return Ok(Reply::Value(EINVAL));
            }
            let length = clock.read(guest, a2, number == 414)?;
            (Pending::Poll { list: a0, count: a1 }, length)
        };
        Ok(match (self.attempt(&pending, guest)?, length) {
            (Some(result), _) => Reply::Value(result),
            (None, Some(0)) => Reply::Value(0),
            (None, length) => {
                let (on, deadline) = (Event::Files(pending), clock.after(length));
                Reply::Wait(Wait { on, deadline, expired: 0 })
            }
        })
    }

    /// `epoll_ctl`.
    pub(super) fn watch(&mut self, args: Args, guest: &mut dyn Guest) -> CallResult {
        const ADD: u64 = 1;
        const DELETE: u64 = 2;
        const MODIFY: u64 = 3;
        let [poller, operation, fd, event, ..] = args;
        match self.open.get(&fd).map(|open| &open.file) {
            None => return Ok(EBADF),
            Some(File::Stream(_)) => return Ok(EPERM),
            Some(_) => {}
        }
        self.changed = true;
        let watched = match self.open.get_mut(&poller).map(|open| &mut open.file) {
            Some(File::Poller(watched)) => watched,
            Some(_) => return Ok(EINVAL),
            None => return Ok(EBADF),
        };
        match operation {
            DELETE => Ok(if watched.remove(&fd).is_some() { 0 } else { ENOENT }),
            MODIFY if !watched.contains_key(&fd) => Ok(ENOENT),
            ADD | MODIFY => {
                let bytes = transfer::read(guest, event, EVENT)?;
                let events = u32::from_le_bytes(bytes[..4].try_into().expect("four bytes"));
                watched.insert(fd, Watched { events, data: number(&bytes[8..]) });
                Ok(0)
            }
            _ => Ok(EINVAL),
        }
    }

    /// The events of a descriptor, of those asked for.
    fn events(&self, fd: u64, asked: u32) -> Option<u32> {
        let (readable, writable) = self.readiness(fd)?;
        Some(asked & (if readable { IN } else { 0 } | if writable { OUT } else { 0 }))
    }

    /// Writes what a poller has to report; nothing if there is nothing.
    fn report(
        &self,
        guest: &mut dyn Guest,
        poller: u64,
        addr: u64,
        most: u64,
    ) -> Result<Option<u64>, CallError> {
        let watched = match self.open.get(&poller).map(|open| &open.file) {
            Some(File::Poller(watched)) => watched,
            Some(_) => return Ok(Some(EINVAL)),
            None => return Ok(Some(EBADF)),
        };
        let ready = watched.iter().filter_map(|(&fd, watched)| {
            let events = self.events(fd, watched.events).filter(|&events| events != 0)?;
            Some((events, watched.data))
        });
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let mut bytes = Vec::new();
        for (events, data) in ready.take(most) {
            bytes.extend(u64::from(events).to_le_bytes());
            bytes.extend(data.to_le_bytes());
        }
        transfer::write(guest, addr, &bytes)?;
        Ok((!bytes.is_empty()).then_some(bytes.len() as u64 / EVENT))
    }

    /// Fills in the list of a `poll`; nothing if none of its descriptors is ready.
    fn look(&self, guest: &mut dyn Guest, list: u64, count: u64) -> Result<Option<u64>, CallError> {
        const INVALID: u32 = 0x20;
        let mut bytes = transfer::read(guest, list, count * POLL)?;
        let mut ready = 0;
        for entry in bytes.chunks_exact_mut(8) {
            let fd = i32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]);
            let asked = u32::from(u16::from_le_bytes([entry[4], entry[5]]));
            let found = match u64::try_from(fd) {
                Ok(fd) => self.events(fd, asked).unwrap_or(INVALID),
                // Negative ones are passed over.
                Err(_) => 0,
            };
            let [low, high, ..] = found.to_le_bytes();
            entry[6..].copy_from_slice(&[low, high]);
            ready += u64::from(found != 0);
        }
        if ready > 0 {
            transfer::write(guest, list, &bytes)?;
        }
        Ok((ready > 0).then_some(ready))
    }
}
