//! What can go wrong in the browser, as one type. JavaScript's exceptions are read here only.

use js_sys::Reflect;
use wasm_bindgen::{JsCast as _, JsValue};

/// Why the browser did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrowserError {
    /// JavaScript threw, or a promise was rejected.
    #[error("could not {operation}: {name}: {message}")]
    Thrown {
        /// What was tried.
        operation: &'static str,
        /// The exception's name, such as `QuotaExceededError`.
        name: String,
        /// What it says.
        message: String,
    },
    /// This browser, or this kind of window, lacks it.
    #[error("this browser has no {what} here")]
    Missing {
        /// What is missing.
        what: &'static str,
    },
    /// A message on a port was not one of ours.
    #[error("a message could not be read: {reason}")]
    Message {
        /// What was wrong with it.
        reason: String,
    },
    /// `IndexedDB` refused.
    #[error("the list of notebooks could not be {operation}: {reason}")]
    Library {
        /// What was tried: "opened", "read", "written".
        operation: &'static str,
        /// What the browser said.
        reason: String,
    },
    /// There is no such entry.
    #[error("this notebook is not in the list of this browser")]
    NoSuchEntry,
}

impl BrowserError {
    /// Reads an exception.
    pub(crate) fn thrown(operation: &'static str, value: &JsValue) -> Self {
        let property = |name: &str| Reflect::get(value, &name.into()).ok().and_then(|found| found.as_string());
        let is_object = value.is_object();
        Self::Thrown {
            operation,
            name: is_object.then(|| property("name")).flatten().unwrap_or_else(|| "Error".to_owned()),
            message: is_object.then(|| property("message")).flatten().or_else(|| value.as_string()).unwrap_or_else(
                || {
                    value
                        .dyn_ref::<js_sys::Object>()
                        .map_or_else(|| format!("{value:?}"), |object| String::from(object.to_string()))
                },
            ),
        }
    }

    /// Returns the exception's name, if it is one that JavaScript threw.
    pub fn exception(&self) -> Option<&str> {
        match self {
            Self::Thrown { name, .. } => Some(name),
            _ => None,
        }
    }
}
