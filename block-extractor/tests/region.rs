//! Regions: what they accept, where they lead, how they split, and their text form.

use autoprec_blocks::text::TextError;
use autoprec_blocks::{ExitTarget, Guard, Region, RegionError, Shape};

fn parse(text: &str) -> Region {
    Region::parse(text).expect("the fixture is a region")
}

#[test]
fn a_branch_gives_two_exits_and_a_split_falls_through() {
    let region = parse(
        "region 0x200820 rv32 count 7 in core::f\n\
         0x200820: addi a0, a1, 4\n\
         0x200824: c.add a0, a0, a1\n\
         0x200826: bne a0, a2, -6\n",
    );
    assert_eq!((region.entry(), region.end(), region.byte_len()), (0x20_0820, 0x20_082a, 10));
    assert_eq!(
        region.exits,
        [
            (Guard::Taken, ExitTarget::Fixed(0x20_0820)),
            (Guard::NotTaken, ExitTarget::Fixed(0x20_082a))
        ]
    );
    let (head, tail) = region.split_at(2);
    assert_eq!(head.exits, [(Guard::Always, ExitTarget::Fixed(0x20_0826))]);
    assert_eq!(tail.exits, region.exits);
    assert_eq!((head.count, tail.count), (7, 7));
    assert_eq!(head.function, region.function);
    assert_eq!(region.without_terminator(), Some(head));
    assert_eq!(tail.without_terminator(), None);
}

#[test]
fn a_shape_is_the_code_wherever_it_lies() {
    let digest = |text: &str| parse(text).shape_digest();
    let here =
        digest("region 0x1000 rv32 count 9 in f\n0x1000: add a0, a0, a1\n0x1004: beq a0, a1, -4\n");
    let there = digest("region 0x2000 rv32\n0x2000: add a0, a0, a1\n0x2004: beq a0, a1, -4\n");
    assert_eq!(here, there);
    for other in [
        "region 0x1000 rv64\n0x1000: add a0, a0, a1\n0x1004: beq a0, a1, -4\n",
        "region 0x1000 rv32\n0x1000: add a0, a0, a2\n0x1004: beq a0, a1, -4\n",
        "region 0x1000 rv32\n0x1000: add a0, a0, a1\n0x1004: beq a0, a1, -8\n",
        "region 0x1000 rv32\n0x1000: c.add a0, a0, a1\n0x1002: beq a0, a1, -4\n",
    ] {
        assert_ne!(here, digest(other), "{other}");
    }
    // An instruction that reads its address ties the shape, but not the digest, to the place.
    let auipc = |pc: &str| parse(&format!("region {pc} rv32\n{pc}: auipc a0, 1\n"));
    assert_eq!(auipc("0x1000").shape_digest(), auipc("0x2000").shape_digest());
    assert_ne!(Shape::of(&auipc("0x1000")), Shape::of(&auipc("0x2000")));
}

#[test]
fn jumps_lead_where_they_say_or_anywhere() {
    let fixed = parse("region 0xfffffffc rv32\n0xfffffffc: jal zero, 8\n");
    assert_eq!(fixed.exits, [(Guard::Always, ExitTarget::Fixed(4))]);
    assert_eq!(fixed.end(), 0);
    let dynamic = parse("region 0x1000 rv64\n0x1000: jalr zero, 0(ra)\n");
    assert_eq!(dynamic.exits, [(Guard::Always, ExitTarget::Dynamic)]);
}

#[test]
fn what_is_no_region_is_refused_by_name() {
    let error = |text: &str| Region::parse(text).unwrap_err();
    assert_eq!(error(""), TextError::Empty);
    assert_eq!(error("region 0x10 rv32\n"), TextError::Region(RegionError::Empty));
    assert!(matches!(error("region 16 rv32\n"), TextError::Header { line: 1, .. }));
    assert!(matches!(error("region 0x10 rv32\n0x10 nop\n"), TextError::Line { line: 2, .. }));
    assert!(matches!(error("region 0x10 rv32\n0x10: frob a0\n"), TextError::Inst { line: 2, .. }));
    assert_eq!(
        error("region 0x10 rv32\n0x10: addi a0, a0, 0\n0x18: addi a0, a0, 0\n"),
        TextError::Region(RegionError::Gap { pc: 0x18, expected: 0x14 })
    );
    assert_eq!(
        error("region 0x10 rv32\n0x10: jal zero, 8\n0x14: addi a0, a0, 0\n"),
        TextError::Region(RegionError::ControlInside { pc: 0x10 })
    );
    assert!(matches!(
        error("region 0x10 rv32\n0x10: ecall\n"),
        TextError::Region(RegionError::Unsupported { pc: 0x10, .. })
    ));
    assert_eq!(
        error("region 0x14 rv32\n0x10: addi a0, a0, 0\n"),
        TextError::Entry { header: 0x14, first: 0x10 }
    );
}

mod properties {
    use super::*;
    use autoprec_blocks::RegionInst;
    use autoprec_isa::{Xlen, decode};
    use proptest::prelude::*;

    /// Straight-line code from whatever words decode.
    fn regions() -> impl Strategy<Value = Region> {
        let words = prop::collection::vec(any::<u32>(), 1..60);
        let name = prop::option::of(".{1,12}");
        (words, any::<bool>(), any::<u64>(), name).prop_filter_map(
            "no word decodes",
            |(words, wide, count, name)| {
                let xlen = if wide { Xlen::Rv64 } else { Xlen::Rv32 };
                let mut insts = Vec::new();
                let mut pc = 0x1_0000;
                for decoded in words.into_iter().filter_map(|word| decode(xlen, word)) {
                    if !decoded.inst.ends_region() && !decoded.inst.is_control() {
                        insts.push(RegionInst { pc, inst: decoded.inst, len: decoded.len });
                        pc += u64::from(decoded.len);
                    }
                }
                let mut region = Region::checked(xlen, insts, count).ok()?;
                region.function = name;
                Some(region)
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_to_the_same_region(region in regions()) {
            prop_assert_eq!(Region::parse(&region.to_string()).unwrap(), region);
        }

        #[test]
        fn the_parser_is_total(text in "(region |0x1|rv32|: |addi a0, a0, 1|c\\.|\\n| count | in |\\PC){0,30}") {
            drop(Region::parse(&text));
        }

        #[test]
        fn the_parts_of_a_split_make_up_the_whole(region in regions(), at in any::<prop::sample::Index>()) {
            prop_assume!(region.insts.len() > 1);
            let (head, tail) = region.split_at(1 + at.index(region.insts.len() - 1));
            prop_assert_eq!(head.end(), tail.entry());
            prop_assert_eq!(head.byte_len() + tail.byte_len(), region.byte_len());
            prop_assert_eq!([head.insts, tail.insts].concat(), region.insts);
        }
    }
}
