//! How many precompiles OpenVM leaves room for, without OpenVM.
//!
//! Invariant: the figures are those of OpenVM 2.0.2, as `autoprec_openvm::describe` gives them; a test of
//! the command line holds them to it. Where they were wrong, a build would be refused when it is proved,
//! not be unsound.

use autoprec_synth::Budget;
use toml::{Table, Value};

/// Tables in one verifying key, and columns of all together.
const MOST: (usize, usize) = (100, 30_000);
/// The base instruction set with input and output.
const BASE: (usize, usize) = (19, 757);
/// Extensions that are there or not.
const PLAIN: [(&str, (usize, usize)); 4] =
    [("rv32m", (4, 132)), ("keccak", (3, 4109)), ("sha2", (4, 2183)), ("bigint", (6, 1332))];
/// Of integers of 256 bits without multiplication of words: the table of pairs is theirs then.
const PAIRS: (usize, usize) = (1, 3);
/// Tables of one modulus or curve, and their columns for numbers of 32 and of 48 bytes.
const MODULAR: (usize, [usize; 2]) = (3, [796, 1148]);
const FP2: (usize, [usize; 2]) = (2, [1118, 1646]);
const CURVE: (usize, [usize; 2]) = (2, [1382, 2239]);
/// Decimal digits of the largest number of 32 bytes.
const DIGITS: usize = 78;
/// The same number.
const LARGEST: &str =
    "115792089237316195423570985008687907853269984665640564039457584007913129639935";

/// Precompiles at most for tables of our own, if nothing else is asked for. Each is a table, which a proof
/// pays for whatever is in it.
pub const MACHINE_PRECOMPILES: usize = 40;

/// What a VM of OpenVM with this `openvm.toml` (none: RV32IM, input and output) leaves for precompiles.
///
/// # Errors
/// If the text is not TOML with a table `app_vm_config`.
pub fn room(config: Option<&str>) -> Result<Budget, String> {
    let Some(text) = config else { return room(Some(crate::run::PLAIN_CONFIG)) };
    let file: Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let config = file.get("app_vm_config").and_then(Value::as_table);
    let config = config.ok_or("it has no table app_vm_config")?;
    let mut used = vec![BASE];
    used.extend(PLAIN.iter().filter(|(name, _)| config.contains_key(*name)).map(|(_, size)| *size));
    if config.contains_key("bigint") && !config.contains_key("rv32m") {
        used.push(PAIRS);
    }
    let numbers = |name: &str, list: &str| -> Vec<Value> {
        let list = config.get(name).and_then(|table| table.get(list)).and_then(Value::as_array);
        list.cloned().unwrap_or_default()
    };
    let sized = |(tables, columns): (usize, [usize; 2]), modulus: &Value| {
        (tables, columns[usize::from(is_long(modulus.as_str().unwrap_or_default()))])
    };
    used.extend(numbers("modular", "supported_moduli").iter().map(|m| sized(MODULAR, m)));
    // A pair of a name and the modulus.
    used.extend(
        numbers("fp2", "supported_moduli").iter().filter_map(|m| Some(sized(FP2, m.get(1)?))),
    );
    let curves = numbers("ecc", "supported_curves");
    used.extend(curves.iter().filter_map(|curve| Some(sized(CURVE, curve.get("modulus")?))));
    let tables: usize = used.iter().map(|(tables, _)| tables).sum();
    let columns: usize = used.iter().map(|(_, columns)| columns).sum();
    Ok(Budget {
        precompiles: MOST.0.saturating_sub(tables),
        columns: MOST.1.saturating_sub(columns),
    })
}

/// Whether a decimal number needs more than 32 bytes.
fn is_long(number: &str) -> bool {
    let number = number.trim_start_matches('0');
    number.len() > DIGITS || (number.len() == DIGITS && number > LARGEST)
}
