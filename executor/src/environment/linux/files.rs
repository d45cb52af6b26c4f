//! File descriptors: the standard streams, and pipes and counters between threads.
//!
//! Invariant: whoever changes what another thread may wait for sets [`Table::changed`].

use std::collections::{BTreeMap, VecDeque};

use super::call::{
    Answer, Args, Clock, EAGAIN, EINVAL, ENOENT, ENOSYS, ENOTTY, ESPIPE, Reply, error, number,
};
use super::poll::Watched;
use super::wait::{Event, Pending, Wait};
use crate::environment::streams::{EBADF, Files};
use crate::environment::transfer;
use crate::hart::Guest;
use crate::host::{CallError, CallResult, Output};

/// Most open descriptors.
pub(super) const MOST: u64 = 1024;
/// Bytes that a pipe holds.
const PIPE_BYTES: usize = 1 << 16;

const EMFILE: u64 = error(24);
const EPIPE: u64 = error(32);

/// A pipe that its owner may read and write.
const PIPE_MODE: u32 = 0o010_600;
const NON_BLOCKING: u64 = 0o4000;

/// What a descriptor stands for.
#[derive(Debug)]
pub(super) enum File {
    /// A standard stream.
    Stream(u64),
    /// The end of a pipe that is read.
    Reader(u64),
    /// The end of a pipe that is written.
    Writer(u64),
    /// An `eventfd`.
    Counter(u64),
    /// Descriptors that are waited for.
    Poller(BTreeMap<u64, Watched>),
}

#[derive(Debug)]
pub(super) struct Open {
    pub(super) file: File,
    non_blocking: bool,
}

/// What is open.
#[derive(Debug)]
pub(super) struct Table {
    streams: Files,
    pub(super) open: BTreeMap<u64, Open>,
    pipes: BTreeMap<u64, VecDeque<u8>>,
    /// Whether something may have become ready.
    pub(super) changed: bool,
}

impl Table {
    pub(super) fn new(stdin: &[u8]) -> Self {
        let stream = |fd| (fd, Open { file: File::Stream(fd), non_blocking: false });
        Self {
            streams: Files::new(stdin),
            open: (0..=2).map(stream).collect(),
            pipes: BTreeMap::new(),
            changed: false,
        }
    }

    pub(super) fn output(&mut self) -> &mut Output {
        &mut self.streams.output
    }

    pub(super) fn call(
        &mut self,
        number: u64,
        args: Args,
        guest: &mut dyn Guest,
        clock: Clock,
    ) -> Answer {
        let [a0, a1, a2, ..] = args;
        let result = match number {
            63 => return self.read(guest, a0, (a1, a2)).map(Some),
            22 | 73 | 414 => return self.poll_call(number, args, guest, clock).map(Some),
            64 => self.write(guest, a0, (a1, a2))?,
            65 | 66 => {
                let word = u64::from(clock.xlen.bytes());
                let vector = Vector { addr: a1, count: a2, word };
                return self.vectored(number == 66, a0, vector, guest).map(Some);
            }
            // fstat, and newfstatat as glibc's fstat uses it.
            80 if self.open.contains_key(&a0) => stat(guest, a1)?,
            79 if self.open.contains_key(&a0) => stat(guest, a2)?,
            80 => EBADF,
            25 => self.control(a0, a1, a2),
            57 => self.close(a0),
            19 => self.add(File::Counter(a0 & 0xffff_ffff), a1),
            20 => self.add(File::Poller(BTreeMap::new()), 0),
            21 => self.watch(args, guest)?,
            59 => self.pipe(guest, a0, a1)?,
            // openat, newfstatat, readlinkat, faccessat: there are no files.
            48 | 56 | 78 | 79 | 439 => ENOENT,
            29 => ENOTTY,
            // lseek, pread64, pwrite64
            62 | 67 | 68 => ESPIPE,
            // statx: has a fallback.
            291 => ENOSYS,
            _ => return Ok(None),
        };
        Ok(Some(Reply::Value(result)))
    }

    /// Opens a file; gives its descriptor.
    fn add(&mut self, file: File, flags: u64) -> u64 {
        let Some(fd) = (0..MOST).find(|fd| !self.open.contains_key(fd)) else { return EMFILE };
        self.open.insert(fd, Open { file, non_blocking: flags & NON_BLOCKING != 0 });
        fd
    }

    fn pipe(&mut self, guest: &mut dyn Guest, addr: u64, flags: u64) -> CallResult {
        let Some(id) = (0..MOST).find(|id| !self.pipes.contains_key(id)) else { return Ok(EMFILE) };
        let (reader, writer) =
            (self.add(File::Reader(id), flags), self.add(File::Writer(id), flags));
        if writer == EMFILE {
            self.open.remove(&reader);
            return Ok(EMFILE);
        }
        self.pipes.insert(id, VecDeque::new());
        let bytes = [reader, writer].map(|fd| u32::try_from(fd).expect("below MOST").to_le_bytes());
        transfer::write(guest, addr, &bytes.concat())?;
        Ok(0)
    }

    fn close(&mut self, fd: u64) -> u64 {
        self.changed = true;
        let Some(open) = self.open.remove(&fd) else { return EBADF };
        if let File::Reader(id) | File::Writer(id) = open.file
            && !self.has_end(id, true)
            && !self.has_end(id, false)
        {
            self.pipes.remove(&id);
        }
        for open in self.open.values_mut() {
            if let File::Poller(watched) = &mut open.file {
                watched.remove(&fd);
            }
        }
        0
    }

    /// Whether the end of a pipe that is written, or that is read, is open.
    fn has_end(&self, id: u64, writer: bool) -> bool {
        self.open.values().any(|open| match open.file {
            File::Reader(of) => of == id && !writer,
            File::Writer(of) => of == id && writer,
            _ => false,
        })
    }

    /// `fcntl`.
    fn control(&mut self, fd: u64, command: u64, value: u64) -> u64 {
        const GET_DESCRIPTOR_FLAGS: u64 = 1;
        const SET_DESCRIPTOR_FLAGS: u64 = 2;
        const GET_FLAGS: u64 = 3;
        const SET_FLAGS: u64 = 4;
        let Some(open) = self.open.get_mut(&fd) else { return EBADF };
        match command {
            GET_DESCRIPTOR_FLAGS | SET_DESCRIPTOR_FLAGS => 0,
            GET_FLAGS => {
                let access = match open.file {
                    File::Stream(0) | File::Reader(_) => 0,
                    File::Stream(_) | File::Writer(_) => 1,
                    File::Counter(_) | File::Poller(_) => 2,
                };
                access | if open.non_blocking { NON_BLOCKING } else { 0 }
            }
            SET_FLAGS => {
                open.non_blocking = value & NON_BLOCKING != 0;
                0
            }
            _ => EINVAL,
        }
    }

    /// Whether a read, and whether a write, would not wait.
    pub(super) fn readiness(&self, fd: u64) -> Option<(bool, bool)> {
        Some(match self.open.get(&fd)?.file {
            File::Stream(stream) => (stream == 0, stream != 0),
            File::Reader(id) => {
                let holds = self.pipes.get(&id).is_some_and(|pipe| !pipe.is_empty());
                (holds || !self.has_end(id, true), false)
            }
            File::Writer(id) => {
                (false, self.pipes.get(&id).is_none_or(|pipe| pipe.len() < PIPE_BYTES))
            }
            File::Counter(value) => (value > 0, true),
            File::Poller(_) => (false, false),
        })
    }

    fn read(
        &mut self,
        guest: &mut dyn Guest,
        fd: u64,
        range: (u64, u64),
    ) -> Result<Reply, CallError> {
        Ok(match self.try_read(guest, fd, range)? {
            Some(result) => Reply::Value(result),
            None if self.open.get(&fd).is_some_and(|open| open.non_blocking) => {
                Reply::Value(EAGAIN)
            }
            None => {
                let on = Event::Files(Pending::Read { fd, range });
                Reply::Wait(Wait { on, deadline: None, expired: 0 })
            }
        })
    }

    /// Bytes read or an error number; nothing if there is nothing yet.
    pub(super) fn try_read(
        &mut self,
        guest: &mut dyn Guest,
        fd: u64,
        (addr, len): (u64, u64),
    ) -> Result<Option<u64>, CallError> {
        let Some(open) = self.open.get_mut(&fd) else { return Ok(Some(EBADF)) };
        match &mut open.file {
            File::Stream(stream) => self.streams.read(guest, *stream, (addr, len)).map(Some),
            File::Counter(_) if len < 8 => Ok(Some(EINVAL)),
            File::Counter(0) => Ok(None),
            File::Counter(value) => {
                transfer::write(guest, addr, &std::mem::take(value).to_le_bytes())?;
                Ok(Some(8))
            }
            &mut File::Reader(id) => {
                let ends = !self.has_end(id, true);
                let Some(pipe) = self.pipes.get_mut(&id) else { return Ok(Some(0)) };
                if pipe.is_empty() {
                    return Ok(ends.then_some(0));
                }
                let count = pipe.len().min(usize::try_from(len).unwrap_or(usize::MAX));
                let bytes: Vec<u8> = pipe.drain(..count).collect();
                transfer::write(guest, addr, &bytes)?;
                self.changed = true;
                Ok(Some(count as u64))
            }
            File::Writer(_) | File::Poller(_) => Ok(Some(EBADF)),
        }
    }

    /// Bytes written or an error number.
    fn write(&mut self, guest: &mut dyn Guest, fd: u64, (addr, len): (u64, u64)) -> CallResult {
        let Some(open) = self.open.get_mut(&fd) else { return Ok(EBADF) };
        match &mut open.file {
            File::Stream(stream) => self.streams.write(guest, *stream, (addr, len)),
            File::Counter(_) if len < 8 => Ok(EINVAL),
            File::Counter(value) => {
                let bytes = transfer::read(guest, addr, 8)?;
                *value = value.saturating_add(number(&bytes));
                self.changed = true;
                Ok(8)
            }
            &mut File::Writer(id) => {
                if !self.has_end(id, false) {
                    return Ok(EPIPE);
                }
                let pipe = self.pipes.entry(id).or_default();
                let room = PIPE_BYTES.saturating_sub(pipe.len()) as u64;
                if room == 0 && len > 0 {
                    return Ok(EAGAIN);
                }
                let len = len.min(room);
                pipe.extend(transfer::read(guest, addr, len)?);
                self.changed = true;
                Ok(len)
            }
            File::Reader(_) | File::Poller(_) => Ok(EBADF),
        }
    }

    /// `readv` and `writev`.
    fn vectored(
        &mut self,
        write: bool,
        fd: u64,
        vector: Vector,
        guest: &mut dyn Guest,
    ) -> Result<Reply, CallError> {
        let Vector { addr: vector, count, word } = vector;
        if count > 1024 {
            return Ok(Reply::Value(EINVAL));
        }
        let mut total = 0;
        for index in 0..count {
            let entry = transfer::read(guest, vector.wrapping_add(index * 2 * word), 2 * word)?;
            let (addr, len) = entry.split_at(entry.len() / 2);
            let (addr, len) = (number(addr), number(len));
            let done = if write {
                self.write(guest, fd, (addr, len))?
            } else {
                // What was read before is given before anything is waited for.
                match self.try_read(guest, fd, (addr, len))? {
                    Some(done) => done,
                    None if total == 0 => return self.read(guest, fd, (addr, len)),
                    None => break,
                }
            };
            if done > len {
                // An error number.
                return Ok(Reply::Value(if total == 0 { done } else { total }));
            }
            total += done;
            if done < len {
                break;
            }
        }
        Ok(Reply::Value(total))
    }
}

/// An array of `struct iovec`.
#[derive(Clone, Copy)]
struct Vector {
    addr: u64,
    count: u64,
    /// Bytes of a field.
    word: u64,
}

/// The kernel's `struct stat` of a pipe.
fn stat(guest: &mut dyn Guest, addr: u64) -> CallResult {
    let mut bytes = [0; 128];
    bytes[16..20].copy_from_slice(&PIPE_MODE.to_le_bytes());
    bytes[20..24].copy_from_slice(&1u32.to_le_bytes());
    bytes[56..60].copy_from_slice(&4096u32.to_le_bytes());
    transfer::write(guest, addr, &bytes)?;
    Ok(0)
}
