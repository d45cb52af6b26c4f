//! Guests as text: what is in the file, and what is to be linked.
//!
//! ```text
//! rv32                              word width; `rv32 header` loads the file header as well,
//!                                   `comment` adds `.comment`, `bare` leaves out all sections,
//!                                   `writable` makes the text writable
//! function 0x10000 0x30 main
//! data 0x20000 0x10004              words of a data segment
//! form insn                         form of calls from here on
//! backends openvm halo2             back ends of items from here on
//! link 10000 0x10008 0x10020        an item: id, first address, address after it
//! 0x10000: addi a0, a0, 1           code, or .half 0x8082, or .word 0x0000000b
//! ```

use autoprec_blocks::text::xlen_from_name;
use autoprec_blocks::{Cfg, Region, RegionInst};
use autoprec_guest_elf::{Linkage, PrecompileId, Program};
use autoprec_isa::{Inst, Xlen};
use autoprec_linker::{
    Backend, Form, Item, LinkError, LinkReport, Linked, Resynthesise, VerifyLinkError, link,
};
use sha2::{Digest as _, Sha256};

use crate::elf::{Part, Spec};

/// A guest and what is to be linked into it.
pub(crate) struct Fixture {
    pub(crate) elf: Vec<u8>,
    pub(crate) items: Vec<(Form, Item)>,
}

/// A digest that stands for that of a constraint system.
pub(crate) fn system_digest(region: &Region, id: PrecompileId) -> [u8; 32] {
    let mut region = region.clone();
    region.count = 0;
    region.function = None;
    Sha256::digest(format!("{id} {region}")).into()
}

/// Targets, as a caller would name them.
pub(crate) fn targets() -> [Backend; 3] {
    let reason = "its own extensions claim `lui` and `ecall`; use the insn form";
    [
        Backend::new("openvm", Linkage::InsnOnly(reason)),
        Backend::new("halo2", Linkage::Any),
        Backend::new("plonky3", Linkage::Any),
    ]
}

/// Verifies a link with these targets.
pub(crate) fn verify_link(
    original: &[u8],
    patched: &[u8],
    resynthesise: &Resynthesise<'_>,
) -> Result<LinkReport, VerifyLinkError> {
    autoprec_linker::verify_link(original, patched, &targets(), resynthesise)
}

pub(crate) fn id(number: &str) -> PrecompileId {
    let number = number.parse().expect("a number");
    PrecompileId::new(number).expect("an id of a synthesised precompile")
}

fn number(text: &str) -> u64 {
    let hex = text.strip_prefix("0x").expect("addresses are hexadecimal");
    u64::from_str_radix(hex, 16).expect("addresses are hexadecimal")
}

fn assemble(xlen: Xlen, text: &str) -> Vec<u8> {
    if let Some(half) = text.strip_prefix(".half ") {
        return u16::try_from(number(half)).expect("a halfword").to_le_bytes().to_vec();
    }
    if let Some(word) = text.strip_prefix(".word ") {
        return u32::try_from(number(word)).expect("a word").to_le_bytes().to_vec();
    }
    let inst = Inst::parse(xlen, text).unwrap_or_else(|error| panic!("{text}: {error}"));
    inst.encode(xlen).expect("parsed instructions encode").to_le_bytes().to_vec()
}

/// The item that replaces `from..to` of a program.
pub(crate) fn item(program: &Program, id: PrecompileId, from: u64, to: u64) -> Item {
    let mut insts = Vec::new();
    let mut pc = from;
    while pc < to {
        let decoded = program.decode_at(pc).expect("the region is code");
        insts.push(RegionInst { pc, inst: decoded.inst, len: decoded.len });
        pc += u64::from(decoded.len);
    }
    of_region(Region::from_insts(program.xlen, insts, 0), id)
}

pub(crate) fn of_region(region: Region, id: PrecompileId) -> Item {
    Item {
        id,
        system_digest: system_digest(&region, id),
        shape_digest: region.shape_digest(),
        backends: vec![Backend::executor()],
        region,
    }
}

impl Fixture {
    pub(crate) fn parse(text: &str) -> Self {
        let mut lines =
            text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with(';'));
        let head = lines.next().expect("a line with the word width");
        let xlen = xlen_from_name(head.split(' ').next().expect("a word")).expect("rv32 or rv64");
        let has = |option: &str| head.split(' ').any(|word| word == option);
        let (mut code, mut start) = (Vec::new(), None);
        let mut spec = Spec {
            wide: xlen == Xlen::Rv64,
            entry: 0,
            segments: Vec::new(),
            functions: Vec::new(),
            header_loaded: has("header"),
            comment: has("comment"),
            sections: !has("bare"),
        };
        let mut rest = Vec::new();
        for line in lines {
            let words: Vec<_> = line.split(' ').collect();
            match words[..] {
                ["function", addr, size, name] => {
                    spec.functions.push((name.to_owned(), number(addr), number(size)));
                }
                ["data", addr, ref values @ ..] => {
                    let words = values.iter().map(|v| u32::try_from(number(v)).expect("a word"));
                    let data = words.flat_map(u32::to_le_bytes).collect();
                    spec.segments.push(Part { addr: number(addr), flags: 6, data });
                }
                ["form" | "backends" | "link", ..] => rest.push(words),
                _ => {
                    let (addr, inst) = line.split_once(": ").expect("an instruction");
                    let begin = *start.get_or_insert(number(addr));
                    assert_eq!(begin + code.len() as u64, number(addr), "{line}");
                    code.extend(assemble(xlen, inst));
                }
            }
        }
        let addr = start.expect("a fixture has code");
        let flags = if has("writable") { 7 } else { 5 };
        spec.entry = addr;
        spec.segments.insert(0, Part { addr, flags, data: code });
        let elf = spec.write();
        let program = Program::load(&elf).expect("the fixture is a guest");
        Self { items: items(&program, &rest), elf }
    }

    pub(crate) fn link(&self) -> Result<Linked, LinkError> {
        let program = Program::load(&self.elf).expect("it was loaded before");
        let cfg = Cfg::build(&program, None);
        let form = self.items.first().map_or(Form::Insn, |(form, _)| *form);
        let items: Vec<Item> = self.items.iter().map(|(_, item)| item.clone()).collect();
        link(&self.elf, &program, &cfg, &items, form)
    }
}

fn items(program: &Program, lines: &[Vec<&str>]) -> Vec<(Form, Item)> {
    let mut form = Form::Insn;
    let mut backends = vec![Backend::executor()];
    let mut items = Vec::new();
    for line in lines {
        match line[..] {
            ["form", ref name @ ..] => form = name.join(" ").parse().expect("a form"),
            ["backends", ref names @ ..] => {
                backends = names.iter().map(|name| Backend::named(name, &targets())).collect();
            }
            ["link", number_of, from, to] => {
                let item = item(program, id(number_of), number(from), number(to));
                items.push((form, Item { backends: backends.clone(), ..item }));
            }
            _ => panic!("{line:?} is not understood"),
        }
    }
    items
}
