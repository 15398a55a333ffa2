//! The browser as the rest of the program sees it: typed ports, workers, locks, clocks, storage.
//!
//! The only library that names `web_sys` and `js_sys`. A `JsValue` error becomes a [`BrowserError`]
//! here and nowhere else. It holds no rule about notebooks.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod channel;
pub mod clock;
pub mod deflate;
pub mod entropy;
pub mod error;
pub mod idb;
pub mod idle;
pub mod lock;
pub mod logger;
mod navigator;
pub mod opfs;
pub mod page;
pub mod panic;
pub mod port;
pub mod socket;
pub mod spawn;
pub mod timer;
pub mod worker;

pub use error::BrowserError;
pub use spawn::spawn;
