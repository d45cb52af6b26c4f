//! The page that shows a run while it goes on. Unlike a report it needs a server: it asks for
//! `/live.json` each second.
//!
//! Invariants: the page holds no data; its scripts show data as text nodes only; the policy allows what
//! the server itself gives, and nothing else.

/// What the page may do: what the server gives, and nothing else.
pub const LIVE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page, which loads `/live.css`, `/live.js` and `/icon.svg`.
pub const LIVE_PAGE: &str = include_str!("../assets/live/page.html");

/// Its icon, an SVG.
pub const LIVE_ICON: &str = include_str!("../assets/icon.svg");

/// Its styles.
pub fn live_style() -> String {
    [
        include_str!("../assets/base.css"),
        include_str!("../assets/parts.css"),
        include_str!("../assets/live/live.css"),
    ]
    .concat()
}

/// Its scripts.
pub fn live_script() -> String {
    let scripts = [
        include_str!("../assets/base.js"),
        include_str!("../assets/shell.js"),
        include_str!("../assets/colours.js"),
        include_str!("../assets/live/flame.js"),
        include_str!("../assets/live/tables.js"),
        include_str!("../assets/live/live.js"),
    ];
    format!("(() => {{\n\"use strict\";\n{}}})();\n", scripts.concat())
}
