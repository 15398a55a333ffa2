//! What a run showed, one file per kind of output.

pub(crate) mod error;
pub(crate) mod frame;
pub(crate) mod image;
pub(crate) mod list;
pub(crate) mod markup;
pub(crate) mod math;
pub(crate) mod missing;
pub(crate) mod palette;
pub(crate) mod rich;
pub(crate) mod stream;
pub(crate) mod tree;
