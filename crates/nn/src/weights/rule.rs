//! One line of a table: which leaves come from which arrays, and how.

use std::fmt;

use super::layout::Layout;
use super::pattern::Pattern;
use super::take::Take;
use super::text::Words;
use crate::archive::Dtype;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub target: Pattern,
    pub sources: Vec<Pattern>,
    /// The type in the file, if it is another than the leaf's.
    pub dtype: Option<Dtype>,
    pub take: Take,
    /// The layout of each array.
    pub each: Vec<Layout>,
    /// Whether the last star of the sources counts along a leading axis of the leaf.
    pub stack: bool,
    /// The layout of the stack.
    pub after: Vec<Layout>,
}

impl Rule {
    /// Reads `target <- source + source : step, step`.
    pub(super) fn parse(line: &str) -> Result<Rule, String> {
        let (target, rest) = line.split_once("<-").ok_or("expected a rule, target <- source")?;
        let (sources, steps) = match rest.split_once(" :") {
            Some((sources, steps)) => (sources, steps.split(',').collect()),
            None => (rest, Vec::new()),
        };
        let name = |text: &str| match text.trim() {
            "" => Err("a name is missing".to_owned()),
            "__metadata__" => Err("\"__metadata__\" is the format's own, and no array is called so".to_owned()),
            text if text.contains(char::is_whitespace) => Err(format!("{text:?} is no name, it has a space")),
            text => Ok(Pattern::new(text)),
        };
        let mut rule = Rule {
            target: name(target)?,
            sources: sources.split(" + ").map(name).collect::<Result<_, _>>()?,
            dtype: None,
            take: Take::Whole,
            each: Vec::new(),
            stack: false,
            after: Vec::new(),
        };
        for step in steps {
            rule.step(step)?;
        }
        rule.check()?;
        Ok(rule)
    }

    fn step(&mut self, step: &str) -> Result<(), String> {
        let mut words = Words::new(step);
        let Some(word) = words.next() else { return Err("a step is missing".to_owned()) };
        let fault = |fault: String| format!("{:?}: {fault}", step.trim());
        let layouts = if self.stack { &mut self.after } else { &mut self.each };
        if word == "as" {
            let name = words.next().unwrap_or("");
            let dtype = Dtype::from_name(name).ok_or_else(|| fault(format!("{name:?} is no type of numbers")))?;
            if self.dtype.replace(dtype).is_some() {
                return Err(fault("a second type".to_owned()));
            }
        } else if word == "stack" {
            if std::mem::replace(&mut self.stack, true) {
                return Err(fault("a second stack".to_owned()));
            }
        } else if let Some(layout) = Layout::parse(word, &mut words).map_err(fault)? {
            layouts.push(layout);
        } else if let Some(take) = Take::parse(word, &mut words).map_err(fault)? {
            if self.take != Take::Whole || self.stack || !self.each.is_empty() {
                return Err(fault("has to be the first step, and the only one of its kind".to_owned()));
            }
            self.take = take;
        } else {
            return Err(fault("is no step".to_owned()));
        }
        words.end().map_err(fault)
    }

    fn check(&self) -> Result<(), String> {
        let joins = matches!(self.take, Take::Join { .. });
        if joins != (self.sources.len() > 1) {
            return Err("several sources need \"join\" as the first step, and it needs several".to_owned());
        }
        if let Take::Join { sizes: Some(sizes), .. } = &self.take
            && sizes.len() != self.sources.len()
        {
            return Err(format!("{} sizes for {} sources", sizes.len(), self.sources.len()));
        }
        let stars = self.target.stars().len();
        for source in &self.sources {
            let (own, counted) = (source.stars().len(), usize::from(self.stack));
            let expected = stars + counted;
            // Without a leaf's star it is one array, or one stack, for all the leaves: they are tied.
            if own != expected && own != counted {
                let why = if self.stack { ", one more than the leaf has: it counts what is stacked" } else { "" };
                return Err(format!("wildcards: {source} has {own}, expected {expected}{why}"));
            }
        }
        Ok(())
    }

    /// The names of the sources of a leaf of that name; with a star, if they are stacked. None if the rule is not for it.
    pub(super) fn sources_of(&self, leaf: &str) -> Option<Vec<Pattern>> {
        let stars = self.target.matches(leaf)?;
        let filled = |source: &Pattern| source.filled(&stars[..source.stars().len() - usize::from(self.stack)]);
        Some(self.sources.iter().map(filled).collect())
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <- ", self.target)?;
        for (i, source) in self.sources.iter().enumerate() {
            write!(f, "{}{source}", if i == 0 { "" } else { " + " })?;
        }
        let steps = (self.dtype.iter().map(|dtype| format!("as {dtype}")))
            .chain((self.take != Take::Whole).then(|| self.take.to_string()))
            .chain(self.each.iter().map(Layout::to_string))
            .chain(self.stack.then(|| "stack".to_owned()))
            .chain(self.after.iter().map(Layout::to_string));
        for (i, step) in steps.enumerate() {
            write!(f, "{}{step}", if i == 0 { " : " } else { ", " })?;
        }
        Ok(())
    }
}
