//! What an SGR sequence means, in the class names that Jupyter's tools share.

/// A colour of text or background.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Color {
    /// One of the sixteen that a theme defines; 8–15 are the intense ones.
    Named(u8),
    /// An exact colour.
    Rgb(u8, u8, u8),
}

const NAMES: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Style {
    /// Colour of the text; `None` is the page's own.
    pub foreground: Option<Color>,
    /// Colour behind the text; `None` is the page's own.
    pub background: Option<Color>,
    /// Bold, which also makes the eight plain colours intense.
    pub bold: bool,
    /// Underlined.
    pub underline: bool,
    /// Foreground and background exchanged.
    pub inverse: bool,
}

impl Style {
    /// Applies the parameters of one SGR sequence. What it does not know it ignores.
    pub(crate) fn select(&mut self, parameters: &str) {
        // Private markers and intermediates make it another sequence.
        if !parameters.bytes().all(|b| b.is_ascii_digit() || b == b';' || b == b':') {
            return;
        }
        let mut groups = parameters.split(';');
        while let Some(group) = groups.next() {
            let mut parts = group.split(':');
            let code = number(parts.next().unwrap_or_default());
            if code == Some(38) || code == Some(48) {
                let color = if group.contains(':') {
                    // `38:2::r:g:b` has an empty place for a colour space.
                    let rest: Vec<&str> = parts.collect();
                    match rest.as_slice() {
                        ["2", _, r, g, b] => extended(&mut ["2", *r, *g, *b].into_iter()),
                        _ => extended(&mut rest.into_iter()),
                    }
                } else {
                    extended(&mut groups)
                };
                let Some(color) = color else { return };
                if code == Some(38) {
                    self.foreground = Some(color);
                } else {
                    self.background = Some(color);
                }
            } else if let Some(code) = code {
                let off = code == 4 && parts.next() == Some("0");
                self.set(if off { 24 } else { code });
            }
        }
    }

    fn set(&mut self, code: u8) {
        match code {
            0 => *self = Self::default(),
            1 => self.bold = true,
            4 => self.underline = true,
            7 => self.inverse = true,
            21 | 22 => self.bold = false,
            24 => self.underline = false,
            27 => self.inverse = false,
            30..=37 => self.foreground = Some(Color::Named(code - 30)),
            39 => self.foreground = None,
            40..=47 => self.background = Some(Color::Named(code - 40)),
            49 => self.background = None,
            90..=97 => self.foreground = Some(Color::Named(code - 90 + 8)),
            100..=107 => self.background = Some(Color::Named(code - 100 + 8)),
            _ => {}
        }
    }

    /// Returns the foreground and background as they are seen.
    fn seen(self) -> (Option<Color>, Option<Color>) {
        let foreground = match self.foreground {
            Some(Color::Named(name @ 0..=7)) if self.bold => Some(Color::Named(name + 8)),
            other => other,
        };
        if self.inverse { (self.background, foreground) } else { (foreground, self.background) }
    }

    /// Returns the class names, separated by spaces.
    pub fn classes(self) -> String {
        let mut classes: Vec<String> = Vec::new();
        let (foreground, background) = self.seen();
        for (color, place) in [(foreground, "fg"), (background, "bg")] {
            match color {
                Some(Color::Named(name)) => {
                    let intense = if name >= 8 { "-intense" } else { "" };
                    classes.push(format!("ansi-{}{intense}-{place}", NAMES[usize::from(name % 8)]));
                }
                None if self.inverse => classes.push(format!("ansi-default-inverse-{place}")),
                Some(Color::Rgb(..)) | None => {}
            }
        }
        for (set, class) in [(self.bold, "ansi-bold"), (self.underline, "ansi-underline")] {
            if set {
                classes.push(class.to_owned());
            }
        }
        classes.join(" ")
    }

    /// Returns the inline style that exact colours need, or an empty string.
    pub fn declarations(self) -> String {
        let (foreground, background) = self.seen();
        let mut declarations = Vec::new();
        for (color, property) in [(foreground, "color"), (background, "background-color")] {
            if let Some(Color::Rgb(r, g, b)) = color {
                declarations.push(format!("{property}: rgb({r},{g},{b})"));
            }
        }
        declarations.join("; ")
    }
}

/// Reads a code; an empty one is 0, one that is too large means nothing.
fn number(digits: &str) -> Option<u8> {
    if digits.is_empty() { Some(0) } else { digits.parse().ok() }
}

/// Reads `5;n` or `2;r;g;b`.
fn extended<'a>(parts: &mut impl Iterator<Item = &'a str>) -> Option<Color> {
    match parts.next()? {
        "5" => Some(indexed(number(parts.next()?)?)),
        "2" => {
            let (r, g, b) = (parts.next()?, parts.next()?, parts.next()?);
            Some(Color::Rgb(number(r)?, number(g)?, number(b)?))
        }
        _ => None,
    }
}

/// Returns a colour of the usual palette of 256: 16 named, a cube of 6³, 24 greys.
fn indexed(index: u8) -> Color {
    match index {
        0..=15 => Color::Named(index),
        16..=231 => {
            let level = |step: u8| if step == 0 { 0 } else { step * 40 + 55 };
            let cube = index - 16;
            Color::Rgb(level(cube / 36), level(cube / 6 % 6), level(cube % 6))
        }
        232..=255 => {
            let grey = (index - 232) * 10 + 8;
            Color::Rgb(grey, grey, grey)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Style;

    fn look(sequences: &[&str]) -> String {
        let mut style = Style::default();
        for parameters in sequences {
            style.select(parameters);
        }
        [style.classes(), style.declarations()].join("|")
    }

    #[test]
    fn sequences_give_the_shared_class_names() {
        for (sequences, expected) in [
            (&["31"][..], "ansi-red-fg|"),
            (&["91"], "ansi-red-intense-fg|"),
            (&["1;31"], "ansi-red-intense-fg ansi-bold|"),
            (&["1", "31", "22"], "ansi-red-fg|"),
            (&["1;91"], "ansi-red-intense-fg ansi-bold|"),
            (&["1;38;5;1"], "ansi-red-intense-fg ansi-bold|"),
            (&["44"], "ansi-blue-bg|"),
            (&["1;44"], "ansi-blue-bg ansi-bold|"),
            (&["107"], "ansi-white-intense-bg|"),
            (&["4;32"], "ansi-green-fg ansi-underline|"),
            (&["7"], "ansi-default-inverse-fg ansi-default-inverse-bg|"),
            (&["7;31"], "ansi-default-inverse-fg ansi-red-bg|"),
            (&["7;31;42"], "ansi-green-fg ansi-red-bg|"),
            (&["7", "27"], "|"),
            (&["31", ""], "|"),
            (&["31", "0"], "|"),
            (&["31;;1"], "ansi-bold|"),
            (&["31;44", "39"], "ansi-blue-bg|"),
            (&["31;44", "49"], "ansi-red-fg|"),
            (&["38;5;9"], "ansi-red-intense-fg|"),
            (&["38;5;16"], "|color: rgb(0,0,0)"),
            (&["38;5;196"], "|color: rgb(255,0,0)"),
            (&["48;5;231"], "|background-color: rgb(255,255,255)"),
            (&["38;5;232"], "|color: rgb(8,8,8)"),
            (&["38;5;255"], "|color: rgb(238,238,238)"),
            (&["38;2;1;2;3"], "|color: rgb(1,2,3)"),
            (&["38:2:1:2:3"], "|color: rgb(1,2,3)"),
            (&["38:2::1:2:3"], "|color: rgb(1,2,3)"),
            (&["38;2;1;2;3;48;2;4;5;6"], "|color: rgb(1,2,3); background-color: rgb(4,5,6)"),
            (&["4:3"], "ansi-underline|"),
            (&["4", "4:0"], "|"),
            // What is malformed or unknown changes nothing.
            (&["38;2;1;2"], "|"),
            (&["38;2;256;0;0"], "|"),
            (&["38;5;256"], "|"),
            (&["38"], "|"),
            (&["?31"], "|"),
            (&["99999999999"], "|"),
            (&["3;5;8;9;53"], "|"),
        ] {
            assert_eq!(look(sequences), expected, "{sequences:?}");
        }
    }
}
