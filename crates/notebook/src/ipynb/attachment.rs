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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
