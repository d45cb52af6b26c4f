//! Builds as Markdown.

use autoprec_dashboards::{Commitment, Commitments, Report, markdown};
use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, parse_document};
use proptest::prelude::*;

use crate::fixture::{precompile, region, report};

#[test]
fn a_build_is_told_with_what_it_saves() {
    let precompiles =
        vec![precompile(10000, "core::f", 0x100, 5), precompile(10001, "g", 0x200, 9)];
    let mut report = report(precompiles, 1_234_500, 308_625);
    report.commitments = Some(Commitments {
        log_height: 19,
        before: Commitment { verifying_key: "aa".to_owned(), program: "bb".to_owned() },
        after: Commitment { verifying_key: "aa".to_owned(), program: "cc".to_owned() },
    });
    let expected = "\
## autoprec: <code>guest.elf</code> for openvm

**Cost: 1,234,500 → 308,625 cells, ratio 4.00 (−75.00 %).**
Instructions: 5,000 → 2,000.

### Precompiles: 2

| number | function | instructions | calls | cost of one, cells | saved | of the run |
|---:|---|---:|---:|---:|---:|---:|
| 10001 | <code>g</code> at 0x200 | 4 | 9 | 100 → 30 | 630 | 0.05 % |
| 10000 | <code>core::f</code> at 0x100 | 4 | 5 | 100 → 30 | 350 | 0.02 % |

### What a verifier knows the guest by

In proofs with traces of up to 2^19 rows.

| | before | after |
|---|---|---|
| verifying key | <code>aa</code> | the same |
| program | <code>bb</code> | <code>cc</code> |

<details><summary>Executed regions without precompile: 1</summary>

| region | calls | cost, cells | would save | why it has none |
|---|---:|---:|---:|---|
| <code>g</code> at 0x900 | 10 | 500 | 120 | it would save less than those chosen |

</details>

";
    assert_eq!(markdown(&[("now", &report)]), expected);
}

#[test]
fn changes_since_the_build_before_are_listed() {
    let old = report(
        vec![precompile(10000, "f", 0x100, 5), precompile(10001, "g", 0x200, 9)],
        10_000,
        4_000,
    );
    let mut moved = precompile(10000, "f", 0x140, 6);
    moved.cost_after = 40;
    let new = report(vec![moved, precompile(10002, "h", 0x300, 1)], 10_000, 4_100);
    let text = markdown(&[("main", &old), ("this", &new)]);
    let section = text.split("### Changes since ").nth(1).expect("a section");
    let section = section.split("### Precompiles").next().expect("a part");
    assert_eq!(
        section,
        "<code>main</code>\n\n\n\
         New: 1\n\n- 10002, <code>h</code> at 0x300, 1 calls\n\n\
         Gone: 1\n\n- 10001, <code>g</code> at 0x200, 9 calls\n\n\
         Changed: 1\n\n- 10000, <code>f</code> at 0x140: a call costs 40, was 30, 6 calls (+1), \
         moved from 0x100\n\n"
    );
    assert!(text.contains("Against <code>main</code>: +100 cells (+2.50 %).\n"), "{text}");
    let text = markdown(&[("main", &old), ("this", &old)]);
    assert!(text.contains("Nothing changed.") && text.contains("The same as <code>main</code>."));
}

#[test]
fn several_builds_are_a_history() {
    let reports: Vec<Report> = (1..4).map(|n| report(Vec::new(), 1_000, 100 * n)).collect();
    let labels = ["a", "b", "c"];
    let all: Vec<(&str, &Report)> = labels.into_iter().zip(&reports).collect();
    let text = markdown(&all);
    assert!(text.contains("| <code>a</code> | 1,000 | 100 | 10.00 | 0 |\n"), "{text}");
    assert!(text.contains("| <code>c</code> | 1,000 | 300 | 3.33 | 0 |\n"));
    assert!(text.contains("Against <code>b</code>: +100 cells (+50.00 %).\n"));
}

#[test]
fn what_is_refused_or_not_known_is_said() {
    let mut refused = report(Vec::new(), 1_000, 1_000);
    refused.target.refused = Some("the prover of SP1 takes no precompiles.".to_owned());
    let text = markdown(&[("now", &refused)]);
    assert!(text.contains("### Executed regions: 1\n\n| region |") && !text.contains("<details>"));
    assert!(text.contains("**Nothing was linked:** the prover of SP1 takes no precompiles. The"));
    let mut locked = report(Vec::new(), 0, 0);
    locked.totals = None;
    assert!(markdown(&[("now", &locked)]).contains("Built from the lock, without a run"));
    let text = markdown(&[("locked", &locked), ("now", &refused)]);
    assert!(text.contains("Not comparable with <code>locked</code>, which has no costs."));
    locked.target.unit = "ns".to_owned();
    let text = markdown(&[("locked", &locked), ("now", &refused)]);
    assert!(text.contains("Not comparable with <code>locked</code>, which is for openvm in ns."));
    assert_eq!(markdown(&[]), "There are no reports.\n");
}

#[test]
fn large_builds_give_short_texts() {
    let name = "<x>".repeat(4_000);
    let precompiles = (0..2_000).map(|id| precompile(10000 + id, &name, 0x100, 5)).collect();
    let mut report = report(precompiles, 1_000, 10);
    report.regions = (0..70_000).map(|at| region(&name, at, 1, 1)).collect();
    let empty = crate::fixture::report(Vec::new(), 1_000, 10);
    let text = markdown(&[("before", &empty), ("now", &report)]);
    assert!(text.len() < 65_536, "what a comment may have: {}", text.len());
    assert!(text.contains("1,940 more are in the report."));
}

/// What must be the same whatever names are: everything but text.
fn skeleton<'a>(node: &'a AstNode<'a>, out: &mut Vec<String>) {
    match &node.data.borrow().value {
        NodeValue::Text(_) | NodeValue::SoftBreak => {}
        NodeValue::HtmlInline(html) => out.push(html.clone()),
        NodeValue::HtmlBlock(html) => out.push(html.literal.clone()),
        value => out.push(format!("{:?}", std::mem::discriminant(value))),
    }
    for child in node.children() {
        skeleton(child, out);
    }
}

/// The parts of the text as the renderer of a code host sees them, and the text of the first name.
fn rendered(text: &str) -> (Vec<String>, String) {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.strikethrough = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    let arena = Arena::new();
    let root = parse_document(&arena, text, &options);
    let mut out = Vec::new();
    skeleton(root, &mut out);
    let heading = root.first_child().expect("a heading");
    let texts = heading.descendants().filter_map(|node| match &node.data.borrow().value {
        NodeValue::Text(text) => Some(text.clone()),
        _ => None,
    });
    (out, texts.collect())
}

/// A build whose every text is `name`, and one that has plain ones.
fn named(name: &str) -> String {
    let mut one = report(vec![precompile(10000, name, 0x100, 5)], 1_000, 10);
    one.regions = vec![region(name, 0x900, 1, 1)];
    name.clone_into(&mut one.regions[0].reason);
    name.clone_into(&mut one.guest.name);
    (one.target.name, one.target.unit) = (name.to_owned(), name.to_owned());
    one.target.refused = Some(name.to_owned());
    let commitment =
        |text: &str| Commitment { verifying_key: text.to_owned(), program: "p".into() };
    one.commitments =
        Some(Commitments { log_height: 19, before: commitment(name), after: commitment("after") });
    let mut old = one.clone();
    old.precompiles[0].id = 10001;
    markdown(&[(name, &old), (name, &old), (name, &one)])
}

#[test]
fn hostile_names_are_text() {
    let (plain, _) = rendered(&named("plain"));
    let long = "|`".repeat(5_000);
    let names = [
        "<script>alert(1)</script>",
        "a|b|c",
        "`code` ``x``",
        "*a* **b** _c_ __d__ ~~e~~",
        "[link](https://example.org) ![image](x.png)",
        "https://example.org www.example.org WWW.example.org mail@example.org",
        "xhttps:///example.org ftp://a.b http://example.org/a/b 1.2",
        "@someone #1 &lt; &#124; \\| \\",
        "line\nline\r\n\n# heading\n- list\n</details>",
        "<!-- comment",
        "</code>",
        "\u{202e}reversed\u{200b}",
        "\u{fffd}\u{0}\u{1b}[31m",
        "$x$ ^a^ [^1] - [x] 1. ---",
        &long,
    ];
    for name in names {
        let text = named(name);
        let (parts, _) = rendered(&text);
        assert_eq!(parts, plain, "{name:?}\n{text}");
    }
    let (_, heading) = rendered(&named("a|<b>`c`_d_"));
    assert_eq!(heading, "autoprec: a|<b>`c`_d_ for a|<b>`c`_d_");
    let (_, heading) = rendered(&named(&"x".repeat(10_000)));
    assert!(heading.starts_with(&format!("autoprec: {}… for", "x".repeat(80))), "{heading}");
}

proptest! {
    #[test]
    fn no_name_changes_what_is_around_it(name in "[a-z|`<>&*_~\\[\\]()!@#:/.\\\\\n -]{1,40}|.{1,40}") {
        prop_assume!(!name.trim().is_empty());
        let (plain, _) = rendered(&named("plain"));
        let (parts, _) = rendered(&named(&name));
        prop_assert_eq!(parts, plain);
    }
}
