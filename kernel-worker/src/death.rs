//! Why Python is beyond use, in words for a person.

use js_sys::{Error, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};

/// A reason, and whether memory ran out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Death {
    pub(crate) reason: String,
    pub(crate) out_of_memory: bool,
}

impl Death {
    /// Reads what Pyodide threw.
    pub(crate) fn of(error: &JsValue) -> Self {
        let property = |name: &str| Reflect::get(error, &JsValue::from_str(name)).ok();
        let status = property("status").and_then(|status| status.as_f64());
        let message = error
            .dyn_ref::<Error>()
            .map(|error| String::from(error.message()))
            .or_else(|| property("message").and_then(|message| message.as_string()))
            .or_else(|| error.as_string())
            .unwrap_or_default();
        Self::from_message(&message, status)
    }

    /// Puts words to a broken agreement between the two ends of the port.
    pub(crate) fn protocol(reason: &str) -> Self {
        Self {
            reason: format!("The kernel and the page do not understand each other: {reason}."),
            out_of_memory: false,
        }
    }

    fn from_message(message: &str, status: Option<f64>) -> Self {
        let lower = message.to_ascii_lowercase();
        let says = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
        if status.is_some() || says(&["exit(", "already exited"]) {
            let code = status.map_or_else(String::new, |code| format!(" with code {code}"));
            return Self {
                reason: format!("Python ended itself{code}. Restart the kernel to go on."),
                out_of_memory: false,
            };
        }
        if says(&["out of memory", "memory.grow", "allocation failed", "cannot enlarge memory"]) {
            return Self {
                reason: "Python ran out of memory. Restart the kernel to go on.".to_owned(),
                out_of_memory: true,
            };
        }
        if says(&["call stack", "too much recursion", "stack overflow"]) {
            return Self {
                reason: "Python called itself too deeply and could not recover. Restart the kernel to go on."
                    .to_owned(),
                out_of_memory: false,
            };
        }
        let first = message.lines().next().unwrap_or_default();
        Self { reason: format!("Python broke down ({first}). Restart the kernel to go on."), out_of_memory: false }
    }
}

/// Says whether Python threw because somebody interrupted it, and is well otherwise.
pub(crate) fn is_interrupt(error: &JsValue) -> bool {
    let kind = Reflect::get(error, &JsValue::from_str("type")).ok().and_then(|kind| kind.as_string());
    kind.as_deref() == Some("KeyboardInterrupt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_become_reasons() {
        for (message, status, start, out_of_memory) in [
            ("Program terminated with exit(1)", Some(1.0), "Python ended itself with code 1.", false),
            ("Pyodide already exited and can no longer be used.", None, "Python ended itself.", false),
            ("WebAssembly.Memory.grow(): Maximum memory size exceeded", None, "Python ran out of memory.", true),
            ("Maximum call stack size exceeded", None, "Python called itself too deeply", false),
            ("unreachable\nat f", None, "Python broke down (unreachable).", false),
        ] {
            let death = Death::from_message(message, status);
            assert!(death.reason.starts_with(start), "{death:?}");
            assert_eq!(death.out_of_memory, out_of_memory);
        }
    }
}
