//! qemu-user as an executor: a child process per run.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use autoprec_executor::{Input, Run};
use autoprec_isa::Xlen;
use tempfile::TempDir;
use wait4::{ResUse, Wait4 as _};

use crate::guest::Guest;

/// qemu-user, a guest for it, and what the guest reads.
pub(crate) struct Qemu {
    program: &'static str,
    name: String,
    /// Holds `guest.elf`, which qemu wants to be executable, `stdin`, and `stdout` of the last run.
    folder: TempDir,
}

impl Qemu {
    /// Finds the qemu for a guest, or says why there is none.
    pub(crate) fn find(guest: &Guest, input: &Input) -> Result<Result<Self, String>> {
        let program = match guest.program.xlen {
            Xlen::Rv32 => "qemu-riscv32",
            Xlen::Rv64 => "qemu-riscv64",
        };
        if guest.manifest.is_some() {
            return Ok(Err(format!("{program} cannot run patched guests")));
        }
        match Command::new(program).arg("--version").stdout(Stdio::null()).status() {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Err(format!("{program} is not installed (package qemu-user)")));
            }
            Err(error) => return Err(error).context(program),
        }
        let folder = tempfile::tempdir()?;
        let elf = folder.path().join("guest.elf");
        fs::write(&elf, &guest.elf)?;
        fs::set_permissions(&elf, fs::Permissions::from_mode(0o755))?;
        fs::write(folder.path().join("stdin"), &input.stdin)?;
        Ok(Ok(Self { program, name: guest.name.clone(), folder }))
    }

    /// The CPU time of a run that has to end as autoprec's did.
    pub(crate) fn time(&self, expected: &Run) -> Result<Duration> {
        let file = |name| self.folder.path().join(name);
        let child = Command::new(self.program)
            .arg(file("guest.elf"))
            .stdin(fs::File::open(file("stdin"))?)
            .stdout(fs::File::create(file("stdout"))?)
            .stderr(Stdio::null())
            .spawn()
            .context(self.program)?;
        let ResUse { status, rusage } = child.wait4().context(self.program)?;
        let stdout = fs::read(file("stdout"))?;
        let code = status.code().and_then(|code| u32::try_from(code).ok());
        if code != Some(expected.exit_code) || stdout != expected.stdout {
            bail!("{}: {} and autoprec come to different results", self.name, self.program);
        }
        Ok(rusage.utime + rusage.stime)
    }
}
