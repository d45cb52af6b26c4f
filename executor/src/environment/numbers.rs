//! Numbers in guest memory, the least significant byte first.

use num_bigint::BigUint;

use super::transfer::{read, write};
use crate::hart::Guest;
use crate::host::CallError;

/// Numbers of `bytes` bytes each, one behind the other.
pub(super) fn load<const N: usize>(
    guest: &mut dyn Guest,
    addr: u64,
    bytes: usize,
) -> Result<[BigUint; N], CallError> {
    let data = read(guest, addr, (N * bytes) as u64)?;
    let mut numbers = data.chunks_exact(bytes).map(BigUint::from_bytes_le);
    Ok(std::array::from_fn(|_| numbers.next().expect("as many as were read")))
}

/// Stores numbers one behind the other; each fits into `size` bytes.
pub(super) fn store(
    guest: &mut dyn Guest,
    addr: u64,
    size: usize,
    numbers: &[BigUint],
) -> Result<(), CallError> {
    let data: Vec<u8> = numbers.iter().flat_map(|number| bytes(number, size)).collect();
    write(guest, addr, &data)
}

/// The low `size` bytes.
pub(super) fn bytes(number: &BigUint, size: usize) -> Vec<u8> {
    let mut bytes = number.to_bytes_le();
    bytes.resize(size, 0);
    bytes
}

/// A constant.
pub(super) fn hex(digits: &[u8]) -> BigUint {
    BigUint::parse_bytes(digits, 16).expect("constants are hexadecimal")
}
