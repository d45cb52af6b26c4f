//! The report page: its bytes are a function of its data, nothing of the data can leave its place, and a
//! large guest's page stays small.

use std::io::Read as _;

use autoprec_dashboards::{Code, Detail, Page, html};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;

use crate::synthetic::{Shape, hostile_names, page};

const SMALL: Shape = Shape { blocks: 300, precompiles: 12, lines: 60, hostile: false };
const HOSTILE: Shape = Shape { hostile: true, ..SMALL };

/// The text of the data element with the id.
fn blob(html: &str, id: &str) -> String {
    let start = format!("<script type=\"application/octet-stream;base64\" id=\"{id}\">");
    let (_, rest) = html.split_once(&start).unwrap_or_else(|| panic!("no {id}"));
    let (data, _) = rest.split_once("</script>").expect("the element ends");
    let mut text = String::new();
    let packed = STANDARD.decode(data).expect("it is base64");
    GzDecoder::new(&packed[..]).read_to_string(&mut text).expect("it is gzip of text");
    text
}

/// The page without its data elements.
fn frame(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some((before, after)) =
        rest.split_once("<script type=\"application/octet-stream;base64\"")
    {
        out.push_str(before);
        rest = after.split_once("</script>").expect("the element ends").1;
    }
    out.push_str(rest);
    out
}

#[test]
fn data_comes_back() {
    for shape in [SMALL, HOSTILE] {
        let (page, details, code) = page(shape);
        let html = html(&page, &details, &code);
        assert_eq!(serde_json::from_str::<Page>(&blob(&html, "page-data")).unwrap(), page);
        assert_eq!(serde_json::from_str::<Code>(&blob(&html, "code-data")).unwrap(), code);
        for detail in details {
            let text = blob(&html, &format!("detail-{}", detail.id));
            assert_eq!(serde_json::from_str::<Detail>(&text).unwrap(), detail);
        }
    }
}

#[test]
fn same_data_same_bytes() {
    let (first, details, code) = page(SMALL);
    let (second, ..) = page(SMALL);
    assert_eq!(html(&first, &details, &code), html(&second, &details, &code));
}

#[test]
fn names_stay_in_their_place() {
    let (mut page, details, code) = page(HOSTILE);
    let plain = {
        let mut plain = page.clone();
        plain.report.guest.name = "plain".to_owned();
        frame(&html(&plain, &details, &code))
    };
    for name in hostile_names() {
        page.report.guest.name.clone_from(&name);
        let frame = frame(&html(&page, &details, &code));
        // Only the title may differ, and it holds no markup.
        let (before, rest) = frame.split_once("<title>").unwrap();
        let (title, after) = rest.split_once("</title>").unwrap();
        let (plain_before, plain_rest) = plain.split_once("<title>").unwrap();
        assert_eq!(before, plain_before);
        assert_eq!(after, plain_rest.split_once("</title>").unwrap().1);
        assert!(!title.contains(['<', '>', '"', '\'', '\u{202e}', '\u{0}', '\u{1b}']), "{title:?}");
        assert!(title.chars().count() < 1300, "{title:?}");
    }
}

#[test]
fn assets_end_no_element_and_load_nothing() {
    let (page, details, code) = page(SMALL);
    let html = html(&page, &details, &code);
    let frame = frame(&html);
    assert_eq!(frame.matches("</script").count(), 1);
    assert_eq!(frame.matches("</style").count(), 1);
    assert!(frame.contains("content=\"default-src 'none';"));
    let ours = ["http://www.w3.org/2000/svg"];
    for (at, _) in frame.match_indices("http") {
        let known = ours.iter().any(|text| frame[at..].starts_with(text))
            || frame[at..].starts_with("http-equiv");
        assert!(known, "{}", &frame[at..at + 60]);
    }
    for sink in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "@import",
        "url(",
    ] {
        assert!(!frame.contains(sink), "{sink}");
    }
}

#[test]
fn large_guests_fit() {
    let shape = Shape { blocks: 70_000, precompiles: 76, lines: 3000, hostile: false };
    let (page, details, code) = page(shape);
    let size = html(&page, &details, &code).len();
    assert!(size < 15_000_000, "{size} bytes");
}
