//! What may be shown: text, ANSI, Markdown, formulas and MIME bundles become safe markup.
//!
//! Pure: no web, no I/O. Whatever reaches this crate may come from somebody else's notebook.
//! Nothing it returns for the page carries script, handlers, foreign styles or unprefixed ids;
//! what needs script is returned as a document for an opaque-origin frame.
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::wildcard_enum_match_arm)]

mod activity;
pub mod ansi;
mod escape;
pub mod html;
mod image;
pub mod latex;
pub mod markdown;
mod math;
pub mod mime;
mod policy;
pub mod sandbox;
pub mod terminal;
pub mod traceback;
