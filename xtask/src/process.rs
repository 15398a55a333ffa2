//! Running programs: visibly, for their answer, or as a long step with progress.
//!
//! A failure always names the command and, for a long step, shows the end of its log.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::workspace::Workspace;

const PROGRESS_EVERY: Duration = Duration::from_secs(10);
const POLL_EVERY: Duration = Duration::from_millis(50);
const LOG_LINES_SHOWN: usize = 40;

/// Runs a command whose output the user sees.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", line(command)))?;
    ensure!(status.success(), "{} failed ({status})", line(command));
    Ok(())
}

/// Runs a command and returns what it wrote to standard output.
pub(crate) fn answer(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {}", line(command)))?;
    ensure!(
        output.status.success(),
        "{} failed ({}): {}",
        line(command),
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Returns true when the command can be started and succeeds; its output is not shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs a command that takes long: says what it is and how long it may take, then every ten
/// seconds how far it is. Its output goes to a log.
pub(crate) fn run_long(workspace: &Workspace, title: &str, estimate: &str, command: &mut Command) -> Result<()> {
    eprintln!("→ {title} ({estimate})");
    let log = workspace.scratch().join("logs").join(format!("{}.log", file_name(title)));
    let started = Instant::now();
    let child = start_logged(command, &log)?;
    let status = wait_with_progress(child, started, &log)?;
    if status.success() {
        eprintln!("  done in {}", seconds(started.elapsed()));
        return Ok(());
    }
    eprintln!("{}", last_lines(&log, LOG_LINES_SHOWN));
    bail!("{title}: {} failed ({status}); the whole log is in {}", line(command), log.display());
}

fn start_logged(command: &mut Command, log: &Path) -> Result<Child> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let output = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    command
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .with_context(|| format!("cannot start {}", line(command)))
}

fn wait_with_progress(mut child: Child, started: Instant, log: &Path) -> Result<ExitStatus> {
    let mut next_report = PROGRESS_EVERY;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if started.elapsed() >= next_report {
            eprintln!("  {} {}", seconds(next_report), last_lines(log, 1).trim());
            next_report += PROGRESS_EVERY;
        }
        thread::sleep(POLL_EVERY);
    }
}

fn last_lines(log: &Path, count: usize) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

fn file_name(title: &str) -> String {
    title
        .chars()
        .map(
            |character| {
                if character.is_ascii_alphanumeric() || character == '.' { character.to_ascii_lowercase() } else { '-' }
            },
        )
        .collect()
}

/// A duration as people read it: `1.4 s` or `2 min 05 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    let whole = duration.as_secs();
    if whole < 60 {
        return format!("{:.1} s", duration.as_secs_f64());
    }
    format!("{} min {:02} s", whole / 60, whole % 60)
}

fn line(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy().into_owned()));
    format!("`{}`", words.join(" "))
}
