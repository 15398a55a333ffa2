//! Markdown and foreign HTML become markup that is safe within the page.
//!
//! Pure: no web, no I/O. Whatever reaches this crate may come from somebody else's notebook.
//! Nothing it returns carries script, handlers, foreign styles or unprefixed ids.
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::wildcard_enum_match_arm)]

mod activity;
pub mod html;
pub mod markdown;
mod policy;
