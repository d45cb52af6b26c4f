//! Runs what builds a guest, and finds what it built.
//!
//! Invariants: the tool runs in the package's folder; of the environment it sees nothing that cargo set
//! for the host; its default place of work is a folder of its own, since the host's is locked while a build
//! script runs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::SystemTime;

use crate::environment::Environment;
use crate::error::Error;
use crate::project::Package;
use crate::zkvm::Tool;

/// Lines of a failed tool's output that are shown.
const LAST_LINES: usize = 30;

/// Builds a package and gives the path of its ELF.
///
/// # Errors
/// If it is not clear what builds it, the tool is missing or fails, or its product is not found.
pub fn build_guest(package: &Package, environment: &Environment) -> Result<PathBuf, Error> {
    let words = command(package)?;
    let shown = words.join(" ");
    let tool = package.zkvm.map(crate::zkvm::Zkvm::tool);
    let mut run = Command::new(&words[0]);
    run.args(&words[1..]).current_dir(package.folder()).stdin(Stdio::null());
    run.env_clear().envs(environment.for_tools());
    if package.settings.elf.is_none() {
        run.env("CARGO_TARGET_DIR", own_target(package));
    }
    let default = tool.filter(|_| package.settings.command.is_none());
    if let Some(tool) = default.filter(|tool| !environment.has_program(tool.executable)) {
        return Err(missing(package, &shown, tool.executable, Some(tool)));
    }
    let output = match run.output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(missing(package, &shown, &words[0], default));
        }
        Err(error) => return Err(Error::io(&words[0], "run")(error)),
    };
    if !output.status.success() {
        return Err(Error::ToolFailed {
            command: shown,
            folder: package.folder().to_owned(),
            status: output.status.to_string(),
            said: last_lines(&output),
        });
    }
    let places = places(package)?;
    newest(&places).ok_or(Error::NoElf {
        command: shown,
        manifest: package.manifest.clone(),
        searched: places,
    })
}

/// The ELF of an earlier build, if there is one.
pub(crate) fn built_before(package: &Package) -> Option<PathBuf> {
    newest(&places(package).ok()?)
}

/// What builds a package.
fn command(package: &Package) -> Result<Vec<String>, Error> {
    if let Some(words) = &package.settings.command {
        return Ok(words.clone());
    }
    let vm =
        package.zkvm.ok_or_else(|| Error::WhichPipeline { manifest: package.manifest.clone() })?;
    Ok(vm.tool().command.iter().map(|&word| word.to_owned()).collect())
}

fn missing(package: &Package, command: &str, executable: &str, tool: Option<&Tool>) -> Error {
    Error::NoTool {
        command: command.to_owned(),
        executable: executable.to_owned(),
        install: tool.map_or("install it, or correct its name", |tool| tool.install),
        manifest: package.manifest.clone(),
    }
}

/// The guest's folder for what is built, apart from the host's.
fn own_target(package: &Package) -> PathBuf {
    package.target.join("autoprec-guest")
}

/// Where the ELF may be. A tool that has its own idea of the target folder has it in the package.
fn places(package: &Package) -> Result<Vec<PathBuf>, Error> {
    if let Some(elf) = &package.settings.elf {
        return Ok(vec![elf.clone()]);
    }
    let Some(tool) = package.zkvm.map(crate::zkvm::Zkvm::tool) else {
        return Err(Error::WhichPipeline { manifest: package.manifest.clone() });
    };
    let [program] = package.programs.as_slice() else {
        return Err(Error::WhichProgram {
            manifest: package.manifest.clone(),
            names: package.programs.clone(),
        });
    };
    let file = format!("{program}{}", tool.suffix);
    let targets = [own_target(package), package.folder().join("target")];
    let below =
        |target: &PathBuf| tool.folders.iter().map(|f| target.join(f).join(&file)).collect();
    Ok(targets.iter().flat_map(|target| -> Vec<PathBuf> { below(target) }).collect())
}

/// The file that was written last: another may be of an earlier version of the tool.
fn newest(places: &[PathBuf]) -> Option<PathBuf> {
    let written = |path: &Path| -> Option<SystemTime> {
        path.metadata().ok().filter(std::fs::Metadata::is_file)?.modified().ok()
    };
    let found = places.iter().rev().filter_map(|path| Some((written(path)?, path)));
    found.max_by_key(|(time, _)| *time).map(|(_, path)| path.clone())
}

/// The end of what a tool printed: of the errors, else of the rest.
fn last_lines(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    let all = if stderr.is_empty() { stdout } else { stderr };
    let lines: Vec<&str> = all.lines().collect();
    lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
}
