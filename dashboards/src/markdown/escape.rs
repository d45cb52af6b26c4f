//! Names and texts from outside, as parts of Markdown that show them and do nothing else.
//!
//! Invariants: the result is one line, has no character that Markdown, HTML or a table gives a meaning
//! to, and long ones are cut.

use std::fmt::Write as _;

/// The most characters of a name that are shown.
const NAME: usize = 80;
/// The most characters of a text that are shown.
const TEXT: usize = 400;

/// A name, in the letters of code.
pub(super) fn name(text: &str) -> String {
    format!("<code>{}</code>", shown(text, NAME))
}

/// A text in sentences.
pub(super) fn text(text: &str) -> String {
    shown(text, TEXT)
}

fn shown(text: &str, limit: usize) -> String {
    let chars: Vec<char> = text.chars().take(limit + 1).collect();
    let mut out = String::new();
    for (index, &char) in chars.iter().enumerate().take(limit) {
        let beside = |index: usize| chars.get(index).is_some_and(|char| char.is_alphanumeric());
        let inside = index > 0 && beside(index - 1) && beside(index + 1);
        push(&mut out, char, inside);
    }
    if chars.len() > limit {
        out.push('…');
    }
    out
}

/// `inside` a word an underscore means itself.
fn push(out: &mut String, char: char, inside: bool) {
    if char.is_alphanumeric() || matches!(char, ' ' | ':' | '-' | ',') || char == '_' && inside {
        out.push(char);
    } else if matches!(char, '@' | '#') {
        // What makes mentions, addresses and references looks at the text after entities are
        // resolved; a space without width keeps it from finding them.
        let _ = write!(out, "&#{};&#8203;", u32::from(char));
    } else if char.is_ascii_punctuation() {
        let _ = write!(out, "&#{};", u32::from(char));
    } else if char.is_control() || changes_order(char) {
        let _ = write!(out, "&#92;u&#123;{:x}&#125;", u32::from(char));
    } else {
        out.push(char);
    }
}

/// Whether a character makes those after it run the other way, or cannot be seen.
fn changes_order(char: char) -> bool {
    matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
