//! Names with wildcards.

use std::fmt;

/// A name in which `*` stands for a part between dots (or a part of one) and `**` for any text, the empty one too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// Texts and stars in turn: `texts[0] stars[0] texts[1] …`.
    texts: Vec<String>,
    stars: Vec<Star>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Star {
    /// `*`: at least one character, no dot.
    Part,
    /// `**`.
    Any,
}

impl Pattern {
    pub(super) fn new(text: &str) -> Pattern {
        let (mut texts, mut stars) = (vec![String::new()], Vec::new());
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let (star, width) = match c {
                '*' if rest.starts_with("**") => (Some(Star::Any), 2),
                '*' => (Some(Star::Part), 1),
                c => (None, c.len_utf8()),
            };
            match star {
                Some(star) => {
                    stars.push(star);
                    texts.push(String::new());
                }
                None => texts.last_mut().expect("one more text than stars").push(c),
            }
            rest = &rest[width..];
        }
        Pattern { texts, stars }
    }

    pub(super) fn stars(&self) -> &[Star] {
        &self.stars
    }

    /// What the stars stand for in a name; the first stars take as little as they can. None if the name is not of this form.
    pub(super) fn matches<'a>(&self, name: &'a str) -> Option<Vec<&'a str>> {
        let mut rest = name.strip_prefix(self.texts[0].as_str())?;
        let mut found = Vec::new();
        if self.stars.is_empty() {
            rest.is_empty().then_some(found)
        } else {
            self.matches_from(0, &mut rest, &mut found).then_some(found)
        }
    }

    fn matches_from<'a>(&self, star: usize, rest: &mut &'a str, found: &mut Vec<&'a str>) -> bool {
        let Some(kind) = self.stars.get(star) else { return rest.is_empty() };
        let text = self.texts[star + 1].as_str();
        let ends = (0..=rest.len()).filter(|&end| rest.is_char_boundary(end));
        let whole = *rest;
        for end in ends {
            let (taken, after) = whole.split_at(end);
            match kind {
                Star::Part if taken.contains('.') => return false,
                Star::Part if taken.is_empty() => continue,
                _ => {}
            }
            if let Some(after) = after.strip_prefix(text) {
                let mut after = after;
                found.push(taken);
                if self.matches_from(star + 1, &mut after, found) {
                    return true;
                }
                found.pop();
            }
        }
        false
    }

    /// The name with these texts in place of its first stars; further stars stay.
    pub(super) fn filled(&self, with: &[&str]) -> Pattern {
        let n = with.len();
        let mut first = self.texts[0].clone();
        for (text, value) in self.texts[1..=n].iter().zip(with) {
            first.push_str(value);
            first.push_str(text);
        }
        let texts = [first].into_iter().chain(self.texts[n + 1..].iter().cloned()).collect();
        Pattern { texts, stars: self.stars[n..].to_vec() }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.texts[0])?;
        for (star, text) in self.stars.iter().zip(&self.texts[1..]) {
            f.write_str(if *star == Star::Any { "**" } else { "*" })?;
            f.write_str(text)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_parts_and_double_stars_for_anything() {
        let cases: [(&str, &str, Option<&[&str]>); 13] = [
            ("a.b", "a.b", Some(&[])),
            ("a.b", "a.b.c", None),
            ("a.*.w", "a.12.w", Some(&["12"])),
            ("a.*.w", "a.1.2.w", None),
            ("a.*.w", "a..w", None),
            ("*.*", "x.y", Some(&["x", "y"])),
            ("w_l*", "w_l0", Some(&["0"])),
            ("w_l*_r", "w_l0_l1_r", Some(&["0_l1"])),
            ("**.w", "a.b.w", Some(&["a.b"])),
            ("m.**", "m.", Some(&[""])),
            ("**", "", Some(&[""])),
            ("**.*.w", "ü.b.c.w", Some(&["ü.b", "c"])),
            ("*", "", None),
        ];
        for (pattern, name, expected) in cases {
            let found = Pattern::new(pattern).matches(name);
            assert_eq!(found.as_deref(), expected, "{pattern} {name}");
            assert_eq!(Pattern::new(pattern).to_string(), pattern);
            if let Some(found) = found {
                assert_eq!(Pattern::new(pattern).filled(&found).to_string(), name);
            }
        }
        assert_eq!(Pattern::new("h.*.e.*.w").filled(&["3"]).to_string(), "h.3.e.*.w");
    }
}
