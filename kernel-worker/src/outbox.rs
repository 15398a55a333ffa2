//! Batches what an execution puts out: merges stream text, sends at most once per interval, and
//! stretches the interval while output goes on. Pure: the clock's milliseconds come as arguments.

use std::mem;

use notebook::output::Content;
use notebook::{Event, ExecutionId, StreamName};

use crate::report::{Report, take};

/// Shortest and longest time between two messages of running code, in milliseconds.
const INTERVAL: (f64, f64) = (16.0, 250.0);
/// Text of one event, and so of one message, in bytes.
const PIECE: usize = 4 << 20;
/// Stream text that one execution may put out, in bytes.
const QUOTA: usize = 64 << 20;

/// What an execution has put out and what was not sent yet.
#[derive(Debug)]
pub(crate) struct Outbox {
    execution: ExecutionId,
    next_index: u32,
    events: Vec<Event>,
    tail: Option<(StreamName, String)>,
    held: usize,
    interval: f64,
    sent_at: f64,
    quota: usize,
    dropped: u64,
}

impl Outbox {
    /// Makes an empty one.
    pub(crate) fn new(execution: ExecutionId) -> Self {
        Self {
            execution,
            next_index: 0,
            events: Vec::new(),
            tail: None,
            held: 0,
            interval: INTERVAL.0,
            sent_at: f64::NEG_INFINITY,
            quota: QUOTA,
            dropped: 0,
        }
    }

    /// Takes stream text in. What goes beyond the quota is counted and dropped.
    pub(crate) fn write(&mut self, name: StreamName, text: &str) {
        let kept = floor_boundary(text, self.quota);
        self.quota -= kept;
        self.dropped += (text.len() - kept) as u64;
        let mut rest = &text[..kept];
        while !rest.is_empty() {
            if self.tail.as_ref().is_some_and(|(open, held)| *open != name || held.len() >= PIECE) {
                self.close_tail();
            }
            let (_, held) = self.tail.get_or_insert_with(|| (name, String::new()));
            let mut part = floor_boundary(rest, PIECE.saturating_sub(held.len()));
            if part == 0 {
                // The next character does not fit any more: let the piece go over by it.
                part = rest.chars().next().map_or(0, char::len_utf8);
            }
            held.push_str(&rest[..part]);
            self.held += part;
            rest = &rest[part..];
        }
    }

    /// Takes a report in, after the text before it.
    pub(crate) fn report(&mut self, report: Report, size: usize) {
        self.close_tail();
        self.held += size;
        self.events.extend(report.into_event(&self.execution, &mut self.next_index));
    }

    /// Says whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.tail.is_none()
    }

    /// Says whether what waits should be sent now.
    pub(crate) fn is_due(&self, now: f64) -> bool {
        !self.is_empty() && (self.held >= PIECE || now - self.sent_at >= self.interval)
    }

    /// Returns what waits, as the events of one message each.
    pub(crate) fn take(&mut self, now: f64) -> Vec<Vec<Event>> {
        let goes_on = now - self.sent_at < 2.0 * self.interval;
        self.interval = if goes_on { (self.interval * 2.0).min(INTERVAL.1) } else { INTERVAL.0 };
        self.sent_at = now;
        self.held = 0;
        self.close_tail();
        let mut messages = Vec::new();
        let (mut message, mut size) = (Vec::new(), 0);
        for event in mem::take(&mut self.events) {
            let text = text_len(&event);
            if size + text > PIECE && !message.is_empty() {
                messages.push(mem::take(&mut message));
                size = 0;
            }
            size += text;
            message.push(event);
        }
        if !message.is_empty() {
            messages.push(message);
        }
        messages
    }

    /// Says, once, how much was dropped. Comes before the last [`Self::take`].
    pub(crate) fn close(&mut self) {
        if self.dropped > 0 {
            let dropped = mem::take(&mut self.dropped);
            self.quota = QUOTA;
            self.write(
                StreamName::Stderr,
                &format!(
                    "\n[This cell printed more than {} MB. The last {dropped} bytes were not kept.]\n",
                    QUOTA >> 20
                ),
            );
        }
    }

    fn close_tail(&mut self) {
        if let Some((name, text)) = self.tail.take() {
            let index = take(&mut self.next_index);
            let execution = self.execution.clone();
            self.events.push(Event::StreamAppended { execution, index, name, text: Content::Inline(text) });
        }
    }
}

fn text_len(event: &Event) -> usize {
    if let Event::StreamAppended { text: Content::Inline(text), .. } = event { text.len() } else { 0 }
}

/// Returns the largest cut of at most `limit` bytes that splits no character.
fn floor_boundary(text: &str, limit: usize) -> usize {
    if text.len() <= limit {
        return text.len();
    }
    (0..=limit).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox() -> Outbox {
        Outbox::new(ExecutionId::parse("e").expect("a valid id"))
    }

    fn texts(messages: &[Vec<Event>]) -> Vec<String> {
        messages
            .iter()
            .flatten()
            .map(|event| match event {
                Event::StreamAppended { index, name, text: Content::Inline(text), .. } => {
                    format!("{index} {} {text}", name.as_str())
                }
                Event::OutputAdded { index, .. } => format!("{index} output"),
                other => other.kind().to_owned(),
            })
            .collect()
    }

    fn result() -> Report {
        serde_json::from_str(r#"{"kind":"execute_result","data":{"text/plain":"2"},"metadata":{}}"#).expect("a report")
    }

    #[test]
    fn writes_merge_and_keep_their_order() {
        let mut outbox = outbox();
        for (name, text) in
            [(StreamName::Stdout, "a"), (StreamName::Stdout, "b"), (StreamName::Stderr, "c"), (StreamName::Stdout, "d")]
        {
            outbox.write(name, text);
        }
        outbox.report(result(), 10);
        outbox.write(StreamName::Stdout, "e");
        assert_eq!(texts(&outbox.take(0.0)), ["0 stdout ab", "1 stderr c", "2 stdout d", "3 output", "4 stdout e"]);
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_hundred_seconds_of_output_make_few_messages_and_the_first_is_prompt() {
        let mut outbox = outbox();
        let mut sent = Vec::new();
        for step in 0..100_000 {
            let now = f64::from(step);
            outbox.write(StreamName::Stdout, "x");
            if outbox.is_due(now) {
                assert_eq!(outbox.take(now).len(), 1);
                sent.push(now);
            }
        }
        assert_eq!(&sent[..4], [0.0, 16.0, 48.0, 112.0]);
        assert!(sent.len() < 410, "{}", sent.len());
    }

    #[test]
    fn a_pause_makes_output_prompt_again() {
        let mut outbox = outbox();
        for now in [0.0, 20.0, 60.0] {
            outbox.write(StreamName::Stdout, "x");
            assert!(outbox.is_due(now));
            outbox.take(now);
        }
        outbox.write(StreamName::Stdout, "x");
        assert!(!outbox.is_due(90.0));
        assert!(outbox.is_due(1000.0));
        outbox.take(1000.0);
        outbox.write(StreamName::Stdout, "x");
        assert!(outbox.is_due(1016.0));
    }

    #[test]
    fn large_text_is_cut_between_characters() {
        let mut outbox = outbox();
        let text = "ß☃🎈".repeat(1 << 20);
        outbox.write(StreamName::Stdout, &text);
        assert!(outbox.is_due(f64::MIN));
        let messages = outbox.take(0.0);
        assert_eq!(messages.len(), 3);
        let mut joined = String::new();
        for event in messages.iter().flatten() {
            if let Event::StreamAppended { text: Content::Inline(text), .. } = event {
                assert!(text.len() <= PIECE + 4);
                joined.push_str(text);
            }
        }
        assert_eq!(joined, text);
    }

    #[test]
    fn what_goes_beyond_the_quota_is_counted_and_told_once() {
        let mut outbox = outbox();
        let text = "x".repeat(1 << 20);
        let mut kept = 0;
        for _ in 0..70 {
            outbox.write(StreamName::Stdout, &text);
            kept += outbox.take(0.0).iter().flatten().map(text_len).sum::<usize>();
        }
        assert_eq!(kept, QUOTA);
        outbox.close();
        outbox.close();
        let told = texts(&outbox.take(0.0));
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("6291456 bytes"), "{told:?}");
    }

    #[test]
    fn an_update_takes_no_index() {
        let mut outbox = outbox();
        for report in [
            r#"{"kind":"display_data","data":{"text/plain":"a"},"metadata":{},"display_id":"x"}"#,
            r#"{"kind":"update_display_data","data":{"text/plain":"b"},"metadata":{},"display_id":"x"}"#,
            r#"{"kind":"clear_output","wait":true}"#,
        ] {
            outbox.report(serde_json::from_str(report).expect("a report"), 1);
        }
        outbox.report(result(), 1);
        assert_eq!(texts(&outbox.take(0.0)), ["0 output", "DisplayUpdated", "OutputsCleared", "2 output"]);
    }
}
