//! `cargo autoprec` as text.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use autoprec_build::{PLONKY3, Package, Request, Settings, Verb, Zkvm, arguments};

fn package() -> Package {
    Package {
        name: "guest".to_owned(),
        manifest: "/g/Cargo.toml".into(),
        target: "/t".into(),
        settings: Settings {
            inputs: vec!["/g/1.bin".into(), "/g/2.bin".into()],
            max_precompiles: Some(20),
            config: Some("/g/openvm.toml".into()),
            ..Settings::default()
        },
        programs: vec!["guest".to_owned()],
        zkvm: Some(Zkvm::OpenVm),
        sources: Vec::new(),
    }
}

/// The commands for what is typed, a line each.
fn lines(package: &Package, verb: Verb, extra: &[&str]) -> Vec<String> {
    let extra: Vec<OsString> = extra.iter().map(OsString::from).collect();
    let exists = |path: &Path| path == Path::new("/t/autoprec/guest/profile/profile.json");
    let all = arguments(verb, package, Path::new("/e"), &extra, &exists);
    let text = |words: &Vec<OsString>| words.join(&OsString::from(" ")).into_string().unwrap();
    all.iter().map(text).collect()
}

#[test]
fn verbs_are_commands() {
    let inputs = "--input /g/1.bin --input /g/2.bin";
    let build = format!(
        "build /e {inputs} --config /g/openvm.toml --max-precompiles 20 --lock /g/autoprec.lock"
    );
    let out = "/t/autoprec/guest";
    for (verb, expected) in [
        (
            Verb::Profile,
            vec![format!("profile /e {inputs} --config /g/openvm.toml --out {out}/profile")],
        ),
        (Verb::Build, vec![format!("{build} --out {out}/build")]),
        (
            Verb::Check,
            vec![
                format!("{build} --out {out}/check --locked"),
                format!("verify-link /e {out}/check/guest.elf"),
            ],
        ),
        (
            Verb::Diff,
            vec![
                format!("profile /e {inputs} --config /g/openvm.toml --out {out}/now"),
                format!("diff {out}/profile/profile.json {out}/now/profile.json --elf /e"),
            ],
        ),
        (
            Verb::Prove,
            vec![
                format!("{build} --out {out}/build"),
                format!(
                    "prove {out}/build/guest.elf {inputs} --config /g/openvm.toml \
                     --proof {out}/run.proof --public-values {out}/run.public"
                ),
            ],
        ),
    ] {
        assert_eq!(lines(&package(), verb, &[]), expected, "{verb:?}");
    }
}

#[test]
fn what_is_typed_takes_the_place_of_what_is_written() {
    let one = |verb, extra: &[&str]| lines(&package(), verb, extra).pop().unwrap();
    let line = one(Verb::Build, &["--input", "3.bin", "--lock=x", "--out", "o", "--json"]);
    assert_eq!(
        line,
        "build /e --config /g/openvm.toml --max-precompiles 20 --input 3.bin --lock=x --out o --json"
    );
    let line = one(Verb::Build, &["--profile", "p.json", "--target", "halo2"]);
    assert!(!line.contains("--input") && line.matches("--target").count() == 1, "{line}");
    assert_eq!(one(Verb::Check, &["--out=o"]), "verify-link /e o/guest.elf");
    let line = one(Verb::Prove, &["--check"]);
    assert!(!line.contains("--proof") && !line.contains("--public-values"), "{line}");
    let both = lines(&package(), Verb::Prove, &["--target", "plonky3"]);
    assert!(both.iter().all(|line| line.matches("--target plonky3").count() == 1), "{both:?}");
    let mut linux = package();
    linux.settings = Settings {
        stdin: Some(PathBuf::from("/g/in")),
        args: vec!["-v".to_owned()],
        env: Some("linux".to_owned()),
        target: Some((&PLONKY3).into()),
        out: Some("/o".into()),
        ..Settings::default()
    };
    assert_eq!(
        lines(&linux, Verb::Build, &[]),
        [
            "build /e --stdin /g/in --arg -v --env linux --target plonky3 --lock /g/autoprec.lock --out /o/build"
        ]
    );
}

#[test]
fn a_command_line_is_read() {
    let parse = |text: &str| Request::parse(text.split_whitespace().map(OsString::from));
    let request =
        parse("autoprec build --json -p guest --manifest-path=a/Cargo.toml --top 3 -- -p x")
            .unwrap();
    assert_eq!(request.verb, Verb::Build);
    assert_eq!(request.package.as_deref(), Some("guest"));
    assert_eq!(request.manifest, Some("a/Cargo.toml".into()));
    assert_eq!(request.extra, ["--json", "--top", "3", "-p", "x"]);
    for (text, part) in [
        ("autoprec", "help"),
        ("autoprec --help", "help"),
        ("autoprec synth", "profile, build, check, diff and prove"),
        ("build -p", "--package needs a value"),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}
