//! HTML outputs: cleaned for the page.

use crate::{activity, policy};

/// Whether markup carries script, forms, frames, style sheets or more elements than the page
/// should take, so that only a sandboxed frame can show it as it is meant.
pub fn needs_frame(html: &str) -> bool {
    activity::needs_frame(html)
}

/// Returns markup that is safe within the page, whatever it is given.
pub fn sanitise(html: &str) -> String {
    policy::OUTPUT.clean(html).to_string()
}

#[cfg(test)]
mod tests {
    use super::sanitise;

    #[test]
    fn a_data_frame_keeps_its_table() {
        let html = "<div>\n<style scoped>\n .dataframe tbody tr th { vertical-align: top; }\n</style>\n\
            <table border=\"1\" class=\"dataframe evil\">\n<thead>\n<tr style=\"text-align: right;\">\
            <th></th><th>a</th></tr></thead><tbody><tr><th>0</th><td>1</td></tr></tbody></table></div>";
        assert_eq!(
            sanitise(html),
            "<div>\n\n<table border=\"1\" class=\"dataframe\">\n<thead>\n<tr style=\"text-align:right\">\
             <th></th><th>a</th></tr></thead><tbody><tr><th>0</th><td>1</td></tr></tbody></table></div>"
        );
    }

    #[test]
    fn only_what_is_allowed_is_left() {
        for (html, expected) in [
            ("<p id=location name=x data-cell=1>x</p>", "<p>x</p>"),
            ("<b onclick=alert(1)>x</b>", "<b>x</b>"),
            ("<a href=\"#x\">x</a>", "<a rel=\"noopener noreferrer\" target=\"_blank\">x</a>"),
            ("<a href=\"?notebook=1\">x</a>", "<a rel=\"noopener noreferrer\" target=\"_blank\">x</a>"),
            (
                "<a href=\"https://a.org\" target=_top>x</a>",
                "<a href=\"https://a.org\" rel=\"noopener noreferrer\" target=\"_blank\">x</a>",
            ),
            ("<img src=\"http://a.org/x.png\">", "<img referrerpolicy=\"no-referrer\">"),
            ("<img src=\"x.png\">", "<img referrerpolicy=\"no-referrer\">"),
            ("<i style=\"color: red; position: fixed; z-index: 9\">x</i>", "<i style=\"color:red\">x</i>"),
            ("<i style=\"background-color: url(//a.org)\">x</i>", "<i>x</i>"),
            ("<script>x</script><title>t</title>y", "y"),
            ("<input type=checkbox>", ""),
        ] {
            let mut attributes: Vec<String> = sanitise(html).split(' ').map(str::to_owned).collect();
            let mut wanted: Vec<String> = expected.split(' ').map(str::to_owned).collect();
            // The order in which forced attributes are added is not fixed.
            for words in [&mut attributes, &mut wanted] {
                *words = words.join(" ").replace('>', " > ").split(' ').map(str::to_owned).collect();
                words.sort();
            }
            assert_eq!(attributes, wanted, "{html}");
        }
    }
}
