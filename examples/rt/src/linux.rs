//! The requests of `openvm.rs` for a Linux process: one input, from standard input.

use core::arch::asm;

const READ: usize = 63;
const WRITE: usize = 64;
const EXIT: usize = 93;

/// Room for the input, in bytes.
const MAX_INPUT: usize = 1 << 20;

/// A Linux system call with three arguments; negative results are error numbers.
fn call(number: usize, first: usize, second: usize, third: usize) -> isize {
    let result: isize;
    // SAFETY: the callers pass buffers that they own.
    unsafe {
        asm!(
            "ecall",
            in("a7") number,
            inlateout("a0") first => result,
            in("a1") second,
            in("a2") third,
            options(nostack, preserves_flags),
        );
    }
    result
}

/// Stops the guest. `CODE` 0 means success; it must be below 256.
pub fn exit<const CODE: u32>() -> ! {
    loop {
        call(EXIT, CODE as usize, 0, 0);
    }
}

/// Prints text on standard error.
pub fn print(text: &str) {
    call(WRITE, 2, text.as_ptr() as usize, text.len());
}

/// All of standard input; its first byte has an address divisible by 4.
pub fn read_input() -> &'static [u8] {
    let buffer = alloc::vec![0_u32; MAX_INPUT / 4].leak();
    let start = buffer.as_mut_ptr() as usize;
    let mut length = 0;
    loop {
        match usize::try_from(call(READ, 0, start + length, MAX_INPUT - length)) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(_) => panic!("cannot read standard input"),
        }
    }
    assert!(length < MAX_INPUT, "the input is longer than {MAX_INPUT} bytes");
    // SAFETY: the first `length` bytes of the buffer, which is never freed.
    unsafe { core::slice::from_raw_parts(start as *const u8, length) }
}

/// Writes the guest's result to standard output.
pub fn reveal(output: &[u8; 32]) {
    call(WRITE, 1, output.as_ptr() as usize, output.len());
}
