//! A panic prints its message and ends the guest with exit code 1.

use core::fmt::{self, Write};
use core::panic::PanicInfo;

struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        crate::print(text);
        Ok(())
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // Printing cannot fail: `write_str` above never does.
    let _ = writeln!(Console, "{info}");
    crate::exit::<1>()
}
