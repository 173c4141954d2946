//! The words of a step of a table.

/// The words that are left.
pub(super) struct Words<'a> {
    words: std::iter::Peekable<std::str::SplitWhitespace<'a>>,
}

impl<'a> Words<'a> {
    pub(super) fn new(text: &'a str) -> Words<'a> {
        Words { words: text.split_whitespace().peekable() }
    }

    pub(super) fn next(&mut self) -> Option<&'a str> {
        self.words.next()
    }

    pub(super) fn number(&mut self) -> Result<usize, String> {
        match self.next() {
            Some(word) => word.parse().map_err(|_| format!("{word:?} is no whole number")),
            None => Err("a whole number is missing at the end".to_owned()),
        }
    }

    /// As many numbers as there are.
    pub(super) fn numbers(&mut self) -> Vec<usize> {
        let mut numbers = Vec::new();
        while let Some(number) = self.words.peek().and_then(|word| word.parse().ok()) {
            numbers.push(number);
            self.words.next();
        }
        numbers
    }

    pub(super) fn some_numbers(&mut self) -> Result<Vec<usize>, String> {
        let numbers = self.numbers();
        if numbers.is_empty() { Err("sizes are missing".to_owned()) } else { Ok(numbers) }
    }

    pub(super) fn expect(&mut self, expected: &str) -> Result<(), String> {
        match self.next() {
            Some(word) if word == expected => Ok(()),
            Some(word) => Err(format!("expected \"{expected}\", found {word:?}")),
            None => Err(format!("expected \"{expected}\", found the end")),
        }
    }

    pub(super) fn on_axis(&mut self) -> Result<usize, String> {
        self.expect("on")?;
        self.expect("axis")?;
        self.number()
    }

    pub(super) fn end(&mut self) -> Result<(), String> {
        match self.next() {
            Some(word) => Err(format!("{word:?} is left over")),
            None => Ok(()),
        }
    }
}

pub(super) fn spaced(numbers: &[usize]) -> String {
    numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(" ")
}
