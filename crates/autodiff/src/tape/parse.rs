//! Reading the text form back: `parse(print(tape)) = tape`.
//!
//! A recursive descent over characters that keeps line and column for its errors. It knows no primitive: names are
//! looked up in a [`Catalogue`], which `ops` supplies. Types of results may be left out; if given, they must agree.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Builder, Label, Line, Op, Param, Params, Role, Scope, Tape, Value};
use crate::dtype::DType;
use crate::error::{Error, ErrorKind, count};
use crate::shape::{Shape, Type};
use crate::tensor::Tensor;

/// Finds a primitive by its name and parameters: `None` if there is none of that name.
pub type Catalogue = dyn Fn(&str, &Params) -> Option<Result<Op, String>>;

/// Reads one tape; `constants` is the side table of [`Tape::constants`].
///
/// # Errors
/// [`ErrorKind::Parse`] with line and column, or what `infer` has to say of an equation.
///
/// # Example
/// ```
/// use quadric_autodiff::{ops, tape::parse, tensor, trace::{self, Var}};
/// let tape = trace::trace(|x: Var| (x.sin() * 2.0).sum(), &tensor![0.0, 0.5])?;
/// let again = parse(&tape.to_string(), &|name, params| ops::find(name, params), &tape.constants())?;
/// assert_eq!(tape, again);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub fn parse(text: &str, catalogue: &Catalogue, constants: &[Tensor]) -> Result<Tape, Error> {
    let mut p = Parser { text: text.chars().collect(), at: 0, catalogue, constants, depth: 0 };
    let tape = p.tape()?;
    p.space();
    if p.at < p.text.len() {
        return Err(p.error("text after the end of the tape"));
    }
    Ok(tape)
}

struct Parser<'a> {
    text: Vec<char>,
    at: usize,
    catalogue: &'a Catalogue,
    constants: &'a [Tensor],
    /// Bodies in bodies that are being read.
    depth: usize,
}

/// How deep tapes may be nested in a text; deeper ones would only overflow the stack.
const DEPTH: usize = 100;

type Names = HashMap<String, Value>;

impl Parser<'_> {
    fn error(&self, what: impl std::fmt::Display) -> Error {
        self.error_at(self.at, what)
    }

    fn error_at(&self, at: usize, what: impl std::fmt::Display) -> Error {
        let before = &self.text[..at.min(self.text.len())];
        let line = 1 + before.iter().filter(|c| **c == '\n').count();
        let column = 1 + before.iter().rev().take_while(|c| **c != '\n').count();
        Error::new(ErrorKind::Parse, format!("tape text, line {line}, column {column}: {what}"))
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|c| c.is_whitespace() || c == ';') {
            self.at += 1;
        }
    }

    fn accept(&mut self, token: &str) -> bool {
        self.space();
        let end = self.at + token.chars().count();
        let found = end <= self.text.len() && self.text[self.at..end].iter().copied().eq(token.chars());
        let word = token.chars().all(char::is_alphabetic);
        if found && !(word && self.text.get(end).is_some_and(|c| c.is_alphanumeric() || *c == '_')) {
            self.at = end;
            return true;
        }
        false
    }

    fn expect(&mut self, token: &str) -> Result<(), Error> {
        if self.accept(token) {
            return Ok(());
        }
        Err(self.error(format!("expected `{token}`, found {}", self.found())))
    }

    fn found(&self) -> String {
        self.peek().map_or("the end of the text".into(), |c| format!("`{c}`"))
    }

    fn word(&mut self, what: &str) -> Result<String, Error> {
        self.space();
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_alphanumeric() || c == '_') {
            self.at += 1;
        }
        if start == self.at {
            return Err(self.error(format!("expected {what}, found {}", self.found())));
        }
        Ok(self.text[start..self.at].iter().collect())
    }

    fn integer<T: std::str::FromStr>(&mut self) -> Result<T, Error> {
        self.space();
        let start = self.at;
        if self.peek() == Some('-') {
            self.at += 1;
        }
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        let digits: String = self.text[start..self.at].iter().collect();
        let found = if digits.is_empty() { self.found() } else { format!("`{digits}`") };
        digits.parse().map_err(|_| self.error_at(start, format!("expected an integer in range, found {found}")))
    }

    fn ty(&mut self) -> Result<Type, Error> {
        let start = self.at;
        let name = self.word("a dtype")?;
        let dtype = DType::from_name(&name).ok_or_else(|| self.error_at(start, format!("`{name}` is no dtype")))?;
        self.expect("[")?;
        let mut dims = Vec::new();
        while !self.accept("]") {
            if !dims.is_empty() {
                self.expect(",")?;
            }
            dims.push(self.integer::<usize>()?);
        }
        Ok(Type::new(dtype, Shape::new(dims)))
    }

    fn tape(&mut self) -> Result<Tape, Error> {
        self.expect("tape")?;
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.error(format!("tapes are nested more than {DEPTH} deep")));
        }
        let tape = self.tape_after_its_word();
        self.depth -= 1;
        tape
    }

    fn tape_after_its_word(&mut self) -> Result<Tape, Error> {
        let name = self.word("the tape's name")?;
        let mut b = Builder::new(name);
        let mut names = Names::new();
        self.expect("(")?;
        while !self.accept(")") {
            if !names.is_empty() {
                self.expect(",")?;
            }
            self.space();
            let at = self.at;
            let name = self.word("an input")?;
            self.expect(":")?;
            let v = b.input(self.ty()?);
            b.type_of(v).check().map_err(|e| self.error_at(at, e))?;
            if names.insert(name.clone(), v).is_some() {
                return Err(self.error_at(at, format!("{name} is defined twice")));
            }
        }
        self.expect("{")?;
        while !self.accept("return") {
            self.equation(&mut b, &mut names)?;
        }
        let mut outputs = Vec::new();
        while !self.accept("}") {
            outputs.push(self.value(&names)?);
        }
        b.finish(outputs)
    }

    fn value(&mut self, names: &Names) -> Result<Value, Error> {
        self.space();
        let at = self.at;
        let name = self.word("a value")?;
        names.get(&name).copied().ok_or_else(|| self.error_at(at, format!("{name} is used before it is defined")))
    }

    fn equation(&mut self, b: &mut Builder, names: &mut Names) -> Result<(), Error> {
        let mut results: Vec<(String, Option<Type>, usize)> = Vec::new();
        self.space();
        // An equation without results is possible, if useless.
        while self.peek() != Some('=') {
            self.space();
            let at = self.at;
            let name = self.word("a result or `return`")?;
            let ty = if self.accept(":") { Some(self.ty()?) } else { None };
            results.push((name, ty, at));
            if !self.accept(",") {
                break;
            }
        }
        self.expect("=")?;
        self.space();
        let op_at = self.at;
        let op_name = self.word("a primitive")?;
        let params = self.params()?;
        let op = match (self.catalogue)(&op_name, &params) {
            None => return Err(self.error_at(op_at, format!("there is no primitive `{op_name}`"))),
            Some(Err(e)) => return Err(self.error_at(op_at, format!("{op_name}: {e}"))),
            Some(Ok(op)) => op,
        };
        let mut inputs = Vec::new();
        let mut bodies = Vec::new();
        loop {
            // Operands end at the end of the line, at `;`, at `with` or at the label.
            while self.peek().is_some_and(|c| c == ' ' || c == '\t') {
                self.at += 1;
            }
            match self.peek() {
                None | Some('\n' | '\r' | ';' | '@' | '}') => break,
                _ if self.accept("with") => {
                    while self.peek_word("tape") {
                        bodies.push(Arc::new(self.tape()?));
                    }
                    break;
                }
                _ => inputs.push(self.value(names)?),
            }
        }
        let label = if self.accept("@") { self.label()? } else { Label::default() };
        b.set_label(label);
        let outputs = b.emit_all(op, &inputs, bodies).map_err(|e| self.error_at(op_at, e.to_string()))?;
        if outputs.len() != results.len() {
            let (n, m) = (outputs.len(), results.len());
            return Err(self.error_at(op_at, format!("{op_name} has {}, {m} are named", count(n, "result"))));
        }
        for (v, (name, ty, at)) in outputs.into_iter().zip(results) {
            if let Some(ty) = ty
                && ty != *b.type_of(v)
            {
                return Err(self.error_at(at, format!("{name} is said to be {ty}, it is {}", b.type_of(v))));
            }
            if names.insert(name.clone(), v).is_some() {
                return Err(self.error_at(at, format!("{name} is defined twice")));
            }
        }
        Ok(())
    }

    fn peek_word(&mut self, word: &str) -> bool {
        let at = self.at;
        let found = self.accept(word);
        self.at = at;
        found
    }

    fn params(&mut self) -> Result<Params, Error> {
        let mut params = Params::none();
        if self.peek() != Some('[') {
            return Ok(params);
        }
        self.at += 1;
        while !self.accept("]") {
            if !params.0.is_empty() {
                self.expect(",")?;
            }
            let name = self.word("a parameter's name")?;
            self.expect("=")?;
            let value = self.param()?;
            params.0.push((name, value));
        }
        Ok(params)
    }

    fn param(&mut self) -> Result<Param, Error> {
        self.space();
        match self.peek() {
            Some('"') => {
                let open = self.at;
                self.at += 1;
                let mut text = String::new();
                loop {
                    match self.peek() {
                        None => return Err(self.error_at(open, "the text has no closing quote")),
                        Some('"') => break,
                        Some('\\') => {
                            self.at += 1;
                            text.extend(self.peek());
                        }
                        Some(c) => text.push(c),
                    }
                    self.at += 1;
                }
                self.at += 1;
                Ok(Param::Text(text))
            }
            Some('(') => {
                self.at += 1;
                let mut xs = Vec::new();
                while !self.accept(")") {
                    if !xs.is_empty() {
                        self.expect(",")?;
                    }
                    xs.push(self.integer()?);
                }
                Ok(Param::Ints(xs))
            }
            Some('@') => {
                let at = self.at;
                self.at += 1;
                let k: usize = self.integer()?;
                let constant = self.constants.get(k).cloned();
                let t = constant.ok_or_else(|| self.error_at(at, format!("constant @{k} is not in the side table")))?;
                let ty = self.ty()?;
                self.expect("#")?;
                let sum = self.word("a checksum")?;
                if ty != *t.ty() || sum != format!("{:016x}", t.checksum()) {
                    return Err(self.error_at(at, format!("constant @{k} of the side table is another one")));
                }
                Ok(Param::Tensor(t))
            }
            Some(c) if c == '-' || c.is_ascii_digit() => Ok(Param::Int(self.integer()?)),
            _ => {
                let at = self.at;
                let word = self.word("a parameter's value")?;
                let Some(dtype) = DType::from_name(&word) else { return Ok(Param::Word(word)) };
                if self.peek() != Some('[') {
                    return Ok(Param::DType(dtype));
                }
                self.at = at;
                let ty = self.ty()?;
                if self.peek() != Some('(') {
                    return Ok(Param::Type(ty));
                }
                self.at += 1;
                let mut elements = Vec::new();
                while !self.accept(")") {
                    if !elements.is_empty() {
                        self.expect(",")?;
                    }
                    self.space();
                    let start = self.at;
                    while self.peek().is_some_and(|c| !matches!(c, ',' | ')')) {
                        self.at += 1;
                    }
                    elements.push(self.text[start..self.at].iter().collect::<String>());
                }
                constant(&ty, &elements).map(Param::Tensor).map_err(|e| self.error_at(at, e))
            }
        }
    }

    fn label(&mut self) -> Result<Label, Error> {
        let mut label = Label::default();
        self.blanks();
        let text = self.escaped(&[' ', '\n', '{']);
        if text != "?" {
            label.line = Some(self.line(&text)?);
        }
        self.blanks();
        if self.peek() == Some('{') {
            self.at += 1;
            loop {
                self.blanks();
                let name = self.escaped(&['@', '!', '}', '\n']);
                let nonlinear = self.accept("!");
                self.expect("@")?;
                let place = self.escaped(&[' ', '}', '\n']);
                let line = self.line(&place)?;
                label.scope =
                    Some(Arc::new(Scope { name: Arc::from(name), nonlinear, line, parent: label.scope.take() }));
                if self.accept("}") {
                    break;
                }
                self.expect("/")?;
            }
        }
        self.blanks();
        for (word, role) in [("primal", Role::Primal), ("tangent", Role::Tangent), ("cotangent", Role::Cotangent)] {
            if self.peek().is_some_and(char::is_alphabetic) && self.accept(word) {
                self.expect(".")?;
                label.role = role;
                label.level = self.integer()?;
            }
        }
        Ok(label)
    }

    fn blanks(&mut self) {
        while self.peek() == Some(' ') {
            self.at += 1;
        }
    }

    fn escaped(&mut self, stops: &[char]) -> String {
        let mut out = String::new();
        while let Some(c) = self.peek() {
            if stops.contains(&c) {
                break;
            }
            if c == '\\' {
                self.at += 1;
            }
            out.extend(self.peek());
            self.at += 1;
        }
        out
    }

    fn line(&self, text: &str) -> Result<Line, Error> {
        let mut parts = text.rsplitn(3, ':');
        let mut number = || parts.next().and_then(|p| p.parse().ok());
        let (column, line) = (number(), number());
        match (parts.next(), line, column) {
            (Some(file), Some(line), Some(column)) => Ok(Line { file: Arc::from(file), line, column }),
            _ => Err(self.error(format!("`{text}` is no file:line:column"))),
        }
    }
}

fn constant(ty: &Type, elements: &[String]) -> Result<Tensor, String> {
    fn all<T: crate::tensor::Scalar>(ty: &Type, e: &[String], f: impl Fn(&str) -> Option<T>) -> Result<Tensor, String> {
        let one = |x: &String| f(x).ok_or_else(|| format!("`{x}` is no {}", ty.dtype));
        let xs = e.iter().map(one).collect::<Result<Vec<T>, _>>()?;
        Tensor::new(&ty.shape, &xs).map_err(|e| e.to_string())
    }
    let hex = |x: &str| x.strip_prefix("0x").and_then(|h| u64::from_str_radix(h, 16).ok());
    match ty.dtype {
        DType::F32 => all(ty, elements, |x| hex(x).map(|b| f32::from_bits(b as u32)).or_else(|| x.parse().ok())),
        DType::F64 => all(ty, elements, |x| hex(x).map(f64::from_bits).or_else(|| x.parse().ok())),
        DType::I32 => all::<i32>(ty, elements, |x| x.parse().ok()),
        DType::U32 => all::<u32>(ty, elements, |x| x.parse().ok()),
        DType::Bool => all::<bool>(ty, elements, |x| x.parse().ok()),
    }
}
