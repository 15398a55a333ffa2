//! Which representation is chosen, and what becomes of it.

use notebook::{BlobRef, Content, Json, MimeBundle};
use serde_json::{Value, json};

use super::{Plan, Shown, Size, plan};

fn bundle(value: Value) -> MimeBundle {
    let Value::Object(entries) = value else { unreachable!("a bundle is an object") };
    entries.into_iter().map(|(mime, value)| (mime, Content::Inline(value))).collect()
}

fn shown(value: Value) -> Plan {
    plan(&bundle(value), &Json::new(), |_| None)
}

#[test]
fn the_order_is_jupyters() {
    let text = |text: &str| Plan::Ready(Shown::Text(text.to_owned()));
    assert_eq!(
        shown(json!({"text/plain": "p", "text/html": "<b>h</b>"})),
        Plan::Ready(Shown::Html("<b>h</b>".to_owned()))
    );
    assert_eq!(
        shown(json!({"text/html": "h", "application/json": {"a": 1}})),
        Plan::Ready(Shown::Json(json!({"a": 1})))
    );
    assert!(matches!(
        shown(json!({"image/png": "QUJD", "text/latex": "$x$", "text/plain": "p"})),
        Plan::Ready(Shown::Latex(_))
    ));
    assert!(matches!(
        shown(json!({"image/png": "QUJD", "image/svg+xml": "<svg/>", "text/plain": "p"})),
        Plan::Ready(Shown::Svg { .. })
    ));
    assert!(matches!(shown(json!({"text/markdown": "*m*", "text/latex": "x"})), Plan::Ready(Shown::Markdown(_))));
    assert_eq!(shown(json!({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "p"})), text("p"));
    assert_eq!(shown(json!({"application/vnd.vega.v5+json": {"a": 1}})), Plan::Ready(Shown::Json(json!({"a": 1}))));
    assert_eq!(shown(json!({"application/x-unknown": "x"})), Plan::Nothing);
    assert_eq!(shown(json!({})), Plan::Nothing);
}

#[test]
fn what_cannot_be_shown_leaves_its_place() {
    assert_eq!(shown(json!({"image/png": "no base64!", "text/plain": "p"})), Plan::Ready(Shown::Text("p".to_owned())));
    assert_eq!(shown(json!({"image/svg+xml": "none", "text/plain": "p"})), Plan::Ready(Shown::Text("p".to_owned())));
    assert_eq!(shown(json!({"text/html": 3, "text/plain": ["a\n", "b"]})), Plan::Ready(Shown::Text("a\nb".to_owned())));
    assert_eq!(shown(json!({"audio/x\" onload=\"": "QUJD"})), Plan::Nothing);
}

#[test]
fn a_script_is_only_ever_sandboxed() {
    let Plan::Ready(Shown::Sandboxed(script)) = shown(json!({"application/javascript": "element.append('x')"})) else {
        panic!("a script must be sandboxed");
    };
    assert!(script.contains("element.append('x')"));
}

#[test]
fn a_picture_keeps_the_size_asked_for() {
    let png = bundle(json!({"image/png": "QU\nJD\n"}));
    let sized = |metadata: Value| {
        let Value::Object(metadata) = metadata else { unreachable!("metadata is an object") };
        match plan(&png, &metadata, |_| None) {
            Plan::Ready(Shown::Image { mime, base64, size }) => {
                assert_eq!((mime.as_str(), base64.as_str()), ("image/png", "QUJD"));
                size
            }
            other @ (Plan::Ready(_) | Plan::Needs(..) | Plan::Nothing) => panic!("{other:?}"),
        }
    };
    let expected = Size { width: Some(640), height: Some(480) };
    assert_eq!(sized(json!({"image/png": {"width": 640, "height": "480px"}})), expected);
    assert_eq!(sized(json!({"width": 640, "height": 480})), expected);
    assert_eq!(sized(json!({"width": -1, "height": 1e30})), Size::default());
}

#[test]
fn a_blob_is_asked_for_before_it_is_shown() {
    let blob = BlobRef { hash: "ab".into(), size: 3 };
    let bundle = MimeBundle::from([
        ("text/plain".to_owned(), Content::Inline(json!("p"))),
        ("text/html".to_owned(), Content::Blob(blob.clone())),
    ]);
    assert_eq!(plan(&bundle, &Json::new(), |_| None), Plan::Needs(blob.clone(), "text/html".to_owned()));
    let read = |wanted: &BlobRef| (*wanted == blob).then_some(b"<i>x</i>".as_slice());
    assert_eq!(plan(&bundle, &Json::new(), read), Plan::Ready(Shown::Html("<i>x</i>".to_owned())));
    let tree = MimeBundle::from([("application/json".to_owned(), Content::Blob(blob.clone()))]);
    let read = |_: &BlobRef| Some(b"[1]".as_slice());
    assert_eq!(plan(&tree, &Json::new(), read), Plan::Ready(Shown::Json(json!([1]))));
}
