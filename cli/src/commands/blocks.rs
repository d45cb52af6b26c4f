//! `autoprec blocks`.

use anyhow::{Result, bail};
use autoprec_blocks::Cfg;
use autoprec_profile::Profile;

use crate::args::BlocksArgs;
use crate::commands::diff;
use crate::guest::{Guest, load};
use crate::terminal;

pub(crate) fn run(args: &BlocksArgs) -> Result<()> {
    let guest = load(&args.guest)?;
    let profile = args.profile.as_deref().map(|path| profile_of(path, &guest)).transpose()?;
    // A patched guest is shown as what it does: its original code.
    let program = guest.original();
    let cfg = Cfg::build(&program, profile.as_ref());
    let text = if args.dot { cfg.to_dot() } else { cfg.to_string() };
    terminal::text(&text);
    Ok(())
}

/// Reads a profile and sees that it is this guest's.
pub(crate) fn profile_of(path: &std::path::Path, guest: &Guest) -> Result<Profile> {
    let profile = diff::read(path)?;
    if profile.elf_digest != guest.program.digest {
        bail!(
            "{}: this is a profile of another ELF than {}; profile this one again",
            path.display(),
            guest.name
        );
    }
    Ok(profile)
}
