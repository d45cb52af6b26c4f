//! The text form of a constraint system: printer and parser.
//!
//! ```text
//! system babybear
//! column is_valid flag
//! column x10_0 input
//! constraint (is_valid) * (is_valid - 1) ; boolean
//! send range is_valid [x10_0, 8] ; @3 byte
//! ```
//!
//! Coefficients are printed as the representative of least magnitude, or as `m/2^k` where that is
//! shorter. Parsing what was printed gives the same system; parsing anything else gives an error
//! that names the line.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write};

use crate::bus::BusKind;
use crate::column::{Column, ColumnId, ColumnKind};
use crate::expr::{Expr, Linear};
use crate::field::Field;
use crate::system::{Constraint, ConstraintSystem, Interaction, Origin};

/// Why a text is not a constraint system.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct TextError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl<F: Field, B: BusKind> Display for ConstraintSystem<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "system {}", F::NAME)?;
        for column in &self.columns {
            writeln!(f, "column {} {}", column.name, column.kind.name())?;
        }
        for Constraint { expr, origin } in &self.constraints {
            writeln!(f, "constraint {} ; {origin}", self.show(expr))?;
        }
        for Interaction { bus, multiplicity, message, origin } in &self.interactions {
            let fields: Vec<String> = message.iter().map(|e| self.show(e)).collect();
            let (bus, fields) = (bus.name(), fields.join(", "));
            writeln!(f, "send {bus} {} [{fields}] ; {origin}", self.show(multiplicity))?;
        }
        Ok(())
    }
}

impl<F: Field, B: BusKind> ConstraintSystem<F, B> {
    /// An expression in the text form, with the names of the columns.
    pub fn show(&self, expr: &Expr<F>) -> String {
        let mut out = String::new();
        self.write_expr(&mut out, expr).expect("writing to a string does not fail");
        out
    }

    fn write_expr(&self, out: &mut String, expr: &Expr<F>) -> fmt::Result {
        match expr {
            Expr::Linear(linear) => self.write_linear(out, linear),
            Expr::Product(factors) => {
                for (i, factor) in factors.iter().enumerate() {
                    out.push_str(if i == 0 { "(" } else { " * (" });
                    self.write_expr(out, factor)?;
                    out.push(')');
                }
                Ok(())
            }
            Expr::Sum(summands) => {
                for (i, summand) in summands.iter().enumerate() {
                    if i > 0 {
                        out.push_str(" + ");
                    }
                    if matches!(summand, Expr::Linear(_)) && i > 0 {
                        out.push('(');
                        self.write_expr(out, summand)?;
                        out.push(')');
                    } else {
                        self.write_expr(out, summand)?;
                    }
                }
                Ok(())
            }
        }
    }

    fn write_linear(&self, out: &mut String, linear: &Linear<F>) -> fmt::Result {
        let constant = (linear.constant() != F::ZERO || linear.terms().is_empty())
            .then_some((linear.constant(), None));
        let terms = linear.terms().iter().map(|&(column, c)| (c, Some(column)));
        for (i, (coefficient, column)) in terms.chain(constant).enumerate() {
            let (negative, magnitude) = magnitude(coefficient);
            out.push_str(match (i, negative) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            });
            match column.map(|c| &self.columns[c.index()].name) {
                Some(name) if magnitude == "1" => out.push_str(name),
                Some(name) => write!(out, "{magnitude}*{name}")?,
                None => out.push_str(&magnitude),
            }
        }
        Ok(())
    }
}

/// The sign and the text of the magnitude of a coefficient.
fn magnitude<F: Field>(value: F) -> (bool, String) {
    // Below this a plain integer is easier to read than a fraction.
    const PLAIN: u64 = 1 << 12;
    const NUMERATOR: u64 = 1 << 6;
    let small =
        |value: F, limit: u64| value.to_signed().filter(|whole| whole.unsigned_abs() < limit);
    if small(value, PLAIN).is_none() {
        let mut scaled = value;
        for exponent in 1..=32 {
            scaled = scaled + scaled;
            if let Some(numerator) = small(scaled, NUMERATOR) {
                return (numerator < 0, format!("{}/2^{exponent}", numerator.unsigned_abs()));
            }
        }
    }
    let text = value.to_string();
    match text.strip_prefix('-') {
        Some(magnitude) => (true, magnitude.to_owned()),
        None => (false, text),
    }
}

impl<F: Field, B: BusKind> ConstraintSystem<F, B> {
    /// Parses the text form.
    ///
    /// # Errors
    /// Names the first line that does not fit.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let mut system =
            Self { columns: Vec::new(), constraints: Vec::new(), interactions: Vec::new() };
        let mut names = BTreeMap::new();
        let mut lines = text.lines().enumerate().map(|(i, line)| (i + 1, line.trim()));
        let header = format!("system {}", F::NAME);
        match lines.next() {
            Some((_, line)) if line == header => {}
            _ => return Err(TextError { line: 1, what: format!("expected `{header}`") }),
        }
        for (number, line) in lines.filter(|(_, line)| !line.is_empty()) {
            system.parse_line(line, &mut names).map_err(|what| TextError { line: number, what })?;
        }
        Ok(system)
    }

    fn parse_line(
        &mut self,
        line: &str,
        names: &mut BTreeMap<String, ColumnId>,
    ) -> Result<(), String> {
        let (keyword, rest) = line.split_once(' ').ok_or("expected a keyword and a text")?;
        if keyword == "column" {
            let (name, kind) = rest.split_once(' ').ok_or("expected `column NAME KIND`")?;
            let kind = ColumnKind::from_name(kind).ok_or_else(|| format!("no kind `{kind}`"))?;
            let id = u32::try_from(self.columns.len()).map_err(|_| "too many columns")?;
            if names.insert(name.to_owned(), ColumnId(id)).is_some() {
                return Err(format!("two columns named `{name}`"));
            }
            self.columns.push(Column { name: name.to_owned(), kind });
            return Ok(());
        }
        let (body, origin) = rest.split_once(" ; ").ok_or("expected ` ; ` and an origin")?;
        let origin = parse_origin(origin)?;
        match keyword {
            "constraint" => {
                let mut parser = Parser::new(body, names);
                let expr = parser.expr()?;
                parser.end()?;
                self.constraints.push(Constraint { expr, origin });
            }
            "send" => {
                let (bus, body) = body.split_once(' ').ok_or("expected `send BUS …`")?;
                let bus = B::from_name(bus).ok_or_else(|| format!("no bus `{bus}`"))?;
                let mut parser = Parser::new(body, names);
                let multiplicity = parser.expr()?;
                let message = parser.list()?;
                parser.end()?;
                if let Some(want) = bus.message_len()
                    && message.len() != want
                {
                    let got = message.len();
                    return Err(format!("a {} message has {want} fields, not {got}", bus.name()));
                }
                self.interactions.push(Interaction { bus, multiplicity, message, origin });
            }
            _ => return Err(format!("no keyword `{keyword}`")),
        }
        Ok(())
    }
}

fn parse_origin(text: &str) -> Result<Origin, String> {
    let Some(rest) = text.strip_prefix('@') else {
        return Ok(Origin { instruction: None, what: text.to_owned().into() });
    };
    let (index, what) = rest.split_once(' ').ok_or("expected a text after the instruction")?;
    let index = index.parse().map_err(|_| format!("no instruction `@{index}`"))?;
    Ok(Origin { instruction: Some(index), what: what.to_owned().into() })
}

/// How deeply parentheses may nest: far beyond what lowering emits, far below the stack's end.
const MAX_DEPTH: u32 = 64;

/// A recursive-descent parser of expressions.
struct Parser<'a> {
    rest: &'a str,
    names: &'a BTreeMap<String, ColumnId>,
    depth: u32,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, names: &'a BTreeMap<String, ColumnId>) -> Self {
        Self { rest: text, names, depth: 0 }
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, symbol: char) -> bool {
        self.skip();
        match self.rest.strip_prefix(symbol) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, symbol: char) -> Result<(), String> {
        if self.eat(symbol) {
            return Ok(());
        }
        Err(format!(
            "expected `{symbol}` before `{}`",
            self.rest.chars().take(20).collect::<String>()
        ))
    }

    fn end(&mut self) -> Result<(), String> {
        self.skip();
        if self.rest.is_empty() { Ok(()) } else { Err(format!("unexpected `{}`", self.rest)) }
    }

    fn list<F: Field>(&mut self) -> Result<Vec<Expr<F>>, String> {
        self.expect('[')?;
        let mut items = vec![self.expr()?];
        while self.eat(',') {
            items.push(self.expr()?);
        }
        self.expect(']')?;
        Ok(items)
    }

    fn expr<F: Field>(&mut self) -> Result<Expr<F>, String> {
        let mut sum = if self.eat('-') { -self.product()? } else { self.product()? };
        loop {
            if self.eat('+') {
                sum = sum + self.product()?;
            } else if self.eat('-') {
                sum = sum - self.product()?;
            } else {
                return Ok(sum);
            }
        }
    }

    fn product<F: Field>(&mut self) -> Result<Expr<F>, String> {
        let mut product = self.atom()?;
        while self.eat('*') {
            product = product * self.atom()?;
        }
        Ok(product)
    }

    fn atom<F: Field>(&mut self) -> Result<Expr<F>, String> {
        if self.eat('(') {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err(format!("parentheses nest deeper than {MAX_DEPTH}"));
            }
            let inner = self.expr()?;
            self.depth -= 1;
            self.expect(')')?;
            return Ok(inner);
        }
        self.skip();
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            let number: F = number(word).ok_or_else(|| format!("no number `{word}`"))?;
            let denominator: F = self.denominator()?;
            return Ok(Expr::constant(number * denominator));
        }
        match self.names.get(word) {
            Some(&column) => Ok(Linear::column(column).into()),
            None => Err(format!("no column `{word}`")),
        }
    }

    /// The `/2^k` after a number, if there is one.
    fn denominator<F: Field>(&mut self) -> Result<F, String> {
        let Some(rest) = self.rest.strip_prefix("/2^") else { return Ok(F::ONE) };
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, rest) = rest.split_at(end);
        self.rest = rest;
        match digits.parse() {
            Ok(exponent) if exponent <= 64 => Ok(F::inverse_power_of_two(exponent)),
            _ => Err(format!("no power of two `2^{digits}`")),
        }
    }
}

/// The longest number: more digits than the order of any field here has.
const MAX_DIGITS: usize = 80;

/// A decimal number as a field element.
fn number<F: Field>(word: &str) -> Option<F> {
    let digit = |c: char| Some(F::from_u64(u64::from(c.to_digit(10)?)));
    let ten = F::from_u64(10);
    let fits = word.len() <= MAX_DIGITS;
    fits.then(|| word.chars().try_fold(F::ZERO, |acc, c| Some(acc * ten + digit(c)?)))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::BabyBear;
    use proptest::prelude::*;

    type System = ConstraintSystem<BabyBear>;

    const EXAMPLE: &str = "\
system babybear
column is_valid flag
column a_0 input
column r_0 result
constraint (is_valid) * (is_valid - 1) ; boolean
constraint (1/2^16*a_0 - 1/2^16*r_0) * (1/2^16*a_0 - 1/2^16*r_0 - 1) ; @3 carry is a bit
constraint (a_0) * (r_0) + (is_valid) * (r_0 - 12) + (a_0 - 5) ; @4 sum
send range is_valid [a_0 + 3*r_0, 8] ; @3 byte
send execution -is_valid [2097152, r_0] ; entry
";

    #[test]
    fn printing_inverts_parsing() {
        let system = System::parse(EXAMPLE).unwrap();
        assert_eq!(system.to_string(), EXAMPLE);
        assert_eq!(System::parse(&system.to_string()).unwrap(), system);
        assert_eq!(system.degree(), 2);
    }

    #[test]
    fn errors_name_the_line() {
        for (broken, line) in [
            (EXAMPLE.replace("r_0 - 12", "q - 12"), 7),
            (EXAMPLE.replace("column a_0 input", "column is_valid input"), 3),
            (EXAMPLE.replace(", 8]", "]"), 8),
            (EXAMPLE.replace("babybear", "bear"), 1),
            (EXAMPLE.replace("send range", "send rnge"), 8),
            (EXAMPLE.replace("(is_valid - 1)", &"(".repeat(1000)), 5),
        ] {
            assert_eq!(System::parse(&broken).unwrap_err().line, line, "{broken}");
        }
    }

    fn expr() -> impl Strategy<Value = Expr<BabyBear>> {
        let leaf = prop_oneof![
            (0..3_u32).prop_map(|c| Expr::from(Linear::column(ColumnId(c)))),
            any::<u32>().prop_map(|v| Expr::constant(BabyBear::from_u64(v.into()))),
            (0..20_u32).prop_map(|e| Expr::constant(BabyBear::inverse_power_of_two(e))),
        ];
        leaf.prop_recursive(4, 24, 2, |inner| {
            (inner.clone(), inner, 0..3).prop_map(|(a, b, op)| match op {
                0 => a + b,
                1 => a - b,
                _ => a * b,
            })
        })
    }

    proptest! {
        #[test]
        fn expressions_round_trip(expr in expr(), row in prop::array::uniform3(any::<u32>())) {
            let mut system = System::parse(EXAMPLE).unwrap();
            system.constraints[0].expr = expr.clone();
            let parsed = System::parse(&system.to_string()).unwrap();
            let row = row.map(|v| BabyBear::from_u64(v.into()));
            prop_assert_eq!(parsed.constraints[0].expr.eval(&row), expr.eval(&row));
            prop_assert_eq!(parsed.to_string(), system.to_string());
        }

        #[test]
        fn parsing_never_panics(text in "(system babybear\n)?[a-z0-9_ \\[\\](),;*+/^@\n-]{0,200}") {
            drop(System::parse(&text));
        }
    }
}
