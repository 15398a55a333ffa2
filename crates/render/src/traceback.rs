//! The traceback of an error as markup.

use crate::ansi;

/// Returns the markup of a traceback's lines, with IPython's colours. An error without a
/// traceback shows its name and message.
pub fn to_html(ename: &str, evalue: &str, traceback: &[String]) -> String {
    if traceback.is_empty() {
        let separator = if evalue.is_empty() { "" } else { ": " };
        return ansi::to_html(&format!("\u{1b}[31m{ename}\u{1b}[39m{separator}{evalue}"));
    }
    ansi::to_html(&traceback.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::to_html;

    #[test]
    fn lines_are_joined_and_coloured() {
        let lines = ["\u{1b}[0;31mNameError\u{1b}[0m".to_owned(), "name <x>".to_owned()];
        assert_eq!(to_html("NameError", "", &lines), "<span class=\"ansi-red-fg\">NameError</span>\nname &lt;x&gt;");
    }

    #[test]
    fn an_error_without_a_traceback_shows_its_name() {
        assert_eq!(to_html("E", "<m>", &[]), "<span class=\"ansi-red-fg\">E</span>: &lt;m&gt;");
        assert_eq!(to_html("KeyboardInterrupt", "", &[]), "<span class=\"ansi-red-fg\">KeyboardInterrupt</span>");
    }
}
