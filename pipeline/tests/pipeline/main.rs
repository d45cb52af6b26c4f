//! Tests of the pipeline on the example guests.

mod built;
mod page;
