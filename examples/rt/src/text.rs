//! A guest's own instructions, as data.

unsafe extern "C" {
    static __text_start: u32;
    static __text_end: u32;
    static __watched_start: u32;
    static __watched_end: u32;
}

/// The words between two symbols of the linker script.
fn between(start: *const u32, end: *const u32) -> &'static [u32] {
    let count = (end.addr() - start.addr()) / size_of::<u32>();
    // SAFETY: the script puts both symbols around one section, which is loaded and never written.
    unsafe { core::slice::from_raw_parts(start, count) }
}

/// All instruction words of the guest.
pub fn text() -> &'static [u32] {
    between(&raw const __text_start, &raw const __text_end)
}

/// The instruction words of the functions that are placed in the section `.text.watched`.
pub fn watched_text() -> &'static [u32] {
    between(&raw const __watched_start, &raw const __watched_end)
}
