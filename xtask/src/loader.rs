//! The loader of the store's thread, which runs the page's own program and so needs its name.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::listing;

/// What the page starts its worker with.
pub(crate) const LOADER: &str = "store-worker_loader.js";

/// Writes the loader into the folder in which Trunk gathers the site, and lists what is there then.
pub(crate) fn write() -> Result<()> {
    let folder = std::env::var_os("TRUNK_STAGING_DIR").context("only Trunk runs this task, after a build")?;
    let folder = Path::new(&folder);
    write_into(folder)?;
    listing::write(folder)
}

fn write_into(folder: &Path) -> Result<()> {
    let mut names = vec![];
    for entry in fs::read_dir(folder)? {
        names.extend(entry?.file_name().into_string().ok());
    }
    let program = program(&names).context("Trunk built no program for the page")?;
    let loader = format!(
        "import init from \"./{program}.js\";\n\
         await init({{ module_or_path: new URL(\"./{program}_bg.wasm\", import.meta.url) }});\n"
    );
    fs::write(folder.join(LOADER), loader).with_context(|| format!("cannot write {LOADER}"))
}

/// Returns the name of the page's program, whose hash changes with its content.
fn program(names: &[String]) -> Option<&str> {
    names.iter().filter(|name| name.starts_with("app-")).find_map(|name| name.strip_suffix("_bg.wasm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_names_the_program_that_was_built() {
        let folder = std::env::temp_dir().join(format!("cathode-loader-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        assert!(write_into(&folder).is_err());
        for name in ["markup_bg.wasm", "app-0f1e.js", "app-0f1e_bg.wasm"] {
            fs::write(folder.join(name), "").unwrap();
        }
        write_into(&folder).unwrap();
        let loader = fs::read_to_string(folder.join(LOADER)).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert!(loader.contains("\"./app-0f1e.js\"") && loader.contains("\"./app-0f1e_bg.wasm\""), "{loader}");
    }
}
