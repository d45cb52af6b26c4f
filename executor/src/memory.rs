//! Guest memory: a flat window that nearly every access hits, a second one for guests that use a
//! distant range of addresses as well, and pages by number for the rest.
//!
//! Windows are zeroed by the allocator, so the operating system commits only what is touched. One
//! byte of flags per page answers at once whether an access is allowed and whether a store needs a
//! closer look. Invariants: a page that may hold anything but zeros has [`DIRTY`]; stores to a page
//! with [`GUARDED`] or [`UNSAVED`], or without [`DIRTY`], take the slow path; windows do not overlap.
//! While touched words are noted, every access takes it.

mod guards;
mod special;
mod touched;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use autoprec_isa::Width;
use sha2::{Digest as _, Sha256};

use self::guards::Guard;
use self::special::SavedPage;
use self::touched::Touched;

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

/// A range of whole pages.
#[derive(Debug)]
struct Window {
    base: u64,
    data: Vec<u8>,
    /// Per page.
    flags: Vec<u8>,
}

impl Window {
    /// No accessible page yet. `range` is page-aligned.
    fn new(range: Range<u64>) -> Self {
        let len = usize::try_from(range.end - range.start).expect("the window fits the host");
        Self { base: range.start, data: vec![0; len], flags: vec![0; len >> PAGE_BITS] }
    }

    /// The numbers of its pages.
    fn pages(&self) -> Range<u64> {
        let first = self.base >> PAGE_BITS;
        first..first + self.flags.len() as u64
    }

    /// Which of its pages this is, if it is one.
    fn index(&self, page: u64) -> Option<usize> {
        let index = usize::try_from(page.wrapping_sub(self.base >> PAGE_BITS)).ok()?;
        (index < self.flags.len()).then_some(index)
    }

    /// Index of the page and offset in it; the window starts with a page.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the executor's inner loop")]
    fn locate(&self, addr: u64) -> Option<(usize, usize)> {
        let distance = usize::try_from(addr.wrapping_sub(self.base)).ok()?;
        Some((distance >> PAGE_BITS, distance % PAGE_BYTES))
    }
}

/// Bytes by address.
#[derive(Debug)]
pub(crate) struct Memory {
    /// The second one is empty until it is opened.
    windows: [Window; 2],
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
        let windows = [Window::new(window), Window::new(0..0)];
        Self {
            windows,
            far: BTreeMap::new(),
            open: 0..0,
            guards: Vec::new(),
            touched: None,
            port: None,
            saved: None,
        }
    }

    /// Opens the second window, page-aligned. False, and nothing is done, if it is open already or
    /// would overlap what there is.
    pub(crate) fn add_window(&mut self, window: Range<u64>) -> bool {
        let pages = pages(&window);
        let first = self.windows[0].pages();
        let apart = pages.end <= first.start || first.end <= pages.start;
        let free =
            self.windows[1].flags.is_empty() && apart && self.far.range(pages).next().is_none();
        if free {
            self.windows[1] = Window::new(window);
        }
        free
    }

    /// The window that holds a page, and which of its pages it is.
    fn window(&self, page: u64) -> Option<(&Window, usize)> {
        self.windows.iter().find_map(|window| Some((window, window.index(page)?)))
    }

    /// Which window holds a page, and which of its pages it is.
    fn place(&self, page: u64) -> Option<(usize, usize)> {
        let mut windows = self.windows.iter().enumerate();
        windows.find_map(|(number, window)| Some((number, window.index(page)?)))
    }

    /// From now on, notes which words are touched. This makes every access slow.
    pub(crate) fn observe(&mut self, word_bytes: u32) {
        self.touched = Some(RefCell::new(Touched::new(word_bytes)));
        for flags in self.near_flags() {
            *flags = observed(*flags);
        }
    }

    /// The words touched since [`Self::observe`].
    pub(crate) fn touched(&self) -> Option<autoprec_profile::Touched> {
        self.touched.as_ref().map(|touched| touched.borrow().count())
    }

    fn note(&self, page: u64, offset: usize, len: usize) {
        if let Some(touched) = &self.touched {
            touched.borrow_mut().note(page, offset, len);
        }
    }

    /// Pages that were stored to, by the loader or since.
    pub(crate) fn dirty_pages(&self) -> u64 {
        let near = self.windows.iter().flat_map(|window| window.flags.iter().copied());
        let far = self.far.values().map(|page| page.flags);
        near.chain(far).filter(|flags| flags & DIRTY != 0).count() as u64
    }

    /// Allows loads and stores in all of `range`, whose pages outside the window are made when they
    /// are stored to.
    pub(crate) fn open(&mut self, range: Range<u64>) {
        let window = &self.windows[0].pages();
        let window = window.start << PAGE_BITS..window.end << PAGE_BITS;
        let near = range.start.max(window.start)..range.end.min(window.end);
        self.map(near, READ | WRITE);
        self.open = pages(&range);
    }

    /// The flags of all pages in windows.
    fn near_flags(&mut self) -> impl Iterator<Item = &mut u8> {
        self.windows.iter_mut().flat_map(|window| &mut window.flags)
    }

    fn flags_mut(&mut self, page: u64) -> &mut u8 {
        match self.place(page) {
            Some((window, index)) => &mut self.windows[window].flags[index],
            None => &mut self.far_page(page).flags,
        }
    }

    fn flags(&self, page: u64) -> u8 {
        match self.window(page) {
            Some((window, index)) => window.flags[index],
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

    /// Sets which accesses are allowed to whole pages, and keeps what they hold.
    pub(crate) fn protect(&mut self, range: Range<u64>, permission: u8) {
        let permission = if self.touched.is_some() { observed(permission) } else { permission };
        for page in pages(&range) {
            let flags = self.flags(page) & !(READ | WRITE | OBSERVED) | permission;
            if flags != self.flags(page) {
                *self.flags_mut(page) = flags;
            }
        }
    }

    /// Zeroes whole pages.
    pub(crate) fn clear(&mut self, range: Range<u64>) {
        for page in pages(&range) {
            if self.flags(page) & DIRTY != 0 {
                self.page_mut(page).fill(0);
            }
        }
    }

    /// Takes whole pages away and zeroes them.
    pub(crate) fn unmap(&mut self, range: Range<u64>) {
        self.clear(range.clone());
        for page in pages(&range) {
            if self.far.remove(&page).is_none() && self.flags(page) != 0 {
                *self.flags_mut(page) = 0;
            }
        }
    }

    /// The page's bytes, present if its flags are.
    fn page_mut(&mut self, page: u64) -> &mut [u8] {
        match self.place(page) {
            Some((window, index)) => {
                &mut self.windows[window].data.as_chunks_mut::<PAGE_BYTES>().0[index]
            }
            None => self.far_page(page).data.get_or_insert_with(|| ZEROS.into()),
        }
    }

    fn page(&self, page: u64) -> Option<&[u8]> {
        match self.window(page) {
            Some((window, index)) => Some(&window.data.as_chunks::<PAGE_BYTES>().0[index]),
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

    /// The aligned value at `addr`, if the window of this number holds it and loads are allowed.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the executor's inner loop")]
    pub(crate) fn load_fast<const WINDOW: usize>(&self, width: Width, addr: u64) -> Option<u64> {
        let window = &self.windows[WINDOW];
        let (page, offset) = window.locate(addr)?;
        if window.flags.get(page)? & READ == 0 || !addr.is_multiple_of(u64::from(width.bytes())) {
            return None;
        }
        let data = window.data.as_chunks::<PAGE_BYTES>().0.get(page)?;
        Some(match width {
            Width::Byte => u64::from(data[offset]),
            Width::Half => u64::from(u16::from_le_bytes(data.as_chunks().0[offset / 2])),
            Width::Word => u64::from(u32::from_le_bytes(data.as_chunks().0[offset / 4])),
            Width::Double => u64::from_le_bytes(data.as_chunks().0[offset / 8]),
        })
    }

    /// Stores an aligned value, if the window of this number holds it and nothing asks for a closer
    /// look.
    #[inline(always)]
    pub(crate) fn store_fast<const WINDOW: usize>(
        &mut self,
        width: Width,
        addr: u64,
        value: u64,
    ) -> Option<()> {
        const PLAIN: u8 = WRITE | DIRTY;
        let window = &mut self.windows[WINDOW];
        let (page, offset) = window.locate(addr)?;
        let plain = window.flags.get(page)? & (PLAIN | GUARDED | UNSAVED) == PLAIN;
        if !plain || !addr.is_multiple_of(u64::from(width.bytes())) {
            return None;
        }
        let data = window.data.as_chunks_mut::<PAGE_BYTES>().0.get_mut(page)?;
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
        let near = self.windows.iter().flat_map(|w| w.pages().zip(w.flags.iter().copied()));
        let far = self.far.iter().map(|(&page, far)| (page, far.flags));
        let all = near.chain(far).filter(|(_, flags)| flags & DIRTY != 0);
        let mut dirty: Vec<u64> = all.map(|(page, _)| page).collect();
        dirty.sort_unstable();
        for page in dirty {
            let Some(data) = self.page(page) else { continue };
            if data.iter().any(|&byte| byte != 0) {
                hasher.update((page << PAGE_BITS).to_le_bytes());
                hasher.update(data);
            }
        }
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
