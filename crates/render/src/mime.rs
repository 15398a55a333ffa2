//! Chooses among the representations of an output, and says how the chosen one is shown.
//!
//! The order is JupyterLab's. Representations that need a library the app does not have are
//! passed over for the next one.

use notebook::{BlobRef, Content, Json, MimeBundle};
use serde_json::Value;

use crate::{image, latex, sandbox};

/// The size that an output's author asked for, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Width.
    pub width: Option<u32>,
    /// Height.
    pub height: Option<u32>,
}

/// Something that can be shown. What is called markup is safe within the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// Foreign HTML: only the `markup` program makes something of it that the page may show.
    Html(String),
    /// Foreign HTML with script: only ever the source of a sandboxed frame, through
    /// [`sandbox::document`](crate::sandbox::document).
    Sandboxed(String),
    /// A picture for `<img src="data:…">`.
    Image {
        /// Its type.
        mime: String,
        /// Its bytes.
        base64: String,
        /// The size asked for.
        size: Size,
    },
    /// An SVG picture for `<img>`, where its scripts and links are dead.
    Svg {
        /// A complete `data:` address.
        address: String,
        /// The size asked for.
        size: Size,
    },
    /// Sound or film for `<audio>` or `<video>`.
    Media {
        /// Its type, which begins with `audio/` or `video/`.
        mime: String,
        /// Its bytes.
        base64: String,
    },
    /// A value to be shown as a tree.
    Json(Value),
    /// Markup with formulas to be typeset.
    Latex(String),
    /// Foreign Markdown, for the `markup` program as well.
    Markdown(String),
    /// Text with ANSI escape sequences, for [`ansi::to_html`](crate::ansi::to_html).
    Text(String),
}

/// What is to be done with a bundle.
#[derive(Debug, Clone, PartialEq)]
pub enum Plan {
    /// Show this.
    Ready(Shown),
    /// Read this blob first, then plan again.
    Needs(BlobRef, String),
    /// Nothing in the bundle can be shown.
    Nothing,
}

/// Returns the rank of a type, as JupyterLab orders them; lower ones are preferred.
fn rank(mime: &str) -> Option<u8> {
    Some(match mime {
        "application/json" => 0,
        "application/javascript" | "text/javascript" => 1,
        "text/html" => 50,
        "text/markdown" => 60,
        "text/latex" => 70,
        "image/svg+xml" => 80,
        "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/bmp" | "image/avif" => 90,
        "application/vnd.jupyter.stdout" | "application/vnd.jupyter.stderr" | "text/plain" => 120,
        // Not JupyterLab's: data that no renderer claims is better than nothing.
        _ if mime.starts_with("audio/") || mime.starts_with("video/") => 100,
        _ if is_json(mime) => 200,
        _ if mime.starts_with("text/") => 210,
        _ => return None,
    })
}

fn is_json(mime: &str) -> bool {
    mime == "application/json" || (mime.starts_with("application/") && mime.ends_with("+json"))
}

/// Plans how a bundle is shown. `read` gives the bytes of a blob that has been loaded.
pub fn plan<'b>(bundle: &MimeBundle, metadata: &Json, read: impl Fn(&BlobRef) -> Option<&'b [u8]>) -> Plan {
    let mut ranked: Vec<(u8, &String)> = bundle.keys().filter_map(|mime| Some((rank(mime)?, mime))).collect();
    ranked.sort();
    for (_, mime) in ranked {
        let shown = match &bundle[mime] {
            Content::Inline(value) => show(mime, value, metadata),
            Content::Blob(blob) => match read(blob) {
                None => return Plan::Needs(blob.clone(), mime.clone()),
                Some(bytes) => decode(mime, bytes).and_then(|value| show(mime, &value, metadata)),
            },
        };
        // What cannot be shown after all leaves its place to the next one.
        if let Some(shown) = shown {
            return Plan::Ready(shown);
        }
    }
    Plan::Nothing
}

/// Reads a value as the blob table keeps it: text as UTF-8, JSON as its serialisation.
fn decode(mime: &str, bytes: &[u8]) -> Option<Value> {
    if is_json(mime) {
        serde_json::from_slice(bytes).ok()
    } else {
        Some(Value::String(String::from_utf8_lossy(bytes).into_owned()))
    }
}

fn show(mime: &str, value: &Value, metadata: &Json) -> Option<Shown> {
    if is_json(mime) {
        return Some(Shown::Json(value.clone()));
    }
    let text = text(value)?;
    Some(match mime {
        "text/html" => Shown::Html(text),
        "application/javascript" | "text/javascript" => Shown::Sandboxed(sandbox::script(&text)),
        "text/markdown" => Shown::Markdown(text),
        "text/latex" => Shown::Latex(latex::to_html(&text)),
        "image/svg+xml" => Shown::Svg { address: image::svg_address(&text)?, size: size(mime, metadata) },
        _ if mime.starts_with("image/") => {
            Shown::Image { mime: mime.to_owned(), base64: image::base64(&text)?, size: size(mime, metadata) }
        }
        _ if mime.starts_with("audio/") || mime.starts_with("video/") => {
            Shown::Media { mime: media_type(mime)?, base64: image::base64(&text)? }
        }
        _ => Shown::Text(text),
    })
}

/// Returns the text of a value. nbformat allows a list of lines in its place.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(lines) => lines.iter().map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

/// Returns a type that can be part of an address.
fn media_type(mime: &str) -> Option<String> {
    let plain = mime.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'+' | b'.'));
    plain.then(|| mime.to_owned())
}

/// Reads the size asked for, under the type's own name or for the whole output.
fn size(mime: &str, metadata: &Json) -> Size {
    /// Nobody means more; the page scrolls such a picture, but does not grow for ever.
    const LARGEST: u64 = 20_000;
    let own = metadata.get(mime).and_then(Value::as_object);
    let side = |name: &str| {
        let value = own.and_then(|own| own.get(name)).or_else(|| metadata.get(name))?;
        let number = value.as_u64().or_else(|| value.as_str()?.trim_end_matches("px").parse().ok())?;
        u32::try_from(number).ok().filter(|_| (1..=LARGEST).contains(&number))
    };
    Size { width: side("width"), height: side("height") }
}

#[cfg(test)]
mod tests;
