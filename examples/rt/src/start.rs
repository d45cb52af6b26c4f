//! The first instructions of a guest: set up `gp` and `sp`, run `main`, stop.

use core::arch::global_asm;

// `gp` must be loaded without linker relaxation, which would make the load relative to `gp` itself.
#[cfg(not(feature = "linux"))]
global_asm!(
    ".section .text._start, \"ax\", @progbits",
    ".globl _start",
    ".type _start, @function",
    "_start:",
    ".option push",
    ".option norelax",
    "la gp, __global_pointer$",
    ".option pop",
    "la sp, __stack_top",
    "call {run}",
    ".size _start, . - _start",
    run = sym run,
);

// Linux has set up the stack.
#[cfg(feature = "linux")]
global_asm!(
    ".section .text._start, \"ax\", @progbits",
    ".globl _start",
    ".type _start, @function",
    "_start:",
    ".option push",
    ".option norelax",
    "la gp, __global_pointer$",
    ".option pop",
    "andi sp, sp, -16",
    "call {run}",
    ".size _start, . - _start",
    run = sym run,
);

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
