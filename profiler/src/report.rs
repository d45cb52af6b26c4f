//! Profiles for people.
