//! Pictures: what is needed to show one in an `<img>`, where nothing in it can run.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const NAMESPACE: &str = "xmlns=\"http://www.w3.org/2000/svg\"";

/// Returns base64 without line breaks, or nothing if it is not base64.
pub(crate) fn base64(text: &str) -> Option<String> {
    let bare: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let body = bare.trim_end_matches('=');
    let valid = body.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/');
    (valid && !body.is_empty() && bare.len() - body.len() <= 2).then_some(bare)
}

/// Returns the address of an SVG picture. A document without a namespace, which would be valid
/// within HTML, gets one.
pub(crate) fn svg_address(svg: &str) -> Option<String> {
    let root = svg
        .find("<svg")
        .filter(|at| svg[at + 4..].starts_with(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/'))?;
    let tag_end = root + svg[root..].find('>')?;
    let document = if svg[root..tag_end].contains("xmlns=") {
        svg.to_owned()
    } else {
        format!("{}<svg {NAMESPACE}{}", &svg[..root], &svg[root + 4..])
    };
    Some(format!("data:image/svg+xml;base64,{}", STANDARD.encode(document)))
}

#[cfg(test)]
mod tests {
    use super::{STANDARD, base64, svg_address};
    use base64::Engine as _;

    #[test]
    fn base64_is_checked_and_joined() {
        assert_eq!(base64("QU\nJD\n").as_deref(), Some("QUJD"));
        assert_eq!(base64("QQ==").as_deref(), Some("QQ=="));
        for wrong in ["", "=", "a\"b", "<svg>", "QQ=Q", "Q==="] {
            assert_eq!(base64(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_missing_namespace_is_added() {
        let decoded = |svg: &str| {
            let address = svg_address(svg).unwrap();
            let data = address.strip_prefix("data:image/svg+xml;base64,").unwrap();
            String::from_utf8(STANDARD.decode(data).unwrap()).unwrap()
        };
        assert_eq!(
            decoded("<?xml version='1.0'?><svg width='1'><g/></svg>"),
            "<?xml version='1.0'?><svg xmlns=\"http://www.w3.org/2000/svg\" width='1'><g/></svg>"
        );
        let complete = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
        assert_eq!(decoded(complete), complete);
        assert_eq!(svg_address("no picture"), None);
        assert_eq!(svg_address("<svgx>"), None);
    }
}
