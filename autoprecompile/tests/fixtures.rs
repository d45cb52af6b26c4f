//! Fixtures: a region as assembly and what each stage makes of it, in one file.
//!
//! The first line names the stages, comments say what the fixture is about, then comes the region.
//! `BLESS=1 cargo test --release -p autoprec-synth --test fixtures` rewrites what is expected.

use std::fmt::Write;
use std::path::PathBuf;

use autoprec_blocks::Region;
use autoprec_circuits::ConstraintSystem;
use autoprec_synth::ir::Ir;
use autoprec_synth::{OPENVM, PrecompileId, lift, lower, rewrite};
use autoprec_testing::{expect_file, fixture, fixtures};

/// A fixture without what is expected.
struct Fixture {
    stages: Vec<String>,
    comments: String,
    region: Region,
}

impl Fixture {
    fn parse(text: &str) -> Self {
        let input = &text[..text.find("\n;; ").map_or(text.len(), |end| end + 1)];
        let (first, rest) = input.split_once('\n').expect("a fixture has lines");
        let stages = first.strip_prefix("; test ").expect("the first line is `; test STAGES`");
        let comments = rest.lines().filter(|line| line.starts_with(';'));
        Self {
            stages: stages.split(", ").map(str::to_owned).collect(),
            comments: comments.fold(String::new(), |all, line| all + line + "\n"),
            region: Region::parse(input).unwrap_or_else(|error| panic!("{error}\n{input}")),
        }
    }

    /// The whole fixture with what the stages give.
    fn outcome(&self) -> String {
        let Self { stages, comments, region } = self;
        let mut out = format!("; test {}\n{comments}{region}", stages.join(", "));
        let lifted = lift(region).expect("fixtures can be lifted");
        let (optimised, fired) = rewrite::optimise(&lifted);
        for stage in stages {
            writeln!(out, ";; {stage}").expect("writing to a string does not fail");
            match stage.as_str() {
                "lift" => out += &printed(&lifted),
                "optimise" => {
                    out += &printed(&optimised);
                    for (rule, insts) in &fired {
                        let places: Vec<String> = insts.iter().map(|i| format!("@{i}")).collect();
                        writeln!(out, "; {rule} {}", places.join(" ")).expect("as above");
                    }
                }
                "lower" => {
                    let id = PrecompileId::from_index(0);
                    let lowered = lower(&optimised, &OPENVM);
                    let entry = region.entry();
                    match lowered.and_then(|it| it.placed(entry, id, &OPENVM)) {
                        Ok(lowered) => {
                            let text = lowered.system.to_string();
                            let parsed = ConstraintSystem::parse(&text);
                            assert_eq!(parsed.as_ref(), Ok(&lowered.system), "{text}");
                            out += &text;
                        }
                        Err(error) => writeln!(out, "; {error}").expect("as above"),
                    }
                }
                other => panic!("no stage `{other}`: there are lift, optimise, lower"),
            }
        }
        out
    }
}

/// The text of an IR, which must be read back as the same.
fn printed(ir: &Ir) -> String {
    let text = ir.to_string();
    let parsed = Ir::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(parsed, *ir, "{text}");
    text
}

fn cases() -> Vec<(PathBuf, String)> {
    let cases = fixtures(&fixture!(""));
    assert!(cases.len() >= 12, "the fixtures are gone");
    cases
}

#[test]
fn fixtures_give_what_they_say() {
    for (path, text) in cases() {
        expect_file(&path, &Fixture::parse(&text).outcome());
    }
}
