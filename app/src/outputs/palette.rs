//! Exact colours of terminal text, made readable on the page's own background.

/// Lets the stylesheet adapt exact foreground colours to the theme: it clamps `--ansi-fg`'s lightness.
///
/// The markup is that of [`render::ansi`], whose text never holds a bare quote.
pub(crate) fn themed(markup: &str) -> String {
    markup.replace("style=\"color: rgb(", "style=\"--ansi-fg: rgb(")
}
