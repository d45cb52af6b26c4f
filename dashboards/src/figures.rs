//! Numbers as people read them, by integer arithmetic: the same on every machine.

/// A number with commas between groups of three digits.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The same with a sign, which 0 does not have.
pub(crate) fn signed(number: i128) -> String {
    let sign = match number {
        0 => "",
        1.. => "+",
        _ => "−",
    };
    let size = u64::try_from(number.unsigned_abs()).unwrap_or(u64::MAX);
    format!("{sign}{}", grouped(size))
}

/// How often `after` goes into `before`, in hundredths, rounded down; none if `after` is 0.
pub(crate) fn ratio(before: u64, after: u64) -> Option<u64> {
    let hundredths = (u128::from(before) * 100).checked_div(u128::from(after))?;
    Some(u64::try_from(hundredths).unwrap_or(u64::MAX))
}

/// What part of `whole` a number is, in hundredths of a percent, rounded towards 0; none if `whole`
/// is 0.
pub(crate) fn percent(part: i128, whole: u64) -> Option<i128> {
    part.checked_mul(10_000)?.checked_div(i128::from(whole))
}

/// `12.34` for 1234.
pub(crate) fn decimal(hundredths: u64) -> String {
    format!("{}.{:02}", grouped(hundredths / 100), hundredths % 100)
}

/// `+12.34 %` for 1234.
pub(crate) fn signed_percent(hundredths: i128) -> String {
    let size = u64::try_from(hundredths.unsigned_abs()).unwrap_or(u64::MAX);
    let sign = match hundredths {
        0 => "",
        1.. => "+",
        _ => "−",
    };
    format!("{sign}{} %", decimal(size))
}

/// A number of hundredths from a text such as `3`, `3.5` or `0.25`; none if it is none, has more than
/// two decimals or does not fit.
pub fn hundredths(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 2 {
        return None;
    }
    let part: u64 = format!("{part:0<2}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(100)?.checked_add(part)
}
