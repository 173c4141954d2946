//! A language model that writes.

use quadric_autodiff::trace::{Compiled, Var, compile, random};
use quadric_autodiff::{DType, Error, ErrorKind, Tensor};

use super::{Gpt, Sampling};
use crate::LIBRARY;
use crate::layers::AttentionCache;

/// The tokens that are drawn, and how many logits were NaN.
type Drawn<T> = (T, AttentionCache<T>, T);
/// Model, tokens, cache and key.
type Given = (Gpt<Var>, Var, AttentionCache<Var>, Var);
type Step = Box<dyn Fn(Given) -> Drawn<Var>>;

/// Draws tokens from a [`Gpt`], and keeps what it has compiled: a program for prompts and one for the tokens after them.
///
/// Both are compiled again only for sizes that are new: another batch, another length of the prompt (the first program), another length of
/// prompt and answer together (both). The model's numbers are arguments: the same sampler serves a model while it is trained.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor};
/// use quadric_nn::models::{Gpt, GptOptions, Sampler, Sampling};
/// let model = Gpt::new(GptOptions::new(10, 8, 16, 2, 2), DType::F32, 1);
/// let mut sampler = Sampler::new(Sampling::greedy())?;
/// let prompt = tensor![[3, 1, 4]];
/// let first = sampler.generate(&model, &prompt, 5)?;
/// assert_eq!(sampler.generate(&model, &prompt, 5)?, first); // nothing is compiled this time
/// assert_eq!(model.generate(&prompt, 5, Sampling::greedy())?, first);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub struct Sampler {
    sampling: Sampling,
    step: Compiled<Given, Drawn<Var>, Step>,
}

impl Sampler {
    /// Draws like this.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] if the temperature is negative or not finite, or the likeliest 0 are to be drawn from.
    pub fn new(sampling: Sampling) -> Result<Sampler, Error> {
        sampling.check()?;
        let step: Step = Box::new(move |(model, tokens, cache, key)| {
            let (logits, cache) = model.step(tokens, &cache);
            let last = logits.shape()[1] - 1;
            let logits = logits.slice(1, last..last + 1).squeeze(&[1]);
            let nans = logits.not_equal(logits).convert(DType::F32).sum();
            (sampling.draw(logits, key).expand_dims(&[-1]), cache, nans)
        });
        Ok(Sampler { sampling, step: compile(step) })
    }

    /// `prompt`, `i32[B, T]` with T ≥ 1, and `count` more tokens, `i32[B, T + count]`: one after the other, each at the price of one place.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] if that is longer than the context, or the prompt is no batch of sequences; [`ErrorKind::Data`] if it holds what is no
    /// token, or a logit is NaN.
    #[track_caller]
    pub fn generate(&mut self, model: &Gpt, prompt: &Tensor, count: usize) -> Result<Tensor, Error> {
        LIBRARY.enter(|| {
            let (batch, length) = match prompt.shape()[..] {
                [batch, length] if length > 0 && prompt.dtype() == DType::I32 => (batch, length),
                _ => {
                    let what = format!("gpt: the prompt is {}, i32[B, T] with T above 0 is needed", prompt.ty());
                    return Err(Error::new(ErrorKind::Shape, what));
                }
            };
            if length + count > model.context {
                let what =
                    format!("gpt: {length} tokens and {count} more are longer than the context of {}", model.context);
                return Err(Error::new(ErrorKind::Shape, what));
            }
            let mut cache = model.transformer.cache(batch, length + count);
            let mut rows: Vec<Vec<i32>> = prompt.to_vec::<i32>().chunks(length).map(<[i32]>::to_vec).collect();
            let mut tokens = prompt.clone();
            for i in 0..count {
                let key = random::key(self.sampling.seed, i as u64);
                let (next, after, nans) = self.step.call((model.clone(), tokens, cache, key))?;
                if nans.item() > 0.0 {
                    let what = format!("gpt: of the logits for token {} some are NaN", length + i);
                    return Err(Error::new(ErrorKind::Data, what));
                }
                rows.iter_mut().zip(next.to_vec::<i32>()).for_each(|(row, token)| row.push(token));
                (tokens, cache) = (next, after);
            }
            Tensor::new([batch, length + count], &rows.concat())
        })
    }
}
