//! Where things are: the repository's folders, the user's cache, and the pinned versions
//! that the manifests name. Nothing here changes a file.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use toml::Table;

/// The repository that this run works on.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    pub(crate) fn find() -> Result<Self> {
        // At run time first: clones that share a target folder share this binary.
        let manifest_folder =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_folder.parent().context("xtask is not inside a repository")?.to_path_buf();
        Ok(Self { root })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Stamps and logs of this tool.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.path("target/xtask")
    }

    pub(crate) fn node_bin(&self) -> PathBuf {
        self.path("node_modules/.bin")
    }

    /// The version of trunk that `Trunk.toml` asks for.
    pub(crate) fn trunk_version(&self) -> Result<String> {
        let trunk = read_toml(&self.path("Trunk.toml"))?;
        pinned(trunk.get("trunk-version")).context("Trunk.toml has no exact `trunk-version`")
    }

    /// The version of the wasm-bindgen crate: the command must match it exactly.
    pub(crate) fn wasm_bindgen_version(&self) -> Result<String> {
        let manifest = read_toml(&self.path("Cargo.toml"))?;
        let dependency = manifest
            .get("workspace")
            .and_then(|workspace| workspace.get("dependencies"))
            .and_then(|dependencies| dependencies.get("wasm-bindgen"));
        pinned(dependency).context("Cargo.toml does not pin `wasm-bindgen` with `=`")
    }

    /// The oldest Rust that builds this repository.
    pub(crate) fn rust_version(&self) -> Result<String> {
        let manifest = read_toml(&self.path("Cargo.toml"))?;
        manifest
            .get("workspace")
            .and_then(|workspace| workspace.get("package"))
            .and_then(|package| package.get("rust-version"))
            .and_then(toml::Value::as_str)
            .map(str::to_owned)
            .context("Cargo.toml has no `rust-version`")
    }
}

/// The folder that all clones of one user share.
pub(crate) fn cache_folder() -> Result<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => env::home_dir()
            .context("there is no home folder; set XDG_CACHE_HOME to a folder for caches")?
            .join(".cache"),
    };
    Ok(base.join("cathode"))
}

/// Where trunk and wasm-bindgen are installed when PATH has no fitting ones.
pub(crate) fn tools_folder() -> Result<PathBuf> {
    match env::var_os("CATHODE_TOOLS").filter(|value| !value.is_empty()) {
        Some(folder) => Ok(PathBuf::from(folder)),
        None => Ok(cache_folder()?.join("tools")),
    }
}

fn read_toml(path: &Path) -> Result<Table> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.parse().with_context(|| format!("{} is not valid TOML", path.display()))
}

fn pinned(version: Option<&toml::Value>) -> Option<String> {
    version?.as_str()?.strip_prefix('=').map(str::to_owned)
}
