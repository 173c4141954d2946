//! A transformer that sees images.

use quadric_autodiff::trace::{Var, concat, stop};
use quadric_autodiff::{DType, Error, ErrorKind, Leaf, Static, Tensor, Tree, Type};

use crate::LIBRARY;
use crate::layers::{
    Classifier, Context, Dense, Layer, LearnedPositions, Mode, Stateless, Transformer, TransformerOptions, dropout,
    generator,
};

/// How a [`Vit`] is built.
#[derive(Static, Clone, Copy, Debug, PartialEq)]
pub struct VitOptions {
    /// C, H and W of the images.
    pub image: [usize; 3],
    /// The side of a patch; H and W are multiples of it.
    pub patch: usize,
    /// How many classes.
    pub classes: usize,
    /// How many blocks.
    pub blocks: usize,
    /// Of each. Its dropout is also that of the vectors of patches and places.
    pub block: TransformerOptions,
    /// Whether the logits are read from a token of their own; otherwise from the mean of the patches.
    pub class_token: bool,
}

/// A vision transformer ([Dosovitskiy et al. 2021]): patches as vectors by a dense layer, learned positions, blocks without a mask, and a dense
/// layer on a class token or on the mean.
///
/// [Dosovitskiy et al. 2021]: https://arxiv.org/abs/2010.11929
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tensor, trace::{Var, compile}};
/// use quadric_nn::models::{Vit, VitOptions};
/// use quadric_nn::{Classifier, TransformerOptions};
/// let block = TransformerOptions::new(16, 2);
/// let options = VitOptions { image: [1, 8, 8], patch: 4, classes: 10, blocks: 2, block, class_token: true };
/// let x = Tensor::from_fn(DType::F32, [3, 1, 8, 8], |i| (i as f64).sin());
/// let z = compile(|(model, x): (Vit<Var>, Var)| model.logits(x)).call((Vit::new(options, DType::F32, 1), x))?;
/// assert_eq!(z.shape().to_vec(), [3, 10]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Vit<T: Leaf = Tensor> {
    /// Of a patch's C·p·p entries.
    pub patches: Dense<T>,
    /// `[D]`, in front of the patches, if there is one.
    pub class_token: Option<T>,
    /// Of the patches and the token.
    pub positions: LearnedPositions<T>,
    /// The blocks and the last norm.
    pub transformer: Transformer<T>,
    /// From D to the classes.
    pub head: Dense<T>,
    /// The side of a patch.
    pub patch: usize,
    /// C, H and W of the images, which the positions are for.
    pub image: [usize; 3],
    /// The share of the entries of patch and place together that is dropped in training, as in the paper (§B.1).
    pub dropout: f64,
}

impl Vit<Tensor> {
    /// A model with LeCun-normal weights, positions from `N(0, 0.02²)` and a class token of 0, from the seed ([`generator`]).
    ///
    /// # Panics
    /// If the images do not divide into patches; as [`Transformer::new`].
    pub fn new(options: VitOptions, dtype: DType, seed: u64) -> Vit {
        let (rng, width, patch) = (&mut generator(seed), options.block.width, options.patch);
        let [channels, rows, columns] = options.image;
        assert!(
            patch > 0 && rows % patch == 0 && columns % patch == 0,
            "Vit: images of {rows}×{columns} do not divide into patches of {patch}×{patch}"
        );
        let count = rows / patch * (columns / patch) + usize::from(options.class_token);
        Vit {
            patches: Dense::new(channels * patch * patch, width, dtype, rng),
            class_token: options.class_token.then(|| Tensor::zeros(Type::new(dtype, [width]))),
            positions: LearnedPositions::new(count, width, 0.02, dtype, rng),
            transformer: Transformer::new(options.blocks, options.block, dtype, rng),
            head: Dense::new(width, options.classes, dtype, rng),
            patch,
            image: options.image,
            dropout: options.block.dropout,
        }
    }
}

/// `[B, C, H, W]` as rows of patches, `[B, N, C·p·p]`.
#[track_caller]
fn patches(x: Var, image: [usize; 3], p: usize) -> Var {
    let [channels, rows, columns] = image;
    match x.shape()[..] {
        [batch, c, h, w] if [c, h, w] == image => x
            .reshape([batch, channels, rows / p, p, columns / p, p])
            .permute(&[0, 2, 4, 1, 3, 5])
            .reshape([batch, rows / p * (columns / p), channels * p * p]),
        _ => {
            let what = format!(
                "vit: {} is no batch of the images [{channels},{rows},{columns}] that the model is for",
                x.ty()
            );
            stop(Error::new(ErrorKind::Shape, what))
        }
    }
}

impl Layer for Vit<Var> {
    type State = Stateless<Var>;

    fn initial_state(&self) -> Stateless<Var> {
        Stateless::default()
    }

    /// # Shapes
    /// `x: [B, C, H, W]`, result `[B, classes]`.
    ///
    /// # Errors
    /// Stops the trace at images of another size: the positions are those of one grid of patches.
    #[track_caller]
    fn forward(&self, x: Var, state: &Stateless<Var>, mode: Mode) -> (Var, Stateless<Var>) {
        LIBRARY.scope("vit", || {
            let x = self.patches.apply(patches(x, self.image, self.patch));
            let x = self.class_token.map_or(x, |token| {
                let shape = x.shape();
                concat(&[token.broadcast_to([shape[0], 1, shape[2]]), x], 1)
            });
            let modes = mode.split(2);
            let x = dropout(self.positions.apply(x), self.dropout, modes[0]);
            let y = self.transformer.run(x, &Context::default(), modes[1]);
            let read = if self.class_token.is_some() { y.slice(1, 0..1).squeeze(&[1]) } else { y.mean_axes(&[1]) };
            (self.head.apply(read), *state)
        })
    }
}

impl Classifier for Vit<Var> {
    #[track_caller]
    fn logits(&self, x: Var) -> Var {
        self.infer(x, &Stateless::default())
    }
}
