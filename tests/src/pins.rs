//! Versions that two files must agree on, because two tools read them.

use serde_json::Value;
use toml::Table;

use crate::Tree;

/// Checks that Trunk asks for the wasm-opt that npm installs: otherwise it would download one.
pub fn wasm_opt(tree: &Tree) -> Vec<String> {
    let trunk = tree.text("Trunk.toml").and_then(wasm_opt_of_trunk);
    let npm = tree.text("package.json").and_then(binaryen_of_npm);
    match (trunk, npm) {
        (Some(trunk), Some(npm)) if npm.starts_with(&format!("{trunk}.")) => vec![],
        (trunk, npm) => vec![format!("Trunk.toml's wasm_opt ({trunk:?}) is not package.json's binaryen ({npm:?})")],
    }
}

fn wasm_opt_of_trunk(text: &str) -> Option<String> {
    let table: Table = text.parse().ok()?;
    let version = table.get("tools")?.get("wasm_opt")?.as_str()?;
    version.strip_prefix("version_").map(str::to_owned)
}

fn binaryen_of_npm(text: &str) -> Option<String> {
    let package: Value = serde_json::from_str(text).ok()?;
    let version = package.get("devDependencies")?.get("binaryen")?.as_str()?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violations(trunk: &str, npm: &str) -> usize {
        let trunk = format!("[tools]\nwasm_opt = \"{trunk}\"");
        let npm = format!("{{\"devDependencies\": {{\"binaryen\": \"{npm}\"}}}}");
        wasm_opt(&Tree::of([("Trunk.toml", &trunk), ("package.json", &npm)])).len()
    }

    #[test]
    fn the_two_versions_must_agree() {
        assert_eq!(violations("version_132", "132.0.0"), 0);
        assert_eq!(violations("version_13", "132.0.0"), 1);
        assert_eq!(violations("version_132", "^132.0.0"), 1);
        assert_eq!(wasm_opt(&Tree::default()).len(), 1);
    }
}
