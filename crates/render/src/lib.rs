//! What may be shown, and as what: text, ANSI, formulas and MIME bundles.
//!
//! Pure: no web, no I/O. Whatever reaches this crate may come from somebody else's notebook.
//! Nothing it returns for the page carries script, handlers, foreign styles or unprefixed ids.
//! Markdown and HTML are returned as they are, for the `markup` program; what needs script is
//! returned as a document for an opaque-origin frame.
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::wildcard_enum_match_arm)]

pub mod ansi;
pub mod escape;
mod image;
pub mod latex;
pub mod math;
pub mod mime;
pub mod sandbox;
pub mod terminal;
pub mod traceback;
