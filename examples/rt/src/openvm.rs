//! What a guest can ask of OpenVM: stop, print, take an input, publish output.
//!
//! All requests are I-format instructions with major opcode custom-0 (0x0b). The `rd` field names a
//! register that is *read*: an address in all but `terminate`.
//!
//! | request     | funct3 | rd      | rs1   | imm    | effect                                        |
//! |-------------|--------|---------|-------|--------|-----------------------------------------------|
//! | terminate   | 0      | x0      | x0    | code   | stops with an exit code                       |
//! | hint storew | 1      | address | x0    | 0      | memory word := next 4 bytes of the hints      |
//! | hint buffer | 1      | address | words | 1      | the same for 1 to 1023 words                  |
//! | reveal      | 2      | offset  | value | offset | public word at rd + imm := value              |
//! | hint input  | 3      | x0      | x0    | 0      | hints := length and padded bytes of the input |
//! | print       | 3      | address | bytes | 1      | prints UTF-8 text                             |

use core::alloc::Layout;
use core::arch::asm;

/// Words that one hint-buffer request may move.
const MAX_HINT_WORDS: usize = 1023;

/// Stops the guest. `CODE` 0 means success; it must be below 256.
pub fn exit<const CODE: u32>() -> ! {
    // SAFETY: the instruction ends the program.
    unsafe { asm!(".insn i 0x0b, 0, x0, x0, {code}", code = const CODE, options(noreturn, nomem)) }
}

/// Prints text on the host's terminal. It is not part of what is proved.
pub fn print(text: &str) {
    // SAFETY: the host reads the bytes of `text` and changes nothing.
    unsafe {
        asm!(
            ".insn i 0x0b, 3, {address}, {length}, 1",
            address = in(reg) text.as_ptr(),
            length = in(reg) text.len(),
            options(nostack, preserves_flags, readonly),
        );
    }
}

/// The next input vector; its first byte has an address divisible by 4.
///
/// OpenVM stops the guest if there is none left.
pub fn read_input() -> &'static [u8] {
    let mut length = 0_u32;
    // SAFETY: the first request writes no guest memory, the second the one word at `length`.
    unsafe {
        asm!(".insn i 0x0b, 3, x0, x0, 0", options(nostack, preserves_flags));
        asm!(
            ".insn i 0x0b, 1, {address}, x0, 0",
            address = in(reg) &raw mut length,
            options(nostack, preserves_flags),
        );
    }
    let length = length as usize;
    let words = length.div_ceil(4);
    if words == 0 {
        return &[];
    }
    let layout = Layout::array::<u32>(words).expect("a length in memory of 2^29 bytes");
    // SAFETY: the layout has a size above zero; an allocation that does not fit stops the guest.
    let start = unsafe { alloc::alloc::alloc(layout) };
    let mut done = 0;
    while done < words {
        let now = usize::min(words - done, MAX_HINT_WORDS);
        // SAFETY: writes `now` words, of the `words` allocated, from `done` on.
        unsafe {
            asm!(
                ".insn i 0x0b, 1, {address}, {words}, 1",
                address = in(reg) start.add(4 * done),
                words = in(reg) now,
                options(nostack, preserves_flags),
            );
        }
        done += now;
    }
    // SAFETY: `length` initialised bytes that nothing else points to and nobody frees.
    unsafe { core::slice::from_raw_parts(start, length) }
}

/// Publishes the guest's result: the 32 bytes of OpenVM's public values.
pub fn reveal(output: &[u8; 32]) {
    let (words, _) = output.as_chunks::<4>();
    for (index, word) in words.iter().enumerate() {
        // SAFETY: writes public values, which are no part of guest memory.
        unsafe {
            asm!(
                ".insn i 0x0b, 2, {offset}, {value}, 0",
                offset = in(reg) 4 * index,
                value = in(reg) u32::from_le_bytes(*word),
                options(nostack, preserves_flags),
            );
        }
    }
}
