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
        let before = index.checked_sub(1).and_then(|index| chars.get(index)).copied();
        let after = chars.get(index + 1).copied();
        if is_itself(char, before, after) {
            out.push(char);
        } else {
            push_escaped(&mut out, char);
        }
    }
    if chars.len() > limit {
        out.push('…');
    }
    out
}

/// Whether a character means itself between these two.
fn is_itself(char: char, before: Option<char>, after: Option<char>) -> bool {
    let inside = [before, after].iter().all(|side| side.is_some_and(char::is_alphanumeric));
    match char {
        ' ' | ':' | '-' | ',' => true,
        '_' => inside,
        // Addresses of pages begin with `www.`, or have `//` in them.
        '.' => inside && !matches!(before, Some('w' | 'W')),
        '/' => before != Some('/') && after != Some('/'),
        _ => !char.is_ascii_punctuation() && !char.is_control() && !changes_order(char),
    }
}

fn push_escaped(out: &mut String, char: char) {
    let code = u32::from(char);
    let _ = match char {
        // What makes mentions, addresses and references looks at the text after entities are
        // resolved; a space without width keeps it from finding them.
        '@' | '#' => write!(out, "&#{code};&#8203;"),
        _ if char.is_ascii_punctuation() => write!(out, "&#{code};"),
        _ => write!(out, "&#92;u&#123;{code:x}&#125;"),
    };
}

/// Whether a character makes those after it run the other way, or cannot be seen.
fn changes_order(char: char) -> bool {
    matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
