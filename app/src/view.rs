//! The components of the notebook page.

mod attachment;
pub(crate) mod banner;
pub(crate) mod bar;
pub(crate) mod cell;
pub(crate) mod cell_run;
pub(crate) mod cell_source;
pub(crate) mod cell_tools;
pub(crate) mod dialog;
pub(crate) mod documentation;
pub(crate) mod drop_zone;
pub(crate) mod icon;
pub(crate) mod menu;
pub(crate) mod people;
pub(crate) mod share;
pub(crate) mod sync_state;
pub(crate) mod viewing;
