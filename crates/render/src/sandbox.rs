//! Documents for the opaque-origin frames in which outputs may run script.
//!
//! The frame's isolation comes from its `sandbox` attribute (`allow-scripts`, never
//! `allow-same-origin`); the policy here only narrows what it may load.

/// What a frame may do: run script, and load things over https. It may not connect, submit
/// forms or frame a page that is not https.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; \
script-src 'unsafe-inline' 'unsafe-eval' https: blob:; worker-src blob:; \
style-src 'unsafe-inline' https:; font-src https: data:; img-src https: data: blob:; \
media-src https: data: blob:; frame-src https:; connect-src 'none'; form-action 'none'; base-uri 'none'";

/// Tells the app how high the content is. The app must check that the message comes from the
/// frame it belongs to and that the height is a sensible number: the content can forge it.
const HEIGHT_REPORTER: &str = r#"<script>
addEventListener("DOMContentLoaded", () => {
  let last = -1;
  const report = () => {
    const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
    if (height === last) return;
    last = height;
    parent.postMessage({ type: "height", height }, "*");
  };
  new ResizeObserver(report).observe(document.documentElement);
  report();
});
</script>"#;

/// Returns the document that shows markup in a frame of its own.
pub fn document(html: &str) -> String {
    // The policy comes before any foreign markup, so that nothing can run without it. Later
    // `<html>`, `<head>` and `<body>` tags of the markup are merged by the parser.
    format!(
        "<!doctype html><html lang=\"\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{CONTENT_SECURITY_POLICY}\">\
         <base target=\"_blank\"><style>:root{{color-scheme:light;background:#fff;\
         font:14px/1.5 system-ui,sans-serif}}body{{margin:0}}</style>{HEIGHT_REPORTER}</head>\
         <body>{html}</body></html>"
    )
}

/// Returns markup that runs a script as Jupyter does: with an `element` to write to.
pub(crate) fn script(code: &str) -> String {
    // Within a script element only its end tag and a comment's beginning have a meaning.
    let code = code.replace("</", "<\\/").replace("<!--", "<\\!--");
    format!("<div id=\"output\"></div><script>const element = document.getElementById(\"output\");\n{code}\n</script>")
}

#[cfg(test)]
mod tests {
    use super::{document, script};

    #[test]
    fn the_policy_precedes_the_markup() {
        let page = document("</head><p>foreign</p>");
        let policy = page.find("Content-Security-Policy").unwrap();
        let reporter = page.find("postMessage").unwrap();
        let markup = page.find("</head><p>foreign</p>").unwrap();
        assert!(policy < reporter && reporter < markup);
        assert!(page.contains("default-src 'none'") && page.contains("connect-src 'none'"));
        assert!(!page.contains("allow-same-origin"));
    }

    #[test]
    fn a_script_cannot_end_its_element() {
        assert!(script("x = '</script><b>'").contains("x = '<\\/script><b>'"));
    }
}
