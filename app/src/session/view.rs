//! What a row of the notebook shows, as signals. One cell's change touches that cell's signals only.

use std::sync::Arc;

use leptos::prelude::*;
use notebook::{CellId, CellKind, Execution, ExecutionId, ExecutionStatus, Notebook, Outcome, Output, StreamName};

use super::inspect::Documentation;
use crate::company::Person;

/// Where a cell stands, as `data-status` says it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum RunStatus {
    #[default]
    Idle,
    Pending,
    Assigned,
    Executing,
    Completed,
}

impl RunStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Pending => "pending",
            Self::Assigned => "assigned",
            Self::Executing => "executing",
            Self::Completed => "completed",
        }
    }

    /// Says whether it is on its way or runs.
    pub(crate) fn is_active(self) -> bool {
        matches!(self, Self::Pending | Self::Assigned | Self::Executing)
    }
}

/// A cell's current run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RunView {
    pub(crate) execution: Option<ExecutionId>,
    pub(crate) status: RunStatus,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) count: Option<u32>,
    pub(crate) started_at: Option<i64>,
    pub(crate) completed_at: Option<i64>,
}

impl RunView {
    /// `forsaken`: nobody runs anything any more.
    pub(super) fn of(notebook: &Notebook, cell: &CellId, forsaken: bool) -> Self {
        let Some(execution) = notebook.current_execution(cell) else {
            return Self::default();
        };
        // Once its outputs were cleared, a finished run is not shown either.
        if execution.is_completed() && !execution.shown {
            return Self::default();
        }
        let run = Self::from_execution(execution);
        if forsaken && run.status == RunStatus::Executing {
            return Self { status: RunStatus::Completed, outcome: Some(Outcome::Lost), ..run };
        }
        run
    }

    fn from_execution(execution: &Execution) -> Self {
        let (status, outcome) = match &execution.status {
            ExecutionStatus::Pending => (RunStatus::Pending, None),
            ExecutionStatus::Assigned(_) => (RunStatus::Assigned, None),
            ExecutionStatus::Executing(_) => (RunStatus::Executing, None),
            ExecutionStatus::Completed(outcome) => (RunStatus::Completed, Some(*outcome)),
        };
        Self {
            execution: Some(execution.id.clone()),
            status,
            outcome,
            count: execution.count,
            started_at: execution.started_at,
            completed_at: execution.completed_at,
        }
    }

    /// Returns the outcome as `data-outcome` says it.
    pub(crate) fn outcome_str(&self) -> Option<&'static str> {
        self.outcome.map(|outcome| match outcome {
            Outcome::Ok => "ok",
            Outcome::Error => "error",
            Outcome::Interrupted => "interrupted",
            Outcome::Cancelled => "cancelled",
            Outcome::Lost => "lost",
        })
    }

    /// Returns what stands between the brackets of the count.
    pub(crate) fn count_text(&self) -> String {
        match (self.status.is_active(), self.count) {
            (true, _) => "*".to_owned(),
            (false, Some(count)) => count.to_string(),
            (false, None) => String::new(),
        }
    }
}

/// One output of a cell.
#[derive(Debug, Clone)]
pub(crate) struct OutputView {
    /// Unlike that of every other output this page ever showed.
    pub(crate) key: u64,
    pub(crate) execution: ExecutionId,
    pub(crate) position: u32,
    pub(crate) shape: OutputShape,
}

/// How an output is kept in view.
#[derive(Debug, Clone)]
pub(crate) enum OutputShape {
    /// Text that grows; the signal counts the growths and the text is read from the state.
    Stream { name: StreamName, grown: ArcRwSignal<u64> },
    /// Anything else; an update replaces it in place.
    Rich(ArcRwSignal<Arc<Output>>),
}

impl OutputShape {
    pub(super) fn of(output: &Arc<Output>) -> Self {
        match output.as_ref() {
            Output::Stream { name, .. } => Self::Stream { name: *name, grown: ArcRwSignal::new(0) },
            Output::DisplayData { .. } | Output::ExecuteResult { .. } | Output::Error { .. } => {
                Self::Rich(ArcRwSignal::new(Arc::clone(output)))
            }
        }
    }
}

/// A cell's signals.
#[derive(Debug, Clone)]
pub(crate) struct CellView {
    pub(crate) kind: ArcRwSignal<CellKind>,
    /// Counts the alterations of the text; the text itself is read from the state.
    pub(crate) edited: ArcRwSignal<u64>,
    pub(crate) run: ArcRwSignal<RunView>,
    pub(crate) outputs: ArcRwSignal<Vec<OutputView>>,
    /// Who else is here.
    pub(crate) people: ArcRwSignal<Vec<Person>>,
    /// What is shown about a name in the text.
    pub(crate) documentation: ArcRwSignal<Documentation>,
}

impl CellView {
    pub(super) fn new(kind: CellKind) -> Self {
        Self {
            kind: ArcRwSignal::new(kind),
            edited: ArcRwSignal::new(0),
            run: ArcRwSignal::new(RunView::default()),
            outputs: ArcRwSignal::new(Vec::new()),
            people: ArcRwSignal::new(Vec::new()),
            documentation: ArcRwSignal::default(),
        }
    }
}
