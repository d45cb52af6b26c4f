//! The common cases, by the host's own floating point.
//!
//! **Invariant:** a result that is given here is the one that the software implementation gives, and the
//! only exception it may stand for is that it is inexact. So this is used where results are rounded to
//! the nearest and that flag is set already, and says nothing wherever another flag could be raised:
//! a result that is normal, and above the smallest normal number, raises none.

use super::FloatOp;

/// The host's type of a precision.
pub(super) trait Native: Copy {
    /// The result of an operation that is rounded to the nearest, if it is certain.
    fn arithmetic(op: FloatOp, operands: [Self; 3]) -> Option<u64>;

    /// A comparison, unless an operand is a NaN.
    fn compare(op: FloatOp, a: Self, b: Self) -> Option<bool>;
}

macro_rules! native {
    ($float:ty) => {
        impl Native for $float {
            fn arithmetic(op: FloatOp, [a, b, c]: [Self; 3]) -> Option<u64> {
                let value = match op {
                    FloatOp::Add => a + b,
                    FloatOp::Sub => a - b,
                    FloatOp::Mul => a * b,
                    FloatOp::Div => a / b,
                    FloatOp::Sqrt => a.sqrt(),
                    FloatOp::Fused { negate_product, negate_addend } => {
                        let a = if negate_product { -a } else { a };
                        a.mul_add(b, if negate_addend { -c } else { c })
                    }
                    _ => return None,
                };
                let certain = value.is_normal() && value.abs() > Self::MIN_POSITIVE;
                certain.then(|| value.to_bits().into())
            }

            fn compare(op: FloatOp, a: Self, b: Self) -> Option<bool> {
                let order = a.partial_cmp(&b)?;
                match op {
                    FloatOp::Eq => Some(order.is_eq()),
                    FloatOp::Lt => Some(order.is_lt()),
                    FloatOp::Le => Some(order.is_le()),
                    _ => None,
                }
            }
        }
    };
}

native!(f32);
native!(f64);
