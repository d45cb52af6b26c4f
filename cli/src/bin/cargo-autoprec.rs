//! `cargo autoprec`: finds the guest's package, has its zkVM's own tool build it, and runs `autoprec` with
//! what `[package.metadata.autoprec]` says. Everything but the running is in `autoprec-build`.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use autoprec_build::{Environment, Package, Request, RequestError, Verb, arguments, build_guest};

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode> {
    let request = match Request::parse(std::env::args_os().skip(1)) {
        Ok(request) => request,
        Err(RequestError::Help) => {
            anstream::print!("{}", help());
            return Ok(ExitCode::SUCCESS);
        }
        Err(error) => return Err(error.into()),
    };
    let environment = Environment::of_process();
    let name = request.package.as_deref();
    let package = match &request.manifest {
        Some(manifest) => Package::of_manifest(manifest, name, &environment)?,
        None => Package::around(Path::new("."), name, &environment)?,
    };
    anstream::eprintln!("building {}", package.name);
    let elf = build_guest(&package, &environment)?;
    let commands =
        arguments(request.verb, &package, &elf, &request.extra, &|path: &Path| path.exists());
    for command in commands {
        let code = autoprec(&command)?;
        if code != 0 {
            return Ok(ExitCode::from(code));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs `autoprec`: the one that came with this program, or the one in `PATH`. Gives its exit code.
fn autoprec(arguments: &[OsString]) -> Result<u8> {
    let name = format!("autoprec{}", std::env::consts::EXE_SUFFIX);
    let beside = std::env::current_exe().ok().map(|path| path.with_file_name(&name));
    let program = beside.filter(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(&name));
    let status = Command::new(&program)
        .args(arguments)
        .status()
        .with_context(|| format!("cannot run {}", program.display()))?;
    // Without a code it was ended by a signal.
    Ok(status.code().map_or(1, |code| u8::try_from(code).unwrap_or(1)))
}

fn help() -> String {
    let mut text = String::from(
        "Builds a zkVM's guest with the zkVM's own tool, and runs autoprec on it as \
         [package.metadata.autoprec]\nin its Cargo.toml says.\n\n\
         Usage: cargo autoprec COMMAND [--manifest-path PATH] [-p PACKAGE] [OPTIONS OF autoprec]\n\n\
         Commands:\n",
    );
    for verb in Verb::ALL {
        writeln!(text, "  {:8} {}", verb.name(), verb.about()).expect("writing to a string");
    }
    text + "\nOther options are passed on: `autoprec COMMAND --help` lists them.\n"
}
