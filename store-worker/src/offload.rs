//! Moves large values out of events: anything over the threshold goes to the blob table.

use notebook::{BlobRef, Content, Event, MimeBundle, Output, gather};
use protocol::blob::{BLOB_THRESHOLD, reference};
use serde_json::Value;

/// A value that was moved.
pub type Moved = (BlobRef, Vec<u8>);

/// Returns the event with its large values replaced by references, and those values.
pub fn offload(event: Event, key: &[u8]) -> (Event, Vec<Moved>) {
    let mut mover = Mover { key, threshold: BLOB_THRESHOLD, moved: Vec::new() };
    let mut event = mover.event(event);
    // A file may bring thousands of outputs in one event.
    if matches!(&event, Event::ExecutionImported { outputs, .. } if outputs.len() > MANY_OUTPUTS) {
        mover.threshold = BLOB_THRESHOLD / MANY_OUTPUTS;
        event = mover.event(event);
    }
    (event, mover.moved)
}

/// So many outputs of the largest size that stays in an event are a large event.
const MANY_OUTPUTS: usize = 64;

struct Mover<'a> {
    key: &'a [u8],
    /// What is longer moves.
    threshold: usize,
    moved: Vec<Moved>,
}

impl Mover<'_> {
    fn event(&mut self, event: Event) -> Event {
        match event {
            Event::StreamAppended { execution, index, name, text } => {
                Event::StreamAppended { execution, index, name, text: self.text(text) }
            }
            Event::OutputAdded { execution, index, output } => {
                Event::OutputAdded { execution, index, output: self.output(output) }
            }
            Event::DisplayUpdated { display_id, data, metadata } => {
                Event::DisplayUpdated { display_id, data: self.bundle(data), metadata }
            }
            Event::ExecutionImported { execution, cell, count, outputs } => {
                let outputs = outputs.into_iter().map(|output| self.output(output)).collect();
                Event::ExecutionImported { execution, cell, count, outputs }
            }
            other => other,
        }
    }

    fn output(&mut self, output: Output) -> Output {
        match output {
            Output::Stream { name, text } => {
                Output::Stream { name, text: text.into_iter().map(|text| self.text(text)).collect() }
            }
            Output::DisplayData { data, metadata, display_id } => {
                Output::DisplayData { data: self.bundle(data), metadata, display_id }
            }
            Output::ExecuteResult { data, metadata, display_id } => {
                Output::ExecuteResult { data: self.bundle(data), metadata, display_id }
            }
            // A traceback is bounded by the kernel.
            error @ Output::Error { .. } => error,
        }
    }

    fn bundle(&mut self, bundle: MimeBundle) -> MimeBundle {
        gather(bundle.into_iter().map(|(mime, content)| (mime, self.value(content))))
    }

    fn text(&mut self, content: Content<String>) -> Content<String> {
        match content {
            Content::Inline(text) if text.len() > self.threshold => Content::Blob(self.put(text.into_bytes())),
            small_or_moved => small_or_moved,
        }
    }

    fn value(&mut self, content: Content<Value>) -> Content<Value> {
        match content {
            Content::Inline(Value::String(text)) if text.len() > self.threshold => {
                Content::Blob(self.put(text.into_bytes()))
            }
            Content::Inline(value @ (Value::Array(_) | Value::Object(_))) => {
                let bytes = serde_json::to_vec(&value).unwrap_or_default();
                if bytes.len() > self.threshold { Content::Blob(self.put(bytes)) } else { Content::Inline(value) }
            }
            small_or_moved => small_or_moved,
        }
    }

    fn put(&mut self, bytes: Vec<u8>) -> BlobRef {
        let blob = reference(self.key, &bytes);
        self.moved.push((blob.clone(), bytes));
        blob
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use notebook::{ExecutionId, Json, StreamName};

    fn stream(length: usize) -> Event {
        let text = Content::Inline("x".repeat(length));
        Event::StreamAppended {
            execution: ExecutionId::from_entropy([1; 16]),
            index: 0,
            name: StreamName::Stdout,
            text,
        }
    }

    #[test]
    fn text_at_the_threshold_stays_and_above_it_moves() {
        assert_eq!(offload(stream(BLOB_THRESHOLD), b"key"), (stream(BLOB_THRESHOLD), Vec::new()));
        let (event, moved) = offload(stream(BLOB_THRESHOLD + 1), b"key");
        let [(blob, bytes)] = moved.as_slice() else { panic!("one value moves") };
        assert_eq!((bytes.len(), blob), (BLOB_THRESHOLD + 1, &reference(b"key", bytes)));
        assert!(matches!(event, Event::StreamAppended { text: Content::Blob(found), .. } if found == *blob));
    }

    #[test]
    fn of_very_many_outputs_only_small_ones_stay() {
        let imported = |count: usize| Event::ExecutionImported {
            execution: ExecutionId::from_entropy([1; 16]),
            cell: notebook::CellId::from_entropy([2; 16]),
            count: None,
            outputs: (0..count)
                .map(|_| Output::Stream {
                    name: StreamName::Stdout,
                    text: vec![Content::Inline("x".repeat(BLOB_THRESHOLD)), Content::Inline("small".into())],
                })
                .collect(),
        };
        assert_eq!(offload(imported(MANY_OUTPUTS), b"key").1.len(), 0);
        assert_eq!(offload(imported(MANY_OUTPUTS + 1), b"key").1.len(), MANY_OUTPUTS + 1);
    }

    #[test]
    fn every_representation_is_judged_by_itself() {
        let large = Value::String("A".repeat(100_000));
        let table: Value = (0..30_000).collect();
        let data = MimeBundle::from([
            ("text/plain".to_owned(), Content::Inline("small".into())),
            ("image/png".to_owned(), Content::Inline(large)),
            ("application/json".to_owned(), Content::Inline(table.clone())),
        ]);
        let output = Output::DisplayData { data, metadata: Json::new(), display_id: None };
        let event = Event::OutputAdded { execution: ExecutionId::from_entropy([1; 16]), index: 0, output };
        let (event, moved) = offload(event, b"key");
        let Event::OutputAdded { output: Output::DisplayData { data, .. }, .. } = event else {
            panic!("the kind stays")
        };
        assert_eq!(data["text/plain"], Content::Inline("small".into()));
        assert!(matches!(data["image/png"], Content::Blob(_)));
        assert_eq!(serde_json::from_slice::<Value>(&moved[0].1).ok(), Some(table), "JSON moves as its serialisation");
        assert_eq!(moved[1].1.len(), 100_000, "a string moves as its text");
    }
}
