//! Named phases of a long task, each with its time, and a summary at the end.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::process::seconds;

/// The phases that a task has been through.
#[derive(Debug, Default)]
pub(crate) struct Phases {
    finished: Vec<(&'static str, Duration)>,
}

impl Phases {
    /// Runs one phase; its name is part of the error when it fails.
    pub(crate) fn run(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        eprintln!("\n━━ {name}");
        let started = Instant::now();
        work().with_context(|| format!("phase `{name}`"))?;
        let duration = started.elapsed();
        eprintln!("━━ {name}: {}", seconds(duration));
        self.finished.push((name, duration));
        Ok(())
    }

    pub(crate) fn print_summary(&self) {
        eprintln!("\nAll phases passed:");
        for (name, duration) in &self.finished {
            eprintln!("  {name:<24}{:>14}", seconds(*duration));
        }
        let total = self.finished.iter().map(|(_, duration)| *duration).sum();
        eprintln!("  {:<24}{:>14}", "total", seconds(total));
    }
}
