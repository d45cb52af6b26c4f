//! Pages of the example guests.

mod built;
mod page;
