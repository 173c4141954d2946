//! Sums of products in Einstein's notation.

use super::Var;
use crate::LIBRARY;
use crate::error::{Error, ErrorKind};
use crate::trace::stop;

/// A value whose axes have letters.
#[derive(Clone)]
struct Lettered {
    value: Var,
    letters: Vec<char>,
}

/// `Σ` over the letters that the result does not have of the products of entries: `einsum("bij,bjk->bik", &[a, b])` is a batched matrix
/// product. Letters of one operand may repeat (a diagonal); without `->` the result has the letters that occur once, in alphabetical order.
///
/// Operands are multiplied from left to right, each two as one batched matrix product.
///
/// # Errors
/// Stops the trace if the text is none (a letter of the result that no operand has, or that it has twice), if an operand has another number
/// of axes than letters, or if sizes under one letter differ.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile, einsum}};
/// let (a, b) = (tensor![[1.0, 2.0], [3.0, 4.0]], tensor![10.0, 1.0]);
/// let y = compile(|(a, b): (Var, Var)| (einsum("ij,j->i", &[a, b]), einsum("ii", &[a]))).call((a, b))?;
/// assert_eq!(y, (tensor![12.0, 34.0], quadric_autodiff::Tensor::scalar(5.0)));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn einsum(text: &str, operands: &[Var]) -> Var {
    LIBRARY.enter(|| sum_of_products(text, operands))
}

fn sum_of_products(text: &str, operands: &[Var]) -> Var {
    let fault = |what: String| -> ! { stop(Error::new(ErrorKind::Shape, format!("einsum \"{text}\": {what}"))) };
    let (inputs, output) = match text.split_once("->") {
        Some((inputs, output)) => (inputs, Some(output)),
        None => (text, None),
    };
    let words: Vec<Vec<char>> =
        inputs.split(',').map(|word| word.chars().filter(|c| !c.is_whitespace()).collect()).collect();
    if words.len() != operands.len() || operands.is_empty() {
        fault(format!("it is about {} operands, {} are given", words.len(), operands.len()));
    }
    if let Some(c) = words.iter().flatten().find(|c| !c.is_alphabetic()) {
        fault(format!("'{c}' is no letter"));
    }
    let mut sizes: Vec<(char, usize)> = Vec::new();
    for (word, x) in words.iter().zip(operands) {
        let shape = x.shape();
        if word.len() != shape.rank() {
            fault(format!("{} letters stand for the axes of {}", word.len(), x.ty()));
        }
        for (letter, size) in word.iter().zip(shape.iter()) {
            match sizes.iter().find(|(l, _)| l == letter) {
                Some((_, known)) if known != size => fault(format!("{letter} is {known} and {size}")),
                Some(_) => {}
                None => sizes.push((*letter, *size)),
            }
        }
    }
    let result: Vec<char> = match output {
        Some(output) => output.chars().filter(|c| !c.is_whitespace()).collect(),
        None => {
            let count = |letter: char| words.iter().flatten().filter(|c| **c == letter).count();
            let mut once: Vec<char> = sizes.iter().map(|(l, _)| *l).filter(|l| count(*l) == 1).collect();
            once.sort_unstable();
            once
        }
    };
    for (i, letter) in result.iter().enumerate() {
        if result[..i].contains(letter) {
            fault(format!("the result has {letter} twice"));
        }
        if !sizes.iter().any(|(l, _)| l == letter) {
            fault(format!("no operand has the {letter} of the result"));
        }
    }
    let mut all: Vec<Lettered> = Vec::new();
    for (value, word) in operands.iter().zip(&words) {
        let mut x = Lettered { value: *value, letters: word.clone() };
        while let Some((i, j)) = repeated(&x.letters) {
            x = x.diagonal(i, j);
        }
        all.push(x);
    }
    let mut rest = all.into_iter();
    let mut product = rest.next().expect("there is an operand");
    let others: Vec<Lettered> = rest.collect();
    for (k, other) in others.iter().enumerate() {
        let needed = |l: &char| result.contains(l) || others[k + 1..].iter().any(|x| x.letters.contains(l));
        product = product.times(other, &needed);
    }
    product.summed_to(&|l| result.contains(l)).ordered(&result)
}

/// Two axes under one letter.
fn repeated(letters: &[char]) -> Option<(usize, usize)> {
    (0..letters.len()).find_map(|j| letters[..j].iter().position(|l| *l == letters[j]).map(|i| (i, j)))
}

impl Lettered {
    /// Axes i < j replaced by their common diagonal, at the end.
    fn diagonal(self, i: usize, j: usize) -> Lettered {
        let rank = self.letters.len();
        let mut order: Vec<usize> = (0..rank).filter(|a| *a != i && *a != j).collect();
        let letters = order.iter().map(|a| self.letters[*a]).chain([self.letters[i]]).collect();
        order.extend([i, j]);
        let order: Vec<isize> = order.into_iter().map(|a| a as isize).collect();
        Lettered { value: self.value.permute(&order).diagonal(), letters }
    }

    /// Summed over the letters that are not needed.
    fn summed_to(self, needed: &dyn Fn(&char) -> bool) -> Lettered {
        let gone: Vec<isize> =
            (0..self.letters.len()).filter(|a| !needed(&self.letters[*a])).map(|a| a as isize).collect();
        if gone.is_empty() {
            return self;
        }
        Lettered { value: self.value.sum_axes(&gone), letters: self.letters.into_iter().filter(needed).collect() }
    }

    /// The value with its axes in this order of letters.
    fn ordered(self, letters: &[char]) -> Var {
        let mut order = Vec::with_capacity(letters.len());
        for letter in letters {
            order.push(self.letters.iter().position(|l| l == letter).expect("it has the letters") as isize);
        }
        if order.iter().copied().eq(0..order.len() as isize) { self.value } else { self.value.permute(&order) }
    }

    /// The product with another, summed over what is not needed further on: a matrix product, batched over what both have and is needed.
    fn times(self, other: &Lettered, needed: &dyn Fn(&char) -> bool) -> Lettered {
        // What one of them alone has and nobody needs is summed at once.
        let a = {
            let theirs = &other.letters;
            self.clone().summed_to(&|l| theirs.contains(l) || needed(l))
        };
        let b = {
            let ours = &self.letters;
            other.clone().summed_to(&|l| ours.contains(l) || needed(l))
        };
        let both = |l: &&char| a.letters.contains(l) && b.letters.contains(l);
        let batch: Vec<char> = a.letters.iter().filter(both).filter(|l| needed(l)).copied().collect();
        let inner: Vec<char> = a.letters.iter().filter(both).filter(|l| !needed(l)).copied().collect();
        let alone = |x: &Lettered, y: &Lettered| -> Vec<char> {
            x.letters.iter().filter(|l| !y.letters.contains(l)).copied().collect()
        };
        let (rows, columns) = (alone(&a, &b), alone(&b, &a));
        let size = |letters: &[char], x: &Lettered| -> Vec<usize> {
            let shape = x.value.shape();
            letters.iter().map(|l| shape[x.letters.iter().position(|k| k == l).expect("it has the letter")]).collect()
        };
        let product = |sizes: &[usize]| sizes.iter().fold(1usize, |n, s| n.saturating_mul(*s));
        let (batch_sizes, row_sizes, column_sizes) = (size(&batch, &a), size(&rows, &a), size(&columns, &b));
        let (n, m, k, p) =
            (product(&batch_sizes), product(&row_sizes), product(&size(&inner, &a)), product(&column_sizes));
        let left = a.ordered(&[&batch[..], &rows, &inner].concat()).reshape([n, m, k]);
        let right = b.ordered(&[&batch[..], &inner, &columns].concat()).reshape([n, k, p]);
        let value = if inner.is_empty() { left * right } else { left.matmul(right) };
        Lettered {
            value: value.reshape([batch_sizes, row_sizes, column_sizes].concat()),
            letters: [batch, rows, columns].concat(),
        }
    }
}
