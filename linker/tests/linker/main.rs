//! Linking of small guests written here and of the example guests.

mod elf;
mod fixture;
mod fixtures;
mod guests;
mod lock;
mod manifest;
mod random;
mod vendors;
mod verify;
