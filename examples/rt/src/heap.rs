//! The allocator: a pointer that only grows.
//!
//! A guest is short-lived and starts with zeroed memory, so nothing is freed and nothing cleared.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;

struct Heap {
    /// Address of the first free byte; 0 before the first allocation.
    next: Cell<usize>,
}

// SAFETY: a guest has one thread.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap { next: Cell::new(0) };

/// First and last-plus-one address of the heap: all memory behind the program.
#[cfg(not(feature = "linux"))]
fn bounds() -> (usize, usize) {
    unsafe extern "C" {
        static _end: u8;
    }
    ((&raw const _end).addr(), 1 << 29)
}

/// First and last-plus-one address of the heap: zeroed memory that the kernel maps with the
/// program.
#[cfg(feature = "linux")]
fn bounds() -> (usize, usize) {
    const SIZE: usize = 16 << 20;
    #[repr(align(16))]
    struct Arena(core::cell::UnsafeCell<[u8; SIZE]>);
    // SAFETY: a guest has one thread, and only the allocator hands out parts of the arena.
    unsafe impl Sync for Arena {}
    static ARENA: Arena = Arena(core::cell::UnsafeCell::new([0; SIZE]));
    let start = ARENA.0.get().addr();
    (start, start + SIZE)
}

// SAFETY: every allocation lies behind all earlier ones, so none overlap; its start is a multiple
// of the alignment; null means that memory is used up.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (first, end) = bounds();
        let free = usize::max(self.next.get(), first);
        let start = free.checked_next_multiple_of(usize::max(layout.align(), 4));
        match start.and_then(|start| Some((start, start.checked_add(layout.size())?))) {
            Some((start, next)) if next <= end => {
                self.next.set(next);
                core::ptr::with_exposed_provenance_mut(start)
            }
            _ => core::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise about `layout` holds for `alloc` too.
        unsafe { self.alloc(layout) }
    }
}
