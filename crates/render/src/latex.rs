//! LaTeX outputs: text with formulas, or one formula.

use crate::escape;
use crate::math::{self, Dollars};

/// Returns escaped markup in which every formula is a `<span class="math">` for the page to
/// typeset.
pub fn to_html(latex: &str) -> String {
    let formulas = math::find(latex, Dollars::All, &[]);
    if formulas.is_empty() && !latex.trim().is_empty() {
        // Without delimiters the whole text is a formula.
        return math::element(latex.trim(), true);
    }
    let mut out = String::new();
    let mut done = 0;
    for formula in formulas {
        escape::push(&mut out, &latex[done..formula.range.start]);
        out.push_str(&math::element(formula.tex, formula.display));
        done = formula.range.end;
    }
    escape::push(&mut out, &latex[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::to_html;

    #[test]
    fn formulas_are_marked_and_everything_is_escaped() {
        assert_eq!(
            to_html(r#"<b>$\displaystyle x < "y"$"#),
            "&lt;b&gt;<span class=\"math\" data-tex=\"\\displaystyle x &lt; &quot;y&quot;\" data-display=\"false\">\
             \\displaystyle x &lt; &quot;y&quot;</span>"
        );
        assert_eq!(
            to_html("\\frac ab"),
            "<span class=\"math\" data-tex=\"\\frac ab\" data-display=\"true\">\\frac ab</span>"
        );
        assert_eq!(to_html(" "), " ");
    }
}
