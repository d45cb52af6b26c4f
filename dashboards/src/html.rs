//! The report page: one HTML file that needs neither server nor network.
//!
//! Invariants: the same data gives the same bytes. Of the data, only the escaped title stands in the
//! HTML as text; everything else is gzip in base64, which the page's scripts unpack and show as text
//! nodes. A content security policy forbids every request.

use std::fmt::Write as _;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, GzBuilder};
use serde::Serialize;

use crate::page::{Code, Detail, Page};

/// What the page may do: run and show what stands in it, and load nothing.
pub const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
     img-src data:; base-uri 'none'; form-action 'none'";

/// Styles, in order.
const STYLES: &[&str] = &[
    include_str!("../assets/base.css"),
    include_str!("../assets/parts.css"),
    include_str!("../assets/views.css"),
    include_str!("../assets/graphs.css"),
];

/// Scripts, in order: helpers, the frame, parts of views, views in the order of the menu, the start.
const SCRIPTS: &[&str] = &[
    include_str!("../assets/base.js"),
    include_str!("../assets/shell.js"),
    include_str!("../assets/list.js"),
    include_str!("../assets/chart.js"),
    include_str!("../assets/colours.js"),
    include_str!("../assets/calltree.js"),
    include_str!("../assets/flamepicture.js"),
    include_str!("../assets/layers.js"),
    include_str!("../assets/layout.js"),
    include_str!("../assets/cfggraph.js"),
    include_str!("../assets/views/overview.js"),
    include_str!("../assets/views/flame.js"),
    include_str!("../assets/views/regions.js"),
    include_str!("../assets/views/precompiles.js"),
    include_str!("../assets/views/cfg.js"),
    include_str!("../assets/views/savings.js"),
    include_str!("../assets/views/history.js"),
    include_str!("../assets/start.js"),
];

const ICON: &str = include_str!("../assets/icon.svg");

/// The longest title, in characters: some names are kilobytes.
const TITLE_LENGTH: usize = 200;

/// The page of a build. `details` are found by their precompile's number; a precompile without one shows
/// what the report says of it.
pub fn html(page: &Page, details: &[Detail], code: &Code) -> String {
    let mut out = String::new();
    head(&mut out, &page.report.guest.name);
    out.push_str(BODY);
    blob(&mut out, "page-data", page);
    for detail in details {
        blob(&mut out, &format!("detail-{}", detail.id), detail);
    }
    blob(&mut out, "code-data", code);
    out.push_str("<script>(() => {\n\"use strict\";\n");
    for script in SCRIPTS {
        out.push_str(script);
    }
    out.push_str("})();\n</script>\n</body>\n</html>\n");
    out
}

const BODY: &str = "<body>\n<a class=\"skip\" href=\"#main\">Skip to content</a>\n\
     <header id=\"top\"></header>\n<main id=\"main\" tabindex=\"-1\">\n\
     <p class=\"notice\">Reading the report …</p>\n\
     <noscript><p class=\"notice\">This report is drawn by its own scripts: allow JavaScript for this \
     file. It makes no network request.</p></noscript>\n</main>\n";

fn head(out: &mut String, name: &str) {
    let icon = STANDARD.encode(ICON);
    out.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    let _ =
        writeln!(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"{PAGE_POLICY}\">");
    out.push_str(
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n",
    );
    let _ = writeln!(out, "<title>{} – autoprec</title>", title(name));
    let _ = writeln!(out, "<link rel=\"icon\" href=\"data:image/svg+xml;base64,{icon}\">");
    out.push_str("<style>\n");
    for style in STYLES {
        out.push_str(style);
    }
    out.push_str("</style>\n</head>\n");
}

/// The name as HTML text: cut, escaped, without characters that show nothing.
fn title(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars().take(TITLE_LENGTH) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() || is_format(c) => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}

/// Whether the character reorders or hides its neighbours.
fn is_format(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Data as a script element that no browser runs.
fn blob(out: &mut String, id: &str, data: &impl Serialize) {
    // No time and no system in the header: the bytes are a function of the data.
    let mut encoder =
        GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::new(7));
    let json = serde_json::to_vec(data).expect("plain data is JSON");
    let packed = encoder
        .write_all(&json)
        .and_then(|()| encoder.finish())
        .expect("writing to memory does not fail");
    let _ = write!(out, "<script type=\"application/octet-stream;base64\" id=\"{id}\">");
    STANDARD.encode_string(&packed, out);
    out.push_str("</script>\n");
}
