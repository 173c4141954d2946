//! Reads expressions such as `sum(sin(x) * y)`, by hand.
//!
//! ```text
//! sum     := product (("+" | "-") product)*
//! product := unary (("*" | "/") unary)*
//! unary   := "-" unary | power
//! power   := atom ("^" integer)?
//! atom    := number | name | name "(" sum ("," sum)* ")" | "(" sum ")"
//! ```

use super::expression::{Kind, Node};
use super::functions::{self, Function};

/// Reads an expression.
///
/// # Errors
/// One sentence that names the column.
pub fn parse(text: &str) -> Result<Node, String> {
    let mut p = Parser { text, at: 0 };
    let node = p.sum()?;
    p.space();
    if p.at < text.len() {
        return Err(p.error(&format!("unexpected `{}`", &text[p.at..])));
    }
    Ok(node)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn error(&self, what: &str) -> String {
        format!("column {}: {what}", self.text[..self.at].chars().count() + 1)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn space(&mut self) {
        while let Some(c) = self.peek().filter(|c| c.is_whitespace()) {
            self.at += c.len_utf8();
        }
    }

    fn accept(&mut self, choices: &[char]) -> Option<char> {
        self.space();
        let c = self.peek().filter(|c| choices.contains(c))?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn expect(&mut self, c: char) -> Result<(), String> {
        match self.accept(&[c]) {
            Some(_) => Ok(()),
            None => Err(self.error(&format!("expected `{c}`"))),
        }
    }

    fn sum(&mut self) -> Result<Node, String> {
        let mut left = self.product()?;
        while let Some(op) = self.accept(&['+', '-']) {
            let right = self.product()?;
            left = binary(op, left, right);
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Node, String> {
        let mut left = self.unary()?;
        while let Some(op) = self.accept(&['*', '/']) {
            let right = self.unary()?;
            left = binary(op, left, right);
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Node, String> {
        self.space();
        let start = self.at;
        if self.accept(&['-']).is_some() {
            let inner = self.unary()?;
            let span = start..inner.span.end;
            return Ok(Node { kind: Kind::Negative(Box::new(inner)), span });
        }
        self.power()
    }

    fn power(&mut self) -> Result<Node, String> {
        let base = self.atom()?;
        if self.accept(&['^']).is_none() {
            return Ok(base);
        }
        self.space();
        let negative = self.accept(&['-']).is_some();
        let digits = self.take(|c| c.is_ascii_digit());
        let exponent: i32 =
            digits.parse().map_err(|_| self.error("`^` takes an integer; use pow(x, y) for other exponents"))?;
        let span = base.span.start..self.at;
        Ok(Node { kind: Kind::Power(Box::new(base), if negative { -exponent } else { exponent }), span })
    }

    fn take(&mut self, f: impl Fn(char) -> bool) -> String {
        let start = self.at;
        while let Some(c) = self.peek().filter(|c| f(*c)) {
            self.at += c.len_utf8();
        }
        self.text[start..self.at].to_string()
    }

    fn atom(&mut self) -> Result<Node, String> {
        self.space();
        let start = self.at;
        if self.accept(&['(']).is_some() {
            let mut inner = self.sum()?;
            self.expect(')')?;
            inner.span = start..self.at;
            return Ok(inner);
        }
        match self.peek() {
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(start),
            Some(c) if c.is_alphabetic() || c == '_' => self.name(start),
            Some(c) => Err(self.error(&format!("expected a number, a name or `(`, found `{c}`"))),
            None => Err(self.error("the expression ends where a number, a name or `(` is expected")),
        }
    }

    fn number(&mut self, start: usize) -> Result<Node, String> {
        let mut digits = self.take(|c| c.is_ascii_digit() || c == '.');
        if self.peek().is_some_and(|c| c == 'e' || c == 'E') {
            digits += &self.take(|c| c == 'e' || c == 'E');
            digits += &self.take(|c| c == '-' || c == '+');
            digits += &self.take(|c| c.is_ascii_digit());
        }
        let value = digits.parse().map_err(|_| format!("column {}: `{digits}` is no number", start + 1))?;
        Ok(Node { kind: Kind::Number(value), span: start..self.at })
    }

    fn name(&mut self, start: usize) -> Result<Node, String> {
        let name = self.take(|c| c.is_alphanumeric() || c == '_');
        if self.accept(&['(']).is_none() {
            if Function::find(&name).is_some() {
                return Err(self.error(&format!("the function `{name}` needs its operands in parentheses")));
            }
            // Blanks after a name belong to what follows.
            return Ok(Node { kind: Kind::Name(name.clone()), span: start..start + name.len() });
        }
        let mut operands = vec![self.sum()?];
        while self.accept(&[',']).is_some() {
            operands.push(self.sum()?);
        }
        self.expect(')')?;
        let Some(function) = Function::find(&name) else {
            let known = functions::names(", ");
            return Err(format!("column {}: there is no function `{name}`; there are {known}", start + 1));
        };
        if operands.len() != function.arity() {
            let (n, arity) = (operands.len(), function.arity());
            return Err(format!("column {}: {name} takes {arity} operand(s), got {n}", start + 1));
        }
        Ok(Node { kind: Kind::Call(function, operands), span: start..self.at })
    }
}

fn binary(op: char, left: Node, right: Node) -> Node {
    let span = left.span.start..right.span.end;
    Node { kind: Kind::Binary(op, Box::new(left), Box::new(right)), span }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_the_pieces() {
        let text = "sum( sin(x)*y ) + 2";
        let node = parse(text).unwrap();
        let mut pieces = Vec::new();
        node.visit(&mut |n| pieces.push(&text[n.span.clone()]));
        assert_eq!(pieces, [text, "sum( sin(x)*y )", "sin(x)*y", "sin(x)", "x", "y", "2"]);
        assert_eq!(node.variables(), ["x", "y"]);
    }

    #[test]
    fn mistakes_name_their_column() {
        for (text, message) in [
            ("sin(x", "column 6: expected `)`"),
            ("x +", "column 4: the expression ends where a number, a name or `(` is expected"),
            ("sin", "column 4: the function `sin` needs its operands in parentheses"),
            ("max(x)", "column 1: max takes 2 operand(s), got 1"),
            ("x ^ y", "column 5: `^` takes an integer; use pow(x, y) for other exponents"),
            ("x $", "column 3: unexpected `$`"),
        ] {
            assert_eq!(parse(text).unwrap_err(), message);
        }
        assert!(parse("sine(x)").unwrap_err().starts_with("column 1: there is no function `sine`; there are sin, cos"));
    }
}
