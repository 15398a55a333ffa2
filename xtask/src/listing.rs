//! The list of the site's files: what a build consists of, for the service worker that keeps it
//! (docs/decisions/0017), and the build's name, which the page says too.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// What the service worker asks for.
pub(crate) const LIST: &str = "files.json";

const PAGE: &str = "index.html";
/// Where the page says its build.
const PLACE: &str = "<meta name=\"build\" content=\"";
/// The browser keeps this one itself, and the list is no part of what it lists.
const UNLISTED: [&str; 2] = ["service-worker.js", LIST];

/// Lists the files of a built site, and writes the build's name into its page.
pub(crate) fn write(site: &Path) -> Result<()> {
    let page = site.join(PAGE);
    let text = fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
    let (before, after) = around_name(&text).with_context(|| format!("{PAGE} has no place for the build's name"))?;
    let mut files = BTreeMap::new();
    gather(site, "", &mut files)?;
    // A host may write into the page, as Trunk does: it is known by the build that it names.
    files.remove(PAGE);
    let mut hasher = Sha256::new_with_prefix(format!("{before}{after}"));
    for (name, (hash, _)) in &files {
        hasher.update(format!("{name} {hash}\n"));
    }
    let digest = hasher.finalize();
    let start = digest.first_chunk().context("invariant: a hash has 32 bytes")?;
    let build = format!("{:016x}", u64::from_be_bytes(*start));
    files.insert(PAGE.to_owned(), (build.clone(), text.len() as u64));
    let list = json!({ "build": build, "files": files });
    fs::write(site.join(LIST), list.to_string()).with_context(|| format!("cannot write {LIST}"))?;
    fs::write(&page, format!("{before}{build}{after}")).with_context(|| format!("cannot write {PAGE}"))
}

/// Returns what stands before and after the build's name.
fn around_name(page: &str) -> Option<(&str, &str)> {
    let (before, named) = page.split_at(page.find(PLACE)? + PLACE.len());
    Some((before, &named[named.find('"')?..]))
}

/// Notes each file below a folder by its address: the hash of its content, and its size.
fn gather(folder: &Path, address: &str, files: &mut BTreeMap<String, (String, u64)>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let entry = entry?;
        let name = format!("{address}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            gather(&entry.path(), &format!("{name}/"), files)?;
        } else if !UNLISTED.contains(&name.as_str()) {
            let content = fs::read(entry.path()).with_context(|| format!("cannot read {name}"))?;
            files.insert(name, (STANDARD.encode(Sha256::digest(&content)), content.len() as u64));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_build_is_named_by_its_content_and_the_page_says_the_name() {
        let folder = std::env::temp_dir().join(format!("cathode-listing-{}", std::process::id()));
        fs::create_dir_all(folder.join("kernel")).unwrap();
        fs::write(folder.join(PAGE), "<head></head>").unwrap();
        assert!(write(&folder).is_err());
        fs::write(folder.join(PAGE), "<meta name=\"build\" content=\"\"> one").unwrap();
        fs::write(folder.join("kernel/boot.js"), "boot").unwrap();
        fs::write(folder.join("service-worker.js"), "").unwrap();
        let name = || {
            write(&folder).unwrap();
            let list: Value = serde_json::from_str(&fs::read_to_string(folder.join(LIST)).unwrap()).unwrap();
            let names: Vec<_> = list["files"].as_object().unwrap().keys().cloned().collect();
            assert_eq!(names, ["index.html", "kernel/boot.js"]);
            list["build"].as_str().unwrap().to_owned()
        };
        let first = name();
        assert_eq!(
            fs::read_to_string(folder.join(PAGE)).unwrap(),
            format!("<meta name=\"build\" content=\"{first}\"> one")
        );
        assert_eq!(name(), first);
        fs::write(folder.join("kernel/boot.js"), "shoe").unwrap();
        let second = name();
        assert_ne!(second, first);
        fs::write(folder.join(PAGE), "<meta name=\"build\" content=\"\"> two").unwrap();
        assert_ne!(name(), second);
        fs::remove_dir_all(folder).unwrap();
    }
}
