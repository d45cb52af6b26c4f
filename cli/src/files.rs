//! Files: errors that name them, and writes that leave nothing half-done.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Reads a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Reads a text file.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    let bytes = read(path)?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8 text", path.display()))
}

/// A file that is being written under another name in the same folder. It is begun before long
/// work, so that a place that cannot be written is found first.
pub(crate) struct File<'a> {
    path: &'a Path,
    temporary: tempfile::NamedTempFile,
}

impl<'a> File<'a> {
    pub(crate) fn create(path: &'a Path) -> Result<Self> {
        if path.is_dir() {
            bail!("cannot write {}: it is a folder; name a file", path.display());
        }
        let parent = parent(path);
        if !parent.is_dir() {
            bail!("cannot write {}: {} is not a folder", path.display(), parent.display());
        }
        let temporary = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempfile_in(parent)
            .map_err(|error| plain(&error))
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { path, temporary })
    }

    /// Puts the file in its place.
    pub(crate) fn finish(mut self, bytes: &[u8]) -> Result<()> {
        let path = self.path;
        let attempt = || -> Result<()> {
            self.temporary.write_all(bytes)?;
            self.temporary.as_file().sync_all()?;
            make_readable(self.temporary.path())?;
            self.temporary.persist(path).map_err(|error| error.error)?;
            Ok(())
        };
        attempt().with_context(|| format!("cannot write {}", path.display()))
    }
}

/// A folder that is being written under another name.
pub(crate) struct Folder {
    /// Its real path if it exists: what a link leads to is replaced, not the link.
    path: PathBuf,
    temporary: tempfile::TempDir,
}

/// What the names of unfinished files and folders begin with.
const PREFIX: &str = ".autoprec-";

/// What marks a folder as written by this program, so that it may be replaced.
const MARK: &str = ".autoprec-output";

impl Folder {
    /// Begins to write a folder. One that exists is replaced only if it is empty or was written by
    /// this program. Folders above it that do not exist are made at the end.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        if path.exists() && !path.is_dir() {
            bail!("{} is a file; name an empty or new folder", path.display());
        }
        if path.exists() && !path.join(MARK).exists() {
            let mut entries =
                fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
            if entries.next().is_some() {
                bail!(
                    "{} has files that autoprec did not write; name an empty or new folder",
                    path.display()
                );
            }
        }
        let path = real(path)?;
        let existing = existing_above(&path);
        if !existing.is_dir() {
            bail!("cannot write {}: {} is not a folder", path.display(), existing.display());
        }
        let temporary = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(existing)
            .map_err(|error| plain(&error))
            .with_context(|| format!("cannot write to {}", path.display()))?;
        let folder = Self { path, temporary };
        folder.add(MARK, b"")?;
        Ok(folder)
    }

    /// Writes a file of the folder, with the folders it lies in.
    pub(crate) fn add(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.temporary.path().join(name);
        let attempt = || -> Result<()> {
            fs::create_dir_all(parent(&path))?;
            fs::write(&path, bytes)?;
            Ok(())
        };
        attempt().with_context(|| format!("cannot write {}", self.path.join(name).display()))
    }

    /// Puts the folder in its place.
    pub(crate) fn finish(self) -> Result<()> {
        let path = &self.path;
        let attempt = || -> Result<()> {
            fs::create_dir_all(parent(path))?;
            let aside = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent(path))?;
            let old = aside.path().join("old");
            if path.exists() {
                fs::rename(path, &old)?;
            }
            make_readable(self.temporary.path())?;
            if let Err(error) = fs::rename(self.temporary.path(), path) {
                if old.exists() {
                    fs::rename(&old, path)?;
                }
                return Err(error.into());
            }
            Ok(())
        };
        attempt().with_context(|| format!("cannot write {}", path.display()))?;
        // What it names is in its place now.
        let _moved = self.temporary.keep();
        Ok(())
    }
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// The path of a folder without links and `..`, if it exists. The folder one is in cannot be
/// replaced without leaving one nowhere.
fn real(path: &Path) -> Result<PathBuf> {
    if !path.exists() {
        return Ok(path.to_owned());
    }
    let attempt = || -> io::Result<_> { Ok((path.canonicalize()?, std::env::current_dir()?)) };
    let (real, current) = attempt().with_context(|| format!("cannot find {}", path.display()))?;
    if current.starts_with(&real) {
        bail!("cannot write {}: it is the folder you are in; name another", path.display());
    }
    Ok(real)
}

/// The nearest thing above a path that exists.
fn existing_above(path: &Path) -> &Path {
    let mut above = parent(path);
    while !above.exists() {
        above = parent(above);
    }
    above
}

/// An error without the name of the temporary file, which means nothing to anybody.
fn plain(error: &io::Error) -> io::Error {
    error.kind().into()
}

/// Temporary files and folders are private; what takes their place is as others are.
#[cfg(unix)]
fn make_readable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = if path.is_dir() { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    Ok(())
}

#[cfg(not(unix))]
fn make_readable(_: &Path) -> Result<()> {
    Ok(())
}
