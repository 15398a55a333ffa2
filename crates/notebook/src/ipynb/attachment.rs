//! Attachments: pictures that a cell of a file carries along, which its text names.

use serde_json::Value;

use super::KEPT;
use crate::output::{Content, MimeBundle};
use crate::{Json, gather};

/// Returns a cell's attachment of this name.
pub fn attachment(metadata: &Json, name: &str) -> Option<MimeBundle> {
    let bundle = metadata.get(KEPT)?.get("attachments")?.get(name)?.as_object()?;
    let content = |value: &Value| Content::Inline(value.clone());
    Some(gather(bundle.iter().map(|(mime, value)| (mime.clone(), content(value)))))
}

/// Returns a cell's metadata with the attachments of another cell, whose text it takes in; `None`: it lacks none. Of two
/// that have one name its own stays.
pub(crate) fn with_attachments_of(metadata: &Json, other: &Json) -> Option<Json> {
    let theirs = other.get(KEPT)?.get("attachments")?.as_object()?;
    let mut joined = metadata.clone();
    let kept = joined.entry(KEPT).or_insert_with(|| Json::new().into()).as_object_mut()?;
    let own = kept.entry("attachments").or_insert_with(|| Json::new().into()).as_object_mut()?;
    let before = own.len();
    for (name, bundle) in theirs {
        own.entry(name).or_insert_with(|| bundle.clone());
    }
    (own.len() > before).then_some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn attachments_come_along_with_the_text_that_names_them() {
        let of = |attachments: Value| {
            let metadata = json!({ "tags": ["x"], KEPT: { "attachments": attachments } });
            let Value::Object(metadata) = metadata else { unreachable!("it is written as an object") };
            metadata
        };
        let (a, b) = (of(json!({ "a.png": 1 })), of(json!({ "a.png": 2, "b.png": 3 })));
        assert_eq!(with_attachments_of(&a, &b), Some(of(json!({ "a.png": 1, "b.png": 3 }))));
        assert_eq!((with_attachments_of(&b, &a), with_attachments_of(&a, &Json::new())), (None, None));
        let bare = with_attachments_of(&Json::new(), &a).unwrap();
        assert_eq!(bare[KEPT]["attachments"], json!({ "a.png": 1 }));
    }

    #[test]
    fn an_attachment_is_found_by_its_name_only() {
        let metadata = json!({ KEPT: { "attachments": { "a.png": { "image/png": "AA==" }, "b": 1 } } });
        let Value::Object(metadata) = metadata else { unreachable!("it is written as an object") };
        let found = attachment(&metadata, "a.png").unwrap();
        assert_eq!(found["image/png"], Content::Inline(json!("AA==")));
        assert_eq!((attachment(&metadata, "b"), attachment(&metadata, "c")), (None, None));
        assert_eq!(attachment(&Json::new(), "a.png"), None);
    }
}
