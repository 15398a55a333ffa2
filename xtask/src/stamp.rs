//! Knowing what is already done: a stamp holds a hash of a step's inputs, and the step is
//! skipped while the inputs hash the same.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A step's memory of the inputs it last succeeded with.
#[derive(Debug)]
pub(crate) struct Stamp {
    file: PathBuf,
    current: String,
}

impl Stamp {
    /// Hashes the inputs (files, or folders with all that is in them) and some words that
    /// matter as well, such as a version.
    pub(crate) fn new(file: PathBuf, inputs: &[PathBuf], words: &[&str]) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        words.hash(&mut hasher);
        for input in inputs {
            hash_path(input, &mut hasher)?;
        }
        Ok(Self { file, current: format!("{:016x}", hasher.finish()) })
    }

    pub(crate) fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|stored| stored == self.current)
    }

    pub(crate) fn store(&self) -> Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        }
        fs::write(&self.file, &self.current).with_context(|| format!("cannot write {}", self.file.display()))
    }
}

fn hash_path(path: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    path.file_name().hash(hasher);
    if path.is_dir() {
        let mut entries = fs::read_dir(path)
            .and_then(Iterator::collect::<std::io::Result<Vec<_>>>)
            .with_context(|| format!("cannot list {}", path.display()))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            // Python writes these while its tests run; they are no input of ours.
            if entry.file_name() != "__pycache__" {
                hash_path(&entry.path(), hasher)?;
            }
        }
    } else if path.exists() {
        fs::read(path).with_context(|| format!("cannot read {}", path.display()))?.hash(hasher);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_fresh_until_an_input_changes() {
        let folder = std::env::temp_dir().join(format!("cathode-stamp-{}", std::process::id()));
        let inputs = [folder.join("in")];
        fs::create_dir_all(&inputs[0]).unwrap();
        fs::write(folder.join("in/a.py"), "one").unwrap();
        let stamp = || Stamp::new(folder.join("stamp"), &inputs, &["1"]).unwrap();

        assert!(!stamp().is_fresh());
        stamp().store().unwrap();
        assert!(stamp().is_fresh());
        fs::write(folder.join("in/a.py"), "two").unwrap();
        assert!(!stamp().is_fresh());
        stamp().store().unwrap();
        fs::rename(folder.join("in/a.py"), folder.join("in/b.py")).unwrap();
        assert!(!stamp().is_fresh());

        fs::remove_dir_all(folder).unwrap();
    }
}
