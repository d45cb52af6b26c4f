//! speedscope's file format: a list of frames, and one profile of weighted samples per unit.

use serde::Serialize;

use crate::view::{Function, View};

const SCHEMA: &str = "https://www.speedscope.app/file-format-schema.json";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    name: &'a str,
    exporter: &'static str,
    active_profile_index: usize,
    shared: Shared<'a>,
    profiles: Vec<Sampled<'a>>,
}

#[derive(Serialize)]
struct Shared<'a> {
    frames: Vec<Frame<'a>>,
}

#[derive(Serialize)]
struct Frame<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    /// Where the function begins: frames of one function that differ in it would be two.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

impl<'a> Frame<'a> {
    fn of(function: &'a Function) -> Self {
        let Function { name, file, line, .. } = function;
        Self { name, file: file.as_deref(), line: *line }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sampled<'a> {
    r#type: &'static str,
    name: &'a str,
    /// Units of time and size only; `none` for a number.
    unit: &'static str,
    start_value: u64,
    end_value: u64,
    /// Outermost frame first.
    samples: Vec<&'a [usize]>,
    weights: Vec<u64>,
}

/// The view as JSON; its units are profiles to choose from.
pub fn speedscope(view: &View) -> String {
    let view = &view.by_function();
    let totals = view.totals();
    let profile = |(unit, name)| {
        let spent: Vec<_> = view.paths.iter().filter(|path| path.values[unit] > 0).collect();
        Sampled {
            r#type: "sampled",
            name,
            unit: "none",
            start_value: 0,
            end_value: totals[unit],
            samples: spent.iter().map(|path| path.frames.as_slice()).collect(),
            weights: spent.iter().map(|path| path.values[unit]).collect(),
        }
    };
    let file = File {
        schema: SCHEMA,
        name: &view.title,
        exporter: "autoprec",
        active_profile_index: 0,
        shared: Shared { frames: view.functions.iter().map(Frame::of).collect() },
        profiles: view.units.iter().map(String::as_str).enumerate().map(profile).collect(),
    };
    serde_json::to_string(&file).expect("strings and numbers are valid JSON")
}
