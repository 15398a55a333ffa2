//! Where the relay is: a setting of this browser, else of this build.

use web_sys::Url;

/// The relay that this build was made for, relative to the page; empty: none.
const OF_BUILD: Option<&str> = option_env!("CATHODE_RELAY");
const SETTING: &str = "cathode.relay";

/// Returns the relay's address, to which a notebook's id is added; `None` when there is none.
pub(crate) fn address() -> Option<String> {
    let chosen = setting().unwrap_or_else(|| OF_BUILD.unwrap_or("sync").to_owned());
    resolve(chosen.trim())
}

/// Returns what a person chose in this browser.
pub(crate) fn setting() -> Option<String> {
    storage()?.get_item(SETTING).ok().flatten()
}

/// Takes what a person chose, or goes back to what the site has. Says why an address is of no use.
pub(crate) fn choose(address: Option<&str>) -> Result<(), &'static str> {
    let storage = storage().ok_or("This browser keeps no settings for this site.")?;
    let kept = match address.map(str::trim) {
        None => storage.remove_item(SETTING),
        Some(address) if !address.is_empty() && resolve(address).is_none() => {
            return Err("This is not the address of a relay: it begins with https:// or wss://.");
        }
        Some(address) => storage.set_item(SETTING, address),
    };
    kept.map_err(|_full| "This browser could not keep the setting.")
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

fn resolve(address: &str) -> Option<String> {
    if address.is_empty() {
        return None;
    }
    let base = web_sys::window()?.document()?.base_uri().ok().flatten()?;
    let url = Url::new_with_base(address, &base).ok()?;
    let scheme = match url.protocol().as_str() {
        "http:" | "ws:" => "ws:",
        "https:" | "wss:" => "wss:",
        _ => return None,
    };
    Some(format!("{scheme}//{}{}", url.host(), url.pathname()))
}
