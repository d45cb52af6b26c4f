//! Files: errors that name them, and writes that leave nothing half-done.
//!
//! Invariants: a file or folder is written under another name and then renamed, so that it is there
//! whole or not at all; a folder that this program did not write is never replaced.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file or folder that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct OutputError {
    what: String,
    #[source]
    cause: Option<io::Error>,
}

type Result<T> = std::result::Result<T, OutputError>;

impl OutputError {
    fn plain(what: String) -> Self {
        Self { what, cause: None }
    }
}

/// Says what an error of the system is about.
trait About<T> {
    fn about(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> About<T> for io::Result<T> {
    fn about(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|cause| OutputError { what: what(), cause: Some(cause) })
    }
}

/// Reads a file.
///
/// # Errors
/// If it cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).about(|| format!("cannot read {}", path.display()))
}

/// Reads a text file.
///
/// # Errors
/// If it cannot be read, or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    let not_text = |_| OutputError::plain(format!("{} is not UTF-8 text", path.display()));
    String::from_utf8(read(path)?).map_err(not_text)
}

/// A file that is being written under another name in the same folder. It is begun before long
/// work, so that a place that cannot be written is found first.
#[derive(Debug)]
pub struct File<'a> {
    path: &'a Path,
    temporary: tempfile::NamedTempFile,
}

impl<'a> File<'a> {
    /// Begins to write a file.
    ///
    /// # Errors
    /// If its folder cannot be written to.
    pub fn create(path: &'a Path) -> Result<Self> {
        if path.is_dir() {
            return Err(OutputError::plain(format!(
                "cannot write {}: it is a folder; name a file",
                path.display()
            )));
        }
        let parent = parent(path);
        if !parent.is_dir() {
            return Err(OutputError::plain(format!(
                "cannot write {}: {} is not a folder",
                path.display(),
                parent.display()
            )));
        }
        let temporary = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempfile_in(parent)
            .map_err(|error| plain(&error))
            .about(|| format!("cannot write {}", path.display()))?;
        Ok(Self { path, temporary })
    }

    /// Where it is written until it is finished.
    pub fn unfinished(&self) -> &Path {
        self.temporary.path()
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// If it cannot be written; nothing is left then.
    pub fn finish(mut self, bytes: &[u8]) -> Result<()> {
        let path = self.path;
        let attempt = || -> io::Result<()> {
            self.temporary.write_all(bytes)?;
            self.temporary.as_file().sync_all()?;
            make_readable(self.temporary.path())?;
            self.temporary.persist(path).map_err(|error| error.error)?;
            Ok(())
        };
        attempt().about(|| format!("cannot write {}", path.display()))
    }
}

/// A folder that is being written under another name.
#[derive(Debug)]
pub struct Folder {
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
    ///
    /// # Errors
    /// If it may not be replaced, or cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        if path.exists() && !path.is_dir() {
            return Err(OutputError::plain(format!(
                "{} is a file; name an empty or new folder",
                path.display()
            )));
        }
        if path.exists() && !path.join(MARK).exists() {
            let mut entries =
                fs::read_dir(path).about(|| format!("cannot read {}", path.display()))?;
            if entries.next().is_some() {
                return Err(OutputError::plain(format!(
                    "{} has files that autoprec did not write; name an empty or new folder",
                    path.display()
                )));
            }
        }
        let path = real(path)?;
        let existing = existing_above(&path);
        if !existing.is_dir() {
            return Err(OutputError::plain(format!(
                "cannot write {}: {} is not a folder",
                path.display(),
                existing.display()
            )));
        }
        let temporary = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(existing)
            .map_err(|error| plain(&error))
            .about(|| format!("cannot write to {}", path.display()))?;
        let folder = Self { path, temporary };
        folder.add(MARK, b"")?;
        Ok(folder)
    }

    /// Where it is written until it is finished.
    pub fn unfinished(&self) -> &Path {
        self.temporary.path()
    }

    /// Writes a file of the folder, with the folders it lies in.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn add(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.temporary.path().join(name);
        let attempt = || -> io::Result<()> {
            fs::create_dir_all(parent(&path))?;
            fs::write(&path, bytes)?;
            Ok(())
        };
        attempt().about(|| format!("cannot write {}", self.path.join(name).display()))
    }

    /// Puts the folder in its place.
    ///
    /// # Errors
    /// If it cannot be put there; what was there stays.
    pub fn finish(self) -> Result<()> {
        let path = &self.path;
        let attempt = || -> io::Result<()> {
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
                return Err(error);
            }
            Ok(())
        };
        attempt().about(|| format!("cannot write {}", path.display()))?;
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
    let (real, current) = attempt().about(|| format!("cannot find {}", path.display()))?;
    if current.starts_with(&real) {
        return Err(OutputError::plain(format!(
            "cannot write {}: it is the folder you are in; name another",
            path.display()
        )));
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
fn make_readable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = if path.is_dir() { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    Ok(())
}

#[cfg(not(unix))]
fn make_readable(_: &Path) -> io::Result<()> {
    Ok(())
}
