//! Writes small ELF files.

/// A section that is not loaded, or a segment that is.
pub(crate) struct Part {
    pub(crate) addr: u64,
    pub(crate) flags: u32,
    pub(crate) data: Vec<u8>,
}

/// What goes into a file.
#[expect(clippy::struct_excessive_bools, reason = "a list of switches of test files")]
pub(crate) struct Spec {
    pub(crate) wide: bool,
    pub(crate) entry: u64,
    pub(crate) segments: Vec<Part>,
    /// Name, address and size of functions.
    pub(crate) functions: Vec<(String, u64, u64)>,
    /// Whether the first segment also loads the file header, in front of its address.
    pub(crate) header_loaded: bool,
    /// Whether there is a section `.comment`.
    pub(crate) comment: bool,
    /// Whether there are sections at all.
    pub(crate) sections: bool,
}

const TEXT: u16 = 1;

struct Writer {
    wide: bool,
    out: Vec<u8>,
}

impl Writer {
    fn half(&mut self, value: u16) {
        self.out.extend(value.to_le_bytes());
    }

    fn word(&mut self, value: u32) {
        self.out.extend(value.to_le_bytes());
    }

    /// A field as wide as an address.
    fn addr(&mut self, value: u64) {
        let bytes = value.to_le_bytes();
        self.out.extend(&bytes[..if self.wide { 8 } else { 4 }]);
    }

    fn pad_to(&mut self, len: usize) {
        assert!(self.out.len() <= len);
        self.out.resize(len, 0);
    }

    fn section(&mut self, name: usize, kind: u32, flags: u64, place: (u64, usize, usize)) {
        self.linked((name, kind, flags), place, (0, 0, 0));
    }

    fn linked(
        &mut self,
        (name, kind, flags): (usize, u32, u64),
        (addr, offset, size): (u64, usize, usize),
        (link, info, entry_size): (u32, u32, u64),
    ) {
        self.word(u32::try_from(name).expect("small"));
        self.word(kind);
        self.addr(flags);
        self.addr(addr);
        self.addr(offset as u64);
        self.addr(size as u64);
        self.word(link);
        self.word(info);
        self.addr(4);
        self.addr(entry_size);
    }
}

impl Spec {
    /// The file.
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut w = Writer { wide: self.wide, out: Vec::new() };
        let (header, program_header) = if self.wide { (64, 56) } else { (52, 32) };
        let mut offset = (header + program_header * self.segments.len()).next_multiple_of(16);
        let places: Vec<usize> = self
            .segments
            .iter()
            .map(|part| {
                let place = offset;
                offset = (offset + part.data.len()).next_multiple_of(16);
                place
            })
            .collect();
        self.header(&mut w, header, program_header);
        for (index, (part, place)) in self.segments.iter().zip(&places).enumerate() {
            let front = if self.header_loaded && index == 0 { *place } else { 0 };
            let size = (part.data.len() + front) as u64;
            w.word(1);
            if self.wide {
                w.word(part.flags);
            }
            w.addr((place - front) as u64);
            w.addr(part.addr - front as u64);
            w.addr(part.addr - front as u64);
            w.addr(size);
            w.addr(size);
            if !self.wide {
                w.word(part.flags);
            }
            w.addr(4);
        }
        for (part, place) in self.segments.iter().zip(&places) {
            w.pad_to(*place);
            w.out.extend(&part.data);
        }
        if self.sections {
            self.sections(&mut w, &places);
        }
        w.out
    }

    fn header(&self, w: &mut Writer, header: usize, program_header: usize) {
        w.out.extend([0x7f, b'E', b'L', b'F', if self.wide { 2 } else { 1 }, 1, 1]);
        w.pad_to(16);
        w.half(2);
        w.half(243);
        w.word(1);
        w.addr(self.entry);
        w.addr(header as u64);
        w.addr(0);
        w.word(0);
        w.half(u16::try_from(header).expect("small"));
        w.half(u16::try_from(program_header).expect("small"));
        w.half(u16::try_from(self.segments.len()).expect("small"));
        w.half(if self.wide { 64 } else { 40 });
        w.half(0);
        w.half(0);
        w.pad_to(header);
    }

    fn sections(&self, w: &mut Writer, places: &[usize]) {
        const NAMES: &[u8] = b"\0.text\0.symtab\0.strtab\0.shstrtab\0.comment\0";
        let name = |text: &str| {
            let text = format!("\0{text}\0");
            let found = NAMES.windows(text.len()).position(|w| w == text.as_bytes());
            found.expect("one of the names") + 1
        };
        let mut strings = vec![0];
        let symbols = w.out.len().next_multiple_of(8);
        w.pad_to(symbols);
        w.out.extend(vec![0; if self.wide { 24 } else { 16 }]);
        for (name, addr, size) in &self.functions {
            w.word(u32::try_from(strings.len()).expect("small"));
            strings.extend(name.bytes());
            strings.push(0);
            if self.wide {
                w.out.extend([0x12, 0]);
                w.half(TEXT);
                w.addr(*addr);
                w.addr(*size);
            } else {
                w.addr(*addr);
                w.addr(*size);
                w.out.extend([0x12, 0]);
                w.half(TEXT);
            }
        }
        let symbols = (symbols, w.out.len() - symbols);
        let strings_at = w.out.len();
        w.out.extend(&strings);
        let names_at = w.out.len();
        w.out.extend(NAMES);
        let comment_at = w.out.len();
        w.out.extend(b"some compiler\0");
        let table = w.out.len().next_multiple_of(8);
        w.pad_to(table);
        let text = &self.segments[0];
        w.linked((0, 0, 0), (0, 0, 0), (0, 0, 0));
        w.section(name(".text"), 1, 6, (text.addr, places[0], text.data.len()));
        let entry_size = if self.wide { 24 } else { 16 };
        w.linked((name(".symtab"), 2, 0), (0, symbols.0, symbols.1), (3, 1, entry_size));
        w.section(name(".strtab"), 3, 0, (0, strings_at, strings.len()));
        w.section(name(".shstrtab"), 3, 0, (0, names_at, NAMES.len()));
        if self.comment {
            w.section(name(".comment"), 1, 0, (0, comment_at, 14));
        }
        let count: u16 = if self.comment { 6 } else { 5 };
        let (shoff, tail) = if self.wide { (0x28, 0x3c) } else { (0x20, 0x30) };
        let bytes = (table as u64).to_le_bytes();
        let width = if self.wide { 8 } else { 4 };
        w.out[shoff..shoff + width].copy_from_slice(&bytes[..width]);
        w.out[tail..tail + 2].copy_from_slice(&count.to_le_bytes());
        w.out[tail + 2..tail + 4].copy_from_slice(&4u16.to_le_bytes());
    }
}
