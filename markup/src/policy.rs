//! The rules by which foreign markup may become part of the page.
//!
//! The one place that decides which elements, attributes, addresses, classes and styles are
//! let through. Everything is a list of what is allowed; nothing is a list of what is not.

use std::borrow::Cow;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

/// Ids and fragments get this prefix, so that they can neither collide with the page's own nor
/// shadow a property of `window` or `document`.
const ANCHOR_PREFIX: &str = "m-";

const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "article",
    "aside",
    "audio",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "section",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "video",
    "wbr",
];

const GENERIC_ATTRIBUTES: &[&str] = &["align", "class", "dir", "lang", "style", "title", "valign"];

const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("a", &["href"]),
    ("audio", &["controls", "loop", "src"]),
    ("col", &["span", "width"]),
    ("colgroup", &["span", "width"]),
    ("details", &["open"]),
    ("font", &["color", "size"]),
    ("img", &["alt", "height", "src", "width"]),
    ("li", &["value"]),
    ("ol", &["reversed", "start", "type"]),
    ("source", &["src", "type"]),
    ("table", &["border", "cellpadding", "cellspacing", "width"]),
    ("td", &["colspan", "height", "rowspan", "width"]),
    ("th", &["colspan", "height", "rowspan", "scope", "width"]),
    ("time", &["datetime"]),
    ("video", &["controls", "height", "loop", "muted", "src", "width"]),
];

/// What cannot move an element over another one or fetch anything.
const STYLE_PROPERTIES: &[&str] = &[
    "background-color",
    "border",
    "border-bottom",
    "border-collapse",
    "border-color",
    "border-left",
    "border-radius",
    "border-right",
    "border-spacing",
    "border-style",
    "border-top",
    "border-width",
    "color",
    "display",
    "font-family",
    "font-size",
    "font-style",
    "font-variant",
    "font-weight",
    "height",
    "line-height",
    "max-height",
    "max-width",
    "min-height",
    "min-width",
    "overflow",
    "overflow-x",
    "overflow-y",
    "padding",
    "padding-bottom",
    "padding-left",
    "padding-right",
    "padding-top",
    "text-align",
    "text-decoration",
    "vertical-align",
    "white-space",
    "width",
    "word-break",
];

/// Classes that the app's style sheet gives a look. Others could borrow the look of its controls.
const CLASSES: &[&str] = &["dataframe", "footnote-definition", "footnote-definition-label", "footnote-reference"];
const CLASS_PREFIXES: &[&str] = &["ansi-", "language-"];

/// The rules for HTML outputs: no ids at all.
pub(crate) static OUTPUT: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut policy = shared();
    policy.attribute_filter(|element, attribute, value| filtered(element, attribute, value, Anchors::Dropped));
    policy
});

/// The rules for Markdown: anchors with a prefix, formulas, attachments and task lists as well.
pub(crate) static MARKDOWN: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut policy = shared();
    policy
        .add_tags(["input"])
        .add_generic_attributes(["id"])
        .add_tag_attributes("span", ["data-tex", "data-display"])
        .add_tag_attributes("img", ["data-attachment"])
        .add_tag_attributes("input", ["checked", "disabled", "type"])
        // The only input Markdown makes is the box of a task list, and it cannot be operated.
        .set_tag_attribute_value("input", "type", "checkbox")
        .set_tag_attribute_value("input", "disabled", "")
        .attribute_filter(|element, attribute, value| filtered(element, attribute, value, Anchors::Prefixed));
    policy
});

fn shared() -> Builder<'static> {
    let mut policy = Builder::empty();
    policy
        .add_tags(ELEMENTS)
        .add_clean_content_tags(["script", "style", "template", "title", "noscript", "iframe", "xmp"])
        .add_generic_attributes(GENERIC_ATTRIBUTES)
        .add_url_schemes(["http", "https", "mailto", "data"])
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer"))
        .set_tag_attribute_value("a", "target", "_blank")
        // Showing a notebook must not tell other hosts which page it is on.
        .set_tag_attribute_value("img", "referrerpolicy", "no-referrer")
        .filter_style_properties(STYLE_PROPERTIES.iter().copied().collect());
    for (element, attributes) in ATTRIBUTES {
        policy.add_tag_attributes(*element, *attributes);
    }
    policy
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchors {
    Dropped,
    Prefixed,
}

/// Returns the value that an allowed attribute may have.
fn filtered<'v>(element: &str, attribute: &str, value: &'v str, anchors: Anchors) -> Option<Cow<'v, str>> {
    match (element, attribute) {
        (_, "class") => classes(element, value),
        (_, "id") => anchor(value, anchors),
        ("a", "href") => match value.strip_prefix('#') {
            Some(fragment) => anchor(fragment, anchors).map(|fragment| format!("#{fragment}").into()),
            None => has_prefix(value, &["https://", "http://", "mailto:"]).then_some(value.into()),
        },
        ("img", "src") => is_image_address(value).then_some(value.into()),
        ("audio" | "video" | "source", "src") => {
            has_prefix(value, &["https://", "data:audio/", "data:video/"]).then_some(value.into())
        }
        (_, "style") => is_plain_style(value).then_some(value.into()),
        // `href` and `src` of anything else are not in the lists; this is the second lock.
        (_, "href" | "src") => None,
        _ => Some(value.into()),
    }
}

fn classes<'v>(element: &str, value: &str) -> Option<Cow<'v, str>> {
    let kept: Vec<&str> = value
        .split_ascii_whitespace()
        .filter(|class| {
            CLASSES.contains(class)
                || CLASS_PREFIXES.iter().any(|prefix| class.starts_with(prefix))
                || (element == "span" && *class == "math")
        })
        .collect();
    (!kept.is_empty()).then(|| kept.join(" ").into())
}

/// Whether a style holds no escape, no rule and no function but those of colours and lengths.
fn is_plain_style(value: &str) -> bool {
    const FUNCTIONS: [&str; 5] = ["rgb", "rgba", "hsl", "hsla", "calc"];
    let value = value.to_ascii_lowercase();
    let mut before_brackets = value.split('(');
    before_brackets.next_back();
    !value.contains(['\\', '@', '<'])
        && before_brackets.all(|text| {
            let name = text.rsplit(|c: char| !c.is_ascii_alphanumeric()).next();
            name.is_some_and(|name| FUNCTIONS.contains(&name))
        })
}

fn anchor(value: &str, anchors: Anchors) -> Option<Cow<'_, str>> {
    if anchors == Anchors::Dropped || value.is_empty() || value.contains(char::is_whitespace) {
        return None;
    }
    // Already prefixed values stay, so that cleaning twice changes nothing.
    Some(if value.starts_with(ANCHOR_PREFIX) { value.into() } else { format!("{ANCHOR_PREFIX}{value}").into() })
}

fn is_image_address(value: &str) -> bool {
    const FORMATS: [&str; 8] = ["png", "jpeg", "jpg", "gif", "webp", "bmp", "avif", "svg+xml"];
    if has_prefix(value, &["https://"]) {
        return true;
    }
    let data = value.get(.."data:image/".len()).filter(|start| start.eq_ignore_ascii_case("data:image/"));
    let Some(start) = data else { return false };
    let format = value[start.len()..].split([';', ',']).next().unwrap_or_default();
    FORMATS.iter().any(|known| format.eq_ignore_ascii_case(known))
}

fn has_prefix(value: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| value.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
}
