//! The repository as the rules see it: every file that is not ignored, by its path.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

/// Files by path from the root, with `/` between folders.
#[derive(Debug, Default)]
pub struct Tree {
    /// The text, or `None` for a file that is not UTF-8.
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// Reads all files below the root that `.gitignore` does not exclude.
    pub fn read(root: &Path) -> io::Result<Self> {
        let ignored = Ignored::parse(&fs::read_to_string(root.join(".gitignore"))?);
        let mut tree = Self::default();
        tree.read_folder(root, "", &ignored)?;
        Ok(tree)
    }

    /// A tree in memory.
    pub fn of<const N: usize>(files: [(&str, &str); N]) -> Self {
        let files = files.map(|(path, text)| (path.to_owned(), Some(text.to_owned())));
        Self { files: BTreeMap::from(files) }
    }

    /// All paths, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// All files that are text.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// All text files with this extension.
    pub fn texts_with(&self, extension: &str) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(move |(path, _)| self::extension(path) == Some(extension))
    }

    /// The text of one file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Whether there is a file or a folder of that path.
    pub fn contains(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        self.files.contains_key(path) || self.paths().any(|file| file.starts_with(&folder))
    }

    /// The folders of the crates in the workspace.
    pub fn crates(&self) -> BTreeSet<&str> {
        self.paths().filter_map(|path| path.strip_suffix("/Cargo.toml")).collect()
    }

    fn read_folder(&mut self, root: &Path, folder: &str, ignored: &Ignored) -> io::Result<()> {
        for entry in fs::read_dir(root.join(folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = match folder {
                "" => name.clone(),
                folder => format!("{folder}/{name}"),
            };
            if ignored.matches(&path, &name) {
                continue;
            }
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.read_folder(root, &path, ignored)?;
            } else if kind.is_file() {
                let text = String::from_utf8(fs::read(entry.path())?).ok();
                self.files.insert(path, text);
            }
        }
        Ok(())
    }
}

/// What follows the last dot.
pub fn extension(path: &str) -> Option<&str> {
    Some(path.rsplit_once('.')?.1)
}

/// The part of `.gitignore`'s language that this repository uses: `/path`, `name`, `*.suffix`.
#[derive(Debug)]
struct Ignored {
    paths: BTreeSet<String>,
    names: BTreeSet<String>,
    suffixes: Vec<String>,
}

impl Ignored {
    fn parse(text: &str) -> Self {
        let mut ignored = Self { paths: BTreeSet::new(), names: BTreeSet::from([".git".to_owned()]), suffixes: vec![] };
        for line in text.lines().map(|line| line.trim().trim_end_matches('/')) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(suffix) = line.strip_prefix('*') {
                ignored.suffixes.push(suffix.to_owned());
            } else if line.contains('/') {
                ignored.paths.insert(line.trim_start_matches('/').to_owned());
            } else {
                ignored.names.insert(line.to_owned());
            }
        }
        ignored
    }

    fn matches(&self, path: &str, name: &str) -> bool {
        self.paths.contains(path)
            || self.names.contains(name)
            || self.suffixes.iter().any(|suffix| name.ends_with(suffix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_files_are_those_of_gitignore() {
        let ignored = Ignored::parse("# built\n/target\n/app/js/dist/\nnode_modules\n*.pyc\n");
        for (path, name) in [
            ("target", "target"),
            ("app/js/dist", "dist"),
            ("a/node_modules", "node_modules"),
            ("a/b.pyc", "b.pyc"),
            (".git", ".git"),
        ] {
            assert!(ignored.matches(path, name), "{path}");
        }
        assert!(!ignored.matches("app/target", "target"));
        assert!(!ignored.matches("dist", "dist"));
    }

    #[test]
    fn a_folder_is_contained_through_its_files() {
        let tree = Tree::of([("docs/a.md", "")]);
        assert!(tree.contains("docs") && tree.contains("docs/a.md"));
        assert!(!tree.contains("doc"));
    }
}
