//! The first instructions of a guest: set up `gp` and `sp`, run `main`, stop.

use core::arch::global_asm;

/// Defines `_start`; the argument is the instruction that sets `sp`.
macro_rules! start {
    ($stack:literal) => {
        global_asm!(
            ".section .text._start, \"ax\", @progbits",
            ".globl _start",
            ".type _start, @function",
            "_start:",
            // With linker relaxation `gp` would be loaded relative to itself.
            ".option push",
            ".option norelax",
            "la gp, __global_pointer$",
            ".option pop",
            $stack,
            "call {run}",
            ".size _start, . - _start",
            run = sym run,
        );
    };
}

#[cfg(not(feature = "linux"))]
start!("la sp, __stack_top");

// Linux has made a stack.
#[cfg(feature = "linux")]
start!("andi sp, sp, -16");

extern "C" fn run() -> ! {
    unsafe extern "Rust" {
        safe fn autoprec_guest_main();
    }
    autoprec_guest_main();
    crate::exit::<0>()
}

/// Names the function, `fn()`, that a guest runs. The guest succeeds if it returns.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        #[doc(hidden)]
        #[unsafe(no_mangle)]
        fn autoprec_guest_main() {
            let main: fn() = $main;
            main();
        }
    };
}
