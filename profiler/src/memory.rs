//! Guest memory: one flat window that nearly every access hits, and pages by number for the rest.
//!
//! The window is zeroed by the allocator, so the operating system commits only what is touched. One
//! byte of flags per page answers at once whether an access is allowed and whether a store needs a
//! closer look. Invariant: a page that may hold anything but zeros has [`DIRTY`]; stores to a page
//! with [`GUARDED`] or [`UNSAVED`], or without [`DIRTY`], take the slow path. While touched words are
//! noted, every access does.

mod special;
mod touched;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use autoprec_isa::Width;
use sha2::{Digest as _, Sha256};

use self::special::SavedPage;
use self::touched::Touched;
use crate::accesses;

/// Bytes of a page.
pub(crate) const PAGE: u64 = 1 << PAGE_BITS;
const PAGE_BITS: u32 = 12;
const PAGE_BYTES: usize = 1 << PAGE_BITS;

/// Loads are allowed.
pub(crate) const READ: u8 = 1;
/// Stores are allowed.
pub(crate) const WRITE: u8 = 2;
const DIRTY: u8 = 4;
const GUARDED: u8 = 8;
/// The page is as it was when the checkpoint was made.
const UNSAVED: u8 = 16;
/// Loads are allowed and take the slow path, which notes them; in place of [`READ`].
const OBSERVED: u8 = 32;

/// Why an access failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccessError {
    /// No memory there, or read-only.
    Denied,
    /// The bytes belong to a patch.
    Patched,
    /// The bytes were executed.
    Executed,
}

/// Marks of one halfword of writable code.
const EXECUTED: u8 = 1;
const STORED: u8 = 2;

#[derive(Debug)]
struct Guard {
    range: Range<u64>,
    /// Per halfword of the range; `None` for a patch, where no store is allowed.
    marks: Option<Vec<u8>>,
}

#[derive(Debug)]
struct FarPage {
    flags: u8,
    /// Absent until something is stored: a page of zeros takes no memory.
    data: Option<Box<[u8]>>,
}

static ZEROS: [u8; PAGE_BYTES] = [0; PAGE_BYTES];

impl FarPage {
    fn fresh() -> Self {
        Self { flags: 0, data: None }
    }
}

/// Bytes by address.
#[derive(Debug)]
pub(crate) struct Memory {
    base: u64,
    /// The window, in whole pages.
    data: Vec<u8>,
    /// Per page of the window.
    flags: Vec<u8>,
    far: BTreeMap<u64, FarPage>,
    /// Numbers of the pages outside the window that may be read and written without being mapped.
    open: Range<u64>,
    guards: Vec<Guard>,
    /// Words touched, if every access is observed.
    touched: Option<RefCell<Touched>>,
    /// An address whose stores are kept one by one, and their lowest bytes.
    port: Option<(u64, Vec<u8>)>,
    /// While there is a checkpoint, the pages stored to since, as they were.
    saved: Option<BTreeMap<u64, SavedPage>>,
}

impl Memory {
    /// No accessible page yet. `window` is page-aligned.
    pub(crate) fn new(window: Range<u64>) -> Self {
        let len = usize::try_from(window.end - window.start).expect("the window fits the host");
        Self {
            base: window.start,
            data: vec![0; len],
            flags: vec![0; len >> PAGE_BITS],
            far: BTreeMap::new(),
            open: 0..0,
            guards: Vec::new(),
            touched: None,
            port: None,
            saved: None,
        }
    }

    /// From now on, notes which words are touched. This makes every access slow.
    pub(crate) fn observe(&mut self, word_bytes: u32) {
        self.touched = Some(RefCell::new(Touched::new(word_bytes)));
        for flags in &mut self.flags {
            *flags = observed(*flags);
        }
    }

    /// The words touched since [`Self::observe`].
    pub(crate) fn touched(&self) -> Option<accesses::Touched> {
        self.touched.as_ref().map(|touched| touched.borrow().count())
    }

    fn note(&self, page: u64, offset: usize, len: usize) {
        if let Some(touched) = &self.touched {
            touched.borrow_mut().note(page, offset, len);
        }
    }

    /// Pages that were stored to, by the loader or since.
    pub(crate) fn dirty_pages(&self) -> u64 {
        let far = self.far.values().map(|page| page.flags);
        self.flags.iter().copied().chain(far).filter(|flags| flags & DIRTY != 0).count() as u64
    }

    /// Allows loads and stores in all of `range`, whose pages outside the window are made when they
    /// are stored to.
    pub(crate) fn open(&mut self, range: Range<u64>) {
        let window = self.base..self.base + self.data.len() as u64;
        let near = range.start.max(window.start)..range.end.min(window.end);
        self.map(near, READ | WRITE);
        self.open = pages(&range);
    }

    fn flags_mut(&mut self, page: u64) -> &mut u8 {
        if let Some(index) = self.index(page) {
            return &mut self.flags[index];
        }
        &mut self.far_page(page).flags
    }

    fn flags(&self, page: u64) -> u8 {
        match self.index(page) {
            Some(index) => self.flags[index],
            None => self.far.get(&page).map_or_else(|| self.far_flags(page), |p| p.flags),
        }
    }

    /// Flags of a page outside the window that nothing was stored to.
    fn far_flags(&self, page: u64) -> u8 {
        if self.open.contains(&page) { READ | WRITE } else { 0 }
    }

    fn far_page(&mut self, page: u64) -> &mut FarPage {
        let flags = self.far_flags(page);
        self.far.entry(page).or_insert_with(|| FarPage { flags, ..FarPage::fresh() })
    }

    /// Allows accesses to every page that `range` touches.
    pub(crate) fn map(&mut self, range: Range<u64>, permission: u8) {
        let permission = if self.touched.is_some() { observed(permission) } else { permission };
        for page in pages(&range) {
            *self.flags_mut(page) |= permission;
        }
    }

    /// Takes whole pages away and zeroes them.
    pub(crate) fn unmap(&mut self, range: Range<u64>) {
        for page in pages(&range) {
            if self.flags(page) & DIRTY != 0 {
                self.page_mut(page).fill(0);
            }
            if self.far.remove(&page).is_none() && self.flags(page) != 0 {
                *self.flags_mut(page) = 0;
            }
        }
    }

    /// Whether no page of `range` is accessible.
    pub(crate) fn is_free(&self, range: &Range<u64>) -> bool {
        pages(range).all(|page| self.flags(page) == 0)
    }

    /// Refuses stores to the bytes of a patch.
    pub(crate) fn guard_patch(&mut self, range: Range<u64>) {
        self.guard(Guard { range, marks: None });
        // Patches first: they say more about what went wrong.
        self.guards.rotate_right(1);
    }

    /// Watches code that may be stored to.
    pub(crate) fn guard_code(&mut self, range: Range<u64>) {
        let halfwords = usize::try_from((range.end - range.start).div_ceil(2)).unwrap_or(0);
        self.guard(Guard { range, marks: Some(vec![0; halfwords]) });
    }

    fn guard(&mut self, guard: Guard) {
        for page in pages(&guard.range) {
            *self.flags_mut(page) |= GUARDED;
        }
        self.guards.push(guard);
    }

    /// Notes that the bytes are executed. False if they were stored to before, and so may differ
    /// from the program's.
    pub(crate) fn note_execution(&mut self, range: &Range<u64>) -> bool {
        self.guards.iter_mut().all(|guard| {
            guard.marks_in(range).iter_mut().all(|mark| {
                *mark |= EXECUTED;
                *mark & STORED == 0
            })
        })
    }

    /// Where the window holds a page, if it does.
    fn index(&self, page: u64) -> Option<usize> {
        let index = usize::try_from(page.wrapping_sub(self.base >> PAGE_BITS)).ok()?;
        (index < self.flags.len()).then_some(index)
    }

    /// The page's bytes, present if its flags are.
    fn page_mut(&mut self, page: u64) -> &mut [u8] {
        if let Some(index) = self.index(page) {
            return &mut self.data.as_chunks_mut::<PAGE_BYTES>().0[index];
        }
        self.far_page(page).data.get_or_insert_with(|| ZEROS.into())
    }

    fn page(&self, page: u64) -> Option<&[u8]> {
        match self.index(page) {
            Some(index) => Some(&self.data.as_chunks::<PAGE_BYTES>().0[index]),
            None => self.far.get(&page).map(|p| p.data.as_deref().unwrap_or(&ZEROS)),
        }
    }

    /// Fills memory without asking for permission; for loading.
    pub(crate) fn initialise(&mut self, addr: u64, bytes: &[u8]) {
        for (page, range, offset) in chunks(addr, bytes.len()) {
            *self.flags_mut(page) |= DIRTY;
            let len = range.len();
            self.page_mut(page)[offset..offset + len].copy_from_slice(&bytes[range]);
        }
    }

    /// Copies out; for the environment.
    pub(crate) fn read(&self, addr: u64, out: &mut [u8]) -> Result<(), AccessError> {
        for (page, range, offset) in chunks(addr, out.len()) {
            if self.flags(page) & (READ | OBSERVED) == 0 {
                return Err(AccessError::Denied);
            }
            let len = range.len();
            match self.page(page) {
                Some(data) => out[range].copy_from_slice(&data[offset..offset + len]),
                None => out[range].fill(0),
            }
            self.note(page, offset, len);
        }
        Ok(())
    }

    /// Copies in; for the environment and for stores that need a closer look.
    pub(crate) fn write(&mut self, addr: u64, bytes: &[u8]) -> Result<(), AccessError> {
        let all = chunks(addr, bytes.len());
        let mut guarded = false;
        for (page, ..) in all.clone() {
            let flags = self.flags(page);
            if flags & WRITE == 0 {
                return Err(AccessError::Denied);
            }
            guarded |= flags & GUARDED != 0;
        }
        if guarded {
            self.check_guards(&(addr..addr.saturating_add(bytes.len() as u64)))?;
            if let Some((port, kept)) = &mut self.port
                && *port == addr
            {
                kept.extend(bytes.first());
            }
        }
        for (page, range, offset) in all {
            self.save(page);
            *self.flags_mut(page) |= DIRTY;
            let len = range.len();
            self.page_mut(page)[offset..offset + len].copy_from_slice(&bytes[range]);
            self.note(page, offset, len);
        }
        Ok(())
    }

    fn check_guards(&mut self, range: &Range<u64>) -> Result<(), AccessError> {
        for guard in &mut self.guards {
            if range.start >= guard.range.end || range.end <= guard.range.start {
                continue;
            }
            if guard.marks.is_none() {
                return Err(AccessError::Patched);
            }
            for mark in guard.marks_in(range) {
                if *mark & EXECUTED != 0 {
                    return Err(AccessError::Executed);
                }
                *mark |= STORED;
            }
        }
        Ok(())
    }

    /// Index of the page in the window and offset in it; the window starts with a page.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the executor's inner loop")]
    fn locate(&self, addr: u64) -> Option<(usize, usize)> {
        let distance = usize::try_from(addr.wrapping_sub(self.base)).ok()?;
        Some((distance >> PAGE_BITS, distance % PAGE_BYTES))
    }

    /// The aligned value at `addr`, if the window holds it and loads are allowed.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the executor's inner loop")]
    pub(crate) fn load_fast(&self, width: Width, addr: u64) -> Option<u64> {
        let (page, offset) = self.locate(addr)?;
        if self.flags.get(page)? & READ == 0 || !addr.is_multiple_of(u64::from(width.bytes())) {
            return None;
        }
        let data = self.data.as_chunks::<PAGE_BYTES>().0.get(page)?;
        Some(match width {
            Width::Byte => u64::from(data[offset]),
            Width::Half => u64::from(u16::from_le_bytes(data.as_chunks().0[offset / 2])),
            Width::Word => u64::from(u32::from_le_bytes(data.as_chunks().0[offset / 4])),
            Width::Double => u64::from_le_bytes(data.as_chunks().0[offset / 8]),
        })
    }

    /// Stores an aligned value, if the window holds it and nothing asks for a closer look.
    #[inline(always)]
    pub(crate) fn store_fast(&mut self, width: Width, addr: u64, value: u64) -> Option<()> {
        const PLAIN: u8 = WRITE | DIRTY;
        let (page, offset) = self.locate(addr)?;
        let plain = self.flags.get(page)? & (PLAIN | GUARDED | UNSAVED) == PLAIN;
        if !plain || !addr.is_multiple_of(u64::from(width.bytes())) {
            return None;
        }
        let data = self.data.as_chunks_mut::<PAGE_BYTES>().0.get_mut(page)?;
        let [b0, b1, b2, b3, ..] = value.to_le_bytes();
        match width {
            Width::Byte => data[offset] = b0,
            Width::Half => data.as_chunks_mut().0[offset / 2] = [b0, b1],
            Width::Word => data.as_chunks_mut().0[offset / 4] = [b0, b1, b2, b3],
            Width::Double => data.as_chunks_mut().0[offset / 8] = value.to_le_bytes(),
        }
        Some(())
    }

    /// Feeds every page that is not zero, in order of address.
    pub(crate) fn digest(&self, hasher: &mut Sha256) {
        let first = self.base >> PAGE_BITS;
        let near = (first..).zip(&self.flags).map(|(page, &flags)| (page, flags));
        let far = |range: Range<u64>| self.far.range(range).map(|(&p, far)| (p, far.flags));
        let all = far(0..first).chain(near).chain(far(first..u64::MAX));
        for (page, _) in all.filter(|(_, flags)| flags & DIRTY != 0) {
            let Some(data) = self.page(page) else { continue };
            if data.iter().any(|&byte| byte != 0) {
                hasher.update((page << PAGE_BITS).to_le_bytes());
                hasher.update(data);
            }
        }
    }
}

impl Guard {
    /// Marks of the halfwords that `range` touches.
    fn marks_in(&mut self, range: &Range<u64>) -> &mut [u8] {
        let start = range.start.max(self.range.start);
        let end = range.end.min(self.range.end);
        let Some(marks) = self.marks.as_mut().filter(|_| start < end) else { return &mut [] };
        let index = |addr: u64| usize::try_from(addr).unwrap_or(usize::MAX);
        let first = index((start - self.range.start) / 2);
        let last = index((end - self.range.start).div_ceil(2)).min(marks.len());
        marks.get_mut(first..last).unwrap_or_default()
    }
}

/// The flags with which no access takes the fast path, and which allow the same.
fn observed(flags: u8) -> u8 {
    let load = if flags & READ == 0 { 0 } else { OBSERVED };
    let store = if flags & WRITE == 0 { 0 } else { GUARDED };
    flags & !READ | load | store
}

/// Numbers of the pages that `range` touches.
fn pages(range: &Range<u64>) -> Range<u64> {
    if range.is_empty() {
        return 0..0;
    }
    range.start >> PAGE_BITS..((range.end - 1) >> PAGE_BITS) + 1
}

/// Splits `len` bytes from `addr` on at page boundaries: page, range of the bytes, offset in the
/// page. Addresses wrap.
fn chunks(addr: u64, len: usize) -> impl Iterator<Item = (u64, Range<usize>, usize)> + Clone {
    let mut done = 0;
    std::iter::from_fn(move || {
        if done == len {
            return None;
        }
        let at = addr.wrapping_add(done as u64);
        let offset = usize::try_from(at & (PAGE - 1)).expect("less than a page");
        let range = done..len.min(done + PAGE_BYTES - offset);
        done = range.end;
        Some((at >> PAGE_BITS, range, offset))
    })
}
