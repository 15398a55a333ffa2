//! All tests of the reducer and the rules, as one binary.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "suite/arbitrary.rs"]
mod arbitrary;
#[path = "suite/cells.rs"]
mod cells;
#[path = "suite/drafts.rs"]
mod drafts;
#[path = "suite/executions.rs"]
mod executions;
#[path = "suite/ipynb.rs"]
mod ipynb;
#[path = "suite/notation.rs"]
mod notation;
#[path = "suite/outputs.rs"]
mod outputs;
#[path = "suite/properties.rs"]
mod properties;
#[path = "suite/sources.rs"]
mod sources;
#[path = "suite/splits.rs"]
mod splits;
#[path = "suite/transitions.rs"]
mod transitions;
