//! Section headers of either class, with the fields of the larger.

use object::LittleEndian as LE;
use object::elf;
use object::endian::{U32, U64};
use object::pod::bytes_of;

/// A section header, of either class.
#[derive(Clone, Debug, Default)]
pub(super) struct Section {
    pub(super) name: u32,
    pub(super) kind: u32,
    pub(super) flags: u64,
    pub(super) addr: u64,
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) link: u32,
    pub(super) info: u32,
    pub(super) align: u64,
    pub(super) entry_size: u64,
}

impl Section {
    pub(super) fn from_wide(h: &elf::SectionHeader64<LE>) -> Self {
        Self {
            name: h.sh_name.get(LE),
            kind: h.sh_type.get(LE),
            flags: h.sh_flags.get(LE),
            addr: h.sh_addr.get(LE),
            offset: h.sh_offset.get(LE),
            size: h.sh_size.get(LE),
            link: h.sh_link.get(LE),
            info: h.sh_info.get(LE),
            align: h.sh_addralign.get(LE),
            entry_size: h.sh_entsize.get(LE),
        }
    }

    pub(super) fn from_narrow(h: &elf::SectionHeader32<LE>) -> Self {
        Self {
            name: h.sh_name.get(LE),
            kind: h.sh_type.get(LE),
            flags: h.sh_flags.get(LE).into(),
            addr: h.sh_addr.get(LE).into(),
            offset: h.sh_offset.get(LE).into(),
            size: h.sh_size.get(LE).into(),
            link: h.sh_link.get(LE),
            info: h.sh_info.get(LE),
            align: h.sh_addralign.get(LE).into(),
            entry_size: h.sh_entsize.get(LE).into(),
        }
    }

    pub(super) fn encode(&self, wide: bool) -> Vec<u8> {
        if wide {
            return bytes_of(&elf::SectionHeader64 {
                sh_name: U32::new(LE, self.name),
                sh_type: U32::new(LE, self.kind),
                sh_flags: U64::new(LE, self.flags),
                sh_addr: U64::new(LE, self.addr),
                sh_offset: U64::new(LE, self.offset),
                sh_size: U64::new(LE, self.size),
                sh_link: U32::new(LE, self.link),
                sh_info: U32::new(LE, self.info),
                sh_addralign: U64::new(LE, self.align),
                sh_entsize: U64::new(LE, self.entry_size),
            })
            .to_vec();
        }
        let narrow = |value: u64| {
            U32::new(LE, u32::try_from(value).expect("a 32-bit file is shorter than 4 GiB"))
        };
        bytes_of(&elf::SectionHeader32 {
            sh_name: U32::new(LE, self.name),
            sh_type: U32::new(LE, self.kind),
            sh_flags: narrow(self.flags),
            sh_addr: narrow(self.addr),
            sh_offset: narrow(self.offset),
            sh_size: narrow(self.size),
            sh_link: U32::new(LE, self.link),
            sh_info: U32::new(LE, self.info),
            sh_addralign: narrow(self.align),
            sh_entsize: narrow(self.entry_size),
        })
        .to_vec()
    }
}
