//! Notebook files: what is read, what is refused, what comes out again.

use std::collections::BTreeMap;

use expect_test::expect;
use notebook::ipynb::{export, parse};
use notebook::{BlobRef, Command, Content, Output};

use crate::notation::Bench;

const FILE: &str = r##"{
 "cells": [
  {"cell_type": "markdown", "id": "intro", "metadata": {}, "source": ["# Title\n", "text"], "attachments": {"a.png": {"image/png": "AA=="}}},
  {"cell_type": "code", "id": "one", "metadata": {"tags": ["x"], "trusted": true}, "source": "1+1", "execution_count": 3,
   "outputs": [
    {"output_type": "stream", "name": "stderr", "text": ["a\n", "b"]},
    {"output_type": "execute_result", "execution_count": 3, "metadata": {}, "data": {"text/plain": ["2"], "application/json": {"a": [1.5]}}},
    {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t"]},
    {"output_type": "hologram", "depth": 3}
   ]}
 ],
 "metadata": {"kernelspec": {"name": "python3"}, "signature": "x"},
 "nbformat": 4, "nbformat_minor": 5
}"##;

fn open(text: &str) -> Bench {
    let mut bench = Bench::default();
    let file = Box::new(parse(text).unwrap());
    bench.ask(Command::Import { file }).unwrap();
    bench
}

fn no_blobs(_: &BlobRef) -> Option<Vec<u8>> {
    None
}

#[test]
fn a_file_comes_out_as_jupyter_would_write_it() {
    expect![[r##"
        {
         "cells": [
          {
           "attachments": {
            "a.png": {
             "image/png": "AA=="
            }
           },
           "cell_type": "markdown",
           "id": "intro",
           "metadata": {},
           "source": [
            "# Title\n",
            "text"
           ]
          },
          {
           "cell_type": "code",
           "execution_count": 3,
           "id": "one",
           "metadata": {
            "tags": [
             "x"
            ]
           },
           "outputs": [
            {
             "name": "stderr",
             "output_type": "stream",
             "text": [
              "a\n",
              "b"
             ]
            },
            {
             "data": {
              "application/json": {
               "a": [
                1.5
               ]
              },
              "text/plain": [
               "2"
              ]
             },
             "execution_count": 3,
             "metadata": {},
             "output_type": "execute_result"
            },
            {
             "ename": "E",
             "evalue": "v",
             "output_type": "error",
             "traceback": [
              "t"
             ]
            },
            {
             "depth": 3,
             "output_type": "hologram"
            }
           ],
           "source": [
            "1+1"
           ]
          }
         ],
         "metadata": {
          "kernelspec": {
           "name": "python3"
          }
         },
         "nbformat": 4,
         "nbformat_minor": 5
        }
    "##]]
    .assert_eq(&export(&open(FILE).notebook, &no_blobs).unwrap());
}

#[test]
fn reading_what_was_written_changes_nothing() {
    let once = export(&open(FILE).notebook, &no_blobs).unwrap();
    assert_eq!(export(&open(&once).notebook, &no_blobs).unwrap(), once);
}

#[test]
fn opening_into_a_notebook_that_has_text_appends() {
    let mut bench = Bench::new("+one; +b");
    bench.ask(Command::Import { file: Box::new(parse(FILE).unwrap()) }).unwrap();
    let ids: Vec<_> = bench.notebook.cells().map(|cell| cell.id.to_string()).collect();
    assert_eq!(ids[..3], ["one", "b", "intro"]);
    assert_ne!(ids[3], "one", "a taken id is replaced");
}

#[test]
fn damaged_files_are_refused_with_the_place_and_repaired_where_that_is_safe() {
    let refused = |text: &str| parse(text).unwrap_err().to_string();
    let cell = |cell: &str| format!(r#"{{"nbformat":4,"nbformat_minor":5,"metadata":{{}},"cells":[{cell}]}}"#);
    expect![[r#"
        This is not a notebook file: it is not valid JSON (EOF while parsing a value at line 1 column 0).
        This is not a notebook file: it has no "nbformat" number.
        This is not a notebook file: it has no "nbformat" number.
        This is an nbformat 3 notebook; only nbformat 4 can be opened. Save it with a current Jupyter first.
        This notebook is damaged: cells must be a list.
        This notebook is damaged: cells[0] must be an object.
        This notebook is damaged: cells[0].source must be text or a list of text.
        This notebook is damaged: cells[0].execution_count must be a whole number or null.
        This notebook is damaged: cells[0].outputs[0].output_type must be text."#]]
    .assert_eq(
        &[
            refused(""),
            refused("[]"),
            refused("{}"),
            refused(r#"{"nbformat":3,"worksheets":[]}"#),
            refused(r#"{"nbformat":4}"#),
            refused(&cell("7")),
            refused(&cell(r#"{"cell_type":"code","source":[1]}"#)),
            refused(&cell(r#"{"cell_type":"code","source":"","execution_count":"x"}"#)),
            refused(&cell(r#"{"cell_type":"code","source":"","outputs":[{}]}"#)),
        ]
        .join("\n"),
    );
    let twice = r#"{"cell_type":"raw","id":"a","source":""}"#;
    let repaired = parse(&cell(&format!(
        r#"{twice},{twice},{{"cell_type":"raw","id":"no spaces","source":""}},{{"cell_type":"quantum","source":"q"}}"#
    )))
    .unwrap();
    assert_eq!(repaired.repairs.len(), 3);
    assert_eq!(repaired.cells.iter().filter(|cell| cell.id.is_some()).count(), 1);
    assert!(parse(&format!("\u{feff}{}", cell(""))).is_ok(), "a byte order mark is no harm");
    assert!(parse(&"[".repeat(100_000)).is_err(), "deep nesting is refused");
}

#[test]
fn large_values_come_from_their_blobs_or_the_export_says_so() {
    let mut bench = Bench::new("+a; k1 up; run a; k1 claim a; k1 start a");
    let blob = BlobRef { hash: "h".into(), size: 4 };
    let event = notebook::Event::OutputAdded {
        execution: bench.execution("a"),
        index: 0,
        output: Output::DisplayData {
            data: BTreeMap::from([("image/png".to_owned(), Content::Blob(blob.clone()))]),
            metadata: notebook::Json::new(),
            display_id: None,
        },
    };
    bench.push(notebook::Actor::Kernel(crate::notation::session("k1")), event);
    assert_eq!(bench.notebook.blobs().into_iter().collect::<Vec<_>>(), [blob]);
    assert!(export(&bench.notebook, &no_blobs).is_err());
    let file = export(&bench.notebook, &|_| Some(b"AAAA".to_vec())).unwrap();
    assert!(file.contains(r#""image/png": "AAAA""#));
}
