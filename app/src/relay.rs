//! Where the relay is: a setting of this browser, else of this build.

use web_sys::Url;

/// The relay that this build was made for, relative to the page; empty: none.
const OF_BUILD: Option<&str> = option_env!("CATHODE_RELAY");
const SETTING: &str = "cathode.relay";

/// Returns the relay's address, to which a notebook's id is added; `None` when there is none.
pub(crate) fn address() -> Option<String> {
    match storage().and_then(|storage| storage.get_item(SETTING).ok().flatten()) {
        Some(chosen) => read(&chosen).ok(),
        None => of_site(),
    }
}

/// Returns the address of the relay that everybody has who chose none.
pub(crate) fn of_site() -> Option<String> {
    let address = OF_BUILD.unwrap_or("sync");
    let base = web_sys::window()?.document()?.base_uri().ok().flatten()?;
    if address.is_empty() { None } else { in_sockets(&Url::new_with_base(address, &base).ok()?) }
}

/// Takes what a person chose, or goes back to what the site has. Says why an address is of no use.
pub(crate) fn choose(address: Option<&str>) -> Result<(), &'static str> {
    let storage = storage().ok_or("This browser keeps no settings for this site.")?;
    let kept = match address.map(str::trim) {
        None => storage.remove_item(SETTING),
        Some("") => storage.set_item(SETTING, ""),
        Some(address) => storage.set_item(SETTING, &read(address)?),
    };
    kept.map_err(|_full| "This browser could not keep the setting.")
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// Reads an address as a person writes it: relative to nothing, often without a scheme.
fn read(address: &str) -> Result<String, &'static str> {
    let whole = if address.contains("://") { address.to_owned() } else { format!("wss://{address}") };
    let url = Url::new(&whole).ok();
    let url = url.and_then(|url| Some((in_sockets(&url)?, url.hostname())));
    let (address, host) = url.ok_or("This is not the address of a relay: it begins with https:// or wss://.")?;
    let over_https =
        web_sys::window().and_then(|window| window.location().protocol().ok()).as_deref() == Some("https:");
    if over_https && address.starts_with("ws:") && !matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]") {
        return Err("This page came over https, from where a browser reaches a relay at https:// or wss:// only.");
    }
    Ok(address)
}

fn in_sockets(url: &Url) -> Option<String> {
    let scheme = match url.protocol().as_str() {
        "http:" | "ws:" => "ws:",
        "https:" | "wss:" => "wss:",
        _ => return None,
    };
    Some(format!("{scheme}//{}{}", url.host(), url.pathname().trim_end_matches('/')))
}
