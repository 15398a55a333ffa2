//! Reads markup as a browser does and judges it against a list written down independently of
//! the renderers' own.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

/// Elements that are only ever text and layout, with those that load a picture or a sound.
const HARMLESS: &str = " a abbr article aside audio b bdi bdo blockquote br caption center cite code col colgroup \
dd del details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img input ins kbd li \
mark ol p pre q rp rt ruby s samp section small source span strike strong sub summary sup table tbody td tfoot \
th thead time tr tt u ul var video wbr ";

/// Attributes that only describe.
const DESCRIPTIVE: &str = " align alt border cellpadding cellspacing checked class color colspan controls \
data-attachment data-display data-tex datetime dir disabled height lang loop muted open referrerpolicy rel \
reversed rowspan scope size span start style target title type valign value width ";

#[derive(Default)]
struct Reader {
    tags: RefCell<Vec<Tag>>,
    text: RefCell<String>,
}

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) => {
                if tag.kind == TagKind::StartTag {
                    self.tags.borrow_mut().push(tag);
                }
            }
            Token::CharacterTokens(text) => self.text.borrow_mut().push_str(&text),
            Token::CommentToken(text) => panic!("a comment is left: {text}"),
            Token::DoctypeToken(_) => panic!("a doctype is left"),
            Token::NullCharacterToken => panic!("a NUL is left"),
            Token::EOFToken | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

fn read(markup: &str) -> (Vec<Tag>, String) {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(markup));
    let options = TokenizerOpts { discard_bom: false, ..TokenizerOpts::default() };
    let tokenizer = Tokenizer::new(Reader::default(), options);
    drop(tokenizer.feed(&input));
    tokenizer.end();
    let Reader { tags, text } = tokenizer.sink;
    (tags.into_inner(), text.into_inner())
}

/// Returns the text content.
pub(crate) fn text(markup: &str) -> String {
    read(markup).1
}

/// Returns the formulas in the order in which they stand.
pub(crate) fn formulas(markup: &str) -> Vec<String> {
    read(markup)
        .0
        .iter()
        .flat_map(|tag| &tag.attrs)
        .filter(|attribute| &*attribute.name.local == "data-tex")
        .map(|attribute| attribute.value.to_string())
        .collect()
}

/// Fails if the markup could run, load, cover or shadow anything in the page.
pub(crate) fn assert_inert(markup: &str, from: &str) {
    for tag in read(markup).0 {
        let element = &*tag.name;
        assert!(HARMLESS.contains(&format!(" {element} ")), "<{element}> from {from}: {markup}");
        for attribute in &tag.attrs {
            let (name, value) = (&*attribute.name.local, &*attribute.value);
            let context = format!("{name}={value:?} of <{element}> from {from}: {markup}");
            match (element, name) {
                ("a", "href") => assert!(
                    ["https://", "http://", "mailto:", "#m-"]
                        .iter()
                        .any(|start| { value.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)) }),
                    "{context}"
                ),
                ("img", "src") => assert!(is_load(value, "data:image/"), "{context}"),
                ("audio" | "video" | "source", "src") => {
                    assert!(is_load(value, "data:audio/") || is_load(value, "data:video/"), "{context}");
                }
                (_, "id") => assert!(value.starts_with("m-"), "{context}"),
                (_, "style") => {
                    let style = value.to_ascii_lowercase();
                    for dangerous in ["url", "expression", "position", "z-index", "\\", "@", "behavior", "binding", "<"]
                    {
                        assert!(!style.contains(dangerous), "{context}");
                    }
                }
                (_, "class") => {
                    for class in value.split_ascii_whitespace() {
                        let known = matches!(class, "dataframe" | "math")
                            || ["ansi-", "language-", "footnote-"].iter().any(|start| class.starts_with(start));
                        assert!(known, "{context}");
                    }
                }
                ("a", "target") => assert_eq!(value, "_blank", "{context}"),
                ("input", "type") => assert_eq!(value, "checkbox", "{context}"),
                _ => assert!(DESCRIPTIVE.contains(&format!(" {name} ")), "{context}"),
            }
        }
        let has = |wanted: &str| tag.attrs.iter().any(|attribute| &*attribute.name.local == wanted);
        if element == "a" && has("href") {
            assert!(has("rel") && has("target"), "a link without rel or target from {from}: {markup}");
        }
        assert!(element != "input" || has("disabled"), "an input that works from {from}: {markup}");
    }
}

fn is_load(value: &str, data: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    lower.starts_with("https://") || lower.starts_with(data)
}

/// Fails if parsing the markup again changes what it means.
pub(crate) fn assert_stable(markup: &str, from: &str) {
    let again = ammonia::Builder::new()
        .add_generic_attributes(["style", "class", "id", "target", "valign", "data-tex", "data-display"])
        .add_tags(["input", "audio", "video", "source", "section", "font"])
        .clean(markup)
        .to_string();
    assert_eq!(text(&again), text(markup), "{from}: {markup}");
}
