//! Memory that is more than bytes: a port, at which every store counts, and checkpoints.
//!
//! Both rely on stores that take the slow path: to the port's page always, and after a checkpoint the
//! first one to each page.

use std::collections::BTreeMap;

use super::{DIRTY, GUARDED, Memory, PAGE_BITS, UNSAVED};

/// Flags and bytes of a page at a checkpoint; no bytes where all were zero.
pub(super) type SavedPage = (u8, Option<Box<[u8]>>);

impl Memory {
    /// Keeps the lowest byte of each store to this address for [`Self::take_port`].
    pub(crate) fn place_port(&mut self, addr: u64) {
        *self.flags_mut(addr >> PAGE_BITS) |= GUARDED;
        self.port = Some((addr, Vec::new()));
    }

    /// What was stored to the port since it was asked last.
    pub(crate) fn take_port(&mut self) -> Vec<u8> {
        self.port.as_mut().map(|(_, bytes)| std::mem::take(bytes)).unwrap_or_default()
    }

    /// Keeps memory as it is now for [`Self::roll_back`].
    pub(crate) fn checkpoint(&mut self) {
        for flags in self.near_flags() {
            *flags |= UNSAVED;
        }
        self.saved = Some(BTreeMap::new());
    }

    /// Undoes every store since the checkpoint.
    pub(crate) fn roll_back(&mut self) {
        for (page, (flags, bytes)) in self.saved.take().unwrap_or_default() {
            let data = self.page_mut(page);
            match bytes {
                Some(bytes) => data.copy_from_slice(&bytes),
                None => data.fill(0),
            }
            *self.flags_mut(page) = flags;
        }
        for flags in self.near_flags() {
            *flags &= !UNSAVED;
        }
    }

    /// Saves a page before the first store to it since the checkpoint, if there is one.
    pub(super) fn save(&mut self, page: u64) {
        if self.saved.as_ref().is_none_or(|saved| saved.contains_key(&page)) {
            return;
        }
        let flags = self.flags(page);
        let bytes = (flags & DIRTY != 0).then(|| self.page(page).map(Box::from)).flatten();
        if let Some(saved) = &mut self.saved {
            saved.insert(page, (flags & !UNSAVED, bytes));
        }
        *self.flags_mut(page) &= !UNSAVED;
    }
}
