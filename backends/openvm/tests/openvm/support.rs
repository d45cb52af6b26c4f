//! Guests for the tests: the committed examples, and tiny ones assembled here.

use std::{collections::BTreeMap, fs, ops::Range, path::PathBuf, sync::Arc};

use autoprec_blocks::{Region, RegionInst};
use autoprec_guest_elf::PrecompileId;
use autoprec_isa::{Inst, Xlen, decode};
use autoprec_openvm::GuestImage;
use autoprec_synth::{OPENVM, Precompile, synthesise};

/// A committed guest with its input and the bytes that it must reveal.
pub(crate) struct Example {
    pub(crate) elf: Vec<u8>,
    pub(crate) hints: Vec<Vec<u8>>,
    pub(crate) expected: Vec<u8>,
}

pub(crate) fn example(name: &str) -> Example {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let read = |path: String| fs::read(root.join(&path)).expect(&path);
    let expected = String::from_utf8(read(format!("expected/{name}.hex"))).unwrap();
    let digits: Vec<u8> = expected.trim().bytes().collect();
    Example {
        elf: read(format!("elf/{name}.elf")),
        hints: vec![read(format!("inputs/{name}.bin"))],
        expected: digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect(),
    }
}

/// Where tiny guests start.
pub(crate) const START: u32 = 0x0020_0800;

/// Assembles text, one instruction per line. `reveal REG, OFFSET`, `terminate CODE` and `.word W`
/// are understood besides what the ISA crate reads.
pub(crate) fn assemble(text: &str) -> Vec<u32> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(word).collect()
}

fn word(line: &str) -> u32 {
    let (name, operands) = line.split_once(' ').unwrap_or((line, ""));
    let operands: Vec<&str> = operands.split(',').map(str::trim).collect();
    match name {
        // custom-0, funct3 2: stores rs1 at public value x0 + offset
        "reveal" => {
            let register: autoprec_isa::Reg = operands[0].parse().unwrap();
            let offset: u32 = operands[1].parse().unwrap();
            let register = u32::try_from(register.index()).unwrap();
            0x0b | 2 << 12 | register << 15 | offset << 20
        }
        "terminate" => 0x0b | operands[0].parse::<u32>().unwrap() << 20,
        ".word" => u32::from_str_radix(operands[0].trim_start_matches("0x"), 16).unwrap(),
        _ => Inst::parse(Xlen::Rv32, line)
            .unwrap_or_else(|error| panic!("{line}: {error}"))
            .encode(Xlen::Rv32)
            .expect("an instruction of four bytes"),
    }
}

/// An ELF with this text at [`START`].
pub(crate) fn elf(words: &[u32]) -> Vec<u8> {
    let size = u32::try_from(4 * words.len()).unwrap();
    let mut bytes = vec![0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let halves = |bytes: &mut Vec<u8>, list: &[u16]| {
        bytes.extend(list.iter().flat_map(|half| half.to_le_bytes()));
    };
    let longs = |bytes: &mut Vec<u8>, list: &[u32]| {
        bytes.extend(list.iter().flat_map(|long| long.to_le_bytes()));
    };
    halves(&mut bytes, &[2, 243]); // executable, RISC-V
    longs(&mut bytes, &[1, START, 52, 0, 0]);
    halves(&mut bytes, &[52, 32, 1, 0, 0, 0]);
    // One segment to load, readable and executable.
    longs(&mut bytes, &[1, 84, START, START, size, size, 5, 4]);
    longs(&mut bytes, words);
    bytes
}

/// A tiny guest with calls to precompiles.
pub(crate) struct Patched {
    pub(crate) original: Vec<u8>,
    pub(crate) elf: Vec<u8>,
    pub(crate) saved: BTreeMap<u32, Vec<u8>>,
    pub(crate) precompiles: Vec<Arc<Precompile>>,
}

impl Patched {
    pub(crate) fn guest(&self) -> GuestImage<'_> {
        GuestImage { elf: &self.elf, saved: self.saved.clone(), precompiles: &self.precompiles }
    }

    pub(crate) fn unpatched(&self) -> GuestImage<'_> {
        GuestImage::unpatched(&self.original)
    }
}

/// Synthesises a precompile from the words of each range (positions of words) and patches its first
/// word.
pub(crate) fn patch(words: &[u32], regions: &[Range<usize>]) -> Patched {
    let mut patched = words.to_vec();
    let mut saved = BTreeMap::new();
    let mut precompiles = Vec::new();
    for (index, range) in (0..).zip(regions) {
        let id = PrecompileId::from_index(index);
        let region = region(words, range.clone());
        let precompile = synthesise(&region, id, &OPENVM).unwrap_or_else(|error| panic!("{error}"));
        saved.insert(address(range.start), words[range.start].to_le_bytes().to_vec());
        patched[range.start] = 0x5b | index << 7;
        precompiles.push(Arc::new(precompile));
    }
    Patched { original: elf(words), elf: elf(&patched), saved, precompiles }
}

fn address(word: usize) -> u32 {
    START + 4 * u32::try_from(word).unwrap()
}

fn region(words: &[u32], range: Range<usize>) -> Region {
    let insts = range
        .map(|at| {
            let decoded = decode(Xlen::Rv32, words[at]).expect("an instruction");
            RegionInst { pc: address(at).into(), inst: decoded.inst, len: decoded.len }
        })
        .collect();
    Region::from_insts(Xlen::Rv32, insts, 1)
}
