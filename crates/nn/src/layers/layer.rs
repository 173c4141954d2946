//! What all layers have in common, so that they can be put together.

use std::marker::PhantomData;

use quadric_autodiff::trace::{Var, compile, random, stop};
use quadric_autodiff::{Error, ErrorKind, Tensor, Tree, VarTree};

use crate::LIBRARY;

/// The state of a layer that has none: the empty tree.
pub type Stateless<T = Tensor> = PhantomData<T>;

/// The state of a layer outside the trace: [`BatchNormState<Tensor>`](super::BatchNormState) for a [`BatchNorm`](super::BatchNorm).
pub type StateOf<H> = <<<H as Tree>::With<Var> as Layer>::State as VarTree>::Host;

/// How a layer is applied.
#[derive(Clone, Copy, Debug)]
pub enum Mode {
    /// In training: a batch norm takes the statistics of the batch, a dropout drops. The key, a `u32[2]`, is for what is drawn; who draws
    /// nothing needs none.
    Train(Option<Var>),
    /// Afterwards: running statistics, and nothing is drawn.
    Infer,
}

impl Mode {
    /// A mode for each of `count` parts, with a key of its own.
    #[track_caller]
    #[must_use]
    pub fn split(self, count: usize) -> Vec<Mode> {
        match self {
            Mode::Train(Some(key)) => random::split(key, count).into_iter().map(|key| Mode::Train(Some(key))).collect(),
            mode => vec![mode; count],
        }
    }

    /// Whether it is training.
    pub fn is_training(self) -> bool {
        matches!(self, Mode::Train(_))
    }
}

/// A map from an array to an array with parameters, and perhaps with a state and with chance.
///
/// Nothing hides in a cell: the *state* (running statistics) is a tree of its own that goes in and comes out, what is drawn is drawn from
/// a key that is an argument. So `vmap`, `scan`, `checkpoint`, the second pass of SAM and a line search are right without a special
/// case: who drops the state that came out has left the statistics alone.
///
/// A tuple, a `Vec`, a `Box` and an `Option` of layers is a layer: one after the other, each in a scope of its index. [`Residual`](super::Residual)
/// and [`Stack`](super::Stack) put together as well.
///
/// # A layer of one's own
/// ```
/// use quadric_autodiff::{DType, Tensor, Tree, tensor, trace::{Var, compile}};
/// use quadric_nn::{Dense, Layer, Mode, Stateless, generator};
///
/// #[derive(Tree, Clone)]
/// struct Gate<T = Tensor> { gate: Dense<T> }
///
/// impl Layer for Gate<Var> {
///     type State = Stateless<Var>;
///     fn initial_state(&self) -> Stateless<Var> { Stateless::default() }
///     fn forward(&self, x: Var, state: &Stateless<Var>, _: Mode) -> (Var, Stateless<Var>) {
///         (x * self.gate.apply(x).logistic(), *state)
///     }
/// }
///
/// let rng = &mut generator(1);
/// let net = (Gate { gate: Dense::new(2, 2, DType::F64, rng) }, Dense::new(2, 1, DType::F64, rng));
/// let y = compile(|(net, x): ((Gate<Var>, Dense<Var>), Var)| net.infer(x, &net.initial_state()));
/// # let mut y = y;
/// assert_eq!(y.call((net, tensor![[0.0, 0.0]]))?, tensor![[0.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub trait Layer: VarTree {
    /// What it carries from one batch to the next; [`Stateless`] if nothing.
    type State: VarTree;

    /// The state before the first batch; outside a trace, [`initial_state`].
    fn initial_state(&self) -> Self::State;

    /// The output and the state after it. In [`Mode::Infer`] the state is the one that was given.
    fn forward(&self, x: Var, state: &Self::State, mode: Mode) -> (Var, Self::State);

    /// [`forward`](Layer::forward) in training, with a key if something is drawn (`None` otherwise).
    #[track_caller]
    fn train(&self, x: Var, state: &Self::State, key: impl Into<Option<Var>>) -> (Var, Self::State) {
        self.forward(x, state, Mode::Train(key.into()))
    }

    /// [`forward`](Layer::forward) after training.
    #[track_caller]
    fn infer(&self, x: Var, state: &Self::State) -> Var {
        self.forward(x, state, Mode::Infer).0
    }
}

/// The state of a model before its first batch.
///
/// # Errors
/// What the layers find wrong with their parameters.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tree};
/// use quadric_nn::{BatchNorm, initial_state};
/// let state = initial_state(&BatchNorm::new(3, DType::F32))?;
/// assert_eq!(state.leaf_names(), ["mean", "variance", "batches"]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
pub fn initial_state<H>(model: &H) -> Result<StateOf<H>, Error>
where
    H: Tree<Leaf = Tensor, With<Tensor> = H>,
    H::With<Var>: Layer + VarTree<Host = H>,
{
    LIBRARY.enter(|| compile(|m: H::With<Var>| m.initial_state()).call(model.clone()))
}

/// Makes layers that have an `apply(&self, x) -> x` and no state [`Layer`]s; `const` stands before those over N axes.
macro_rules! stateless {
    ($($Layer:ident),* $(,)?) => { $( $crate::layers::stateless!(@ () $Layer<quadric_autodiff::trace::Var>); )* };
    ($(const $Layer:ident),* $(,)?) => {
        $( $crate::layers::stateless!(@ (const N: usize) $Layer<N, quadric_autodiff::trace::Var>); )*
    };
    (@ ($($generics:tt)*) $Layer:ty) => {
        impl<$($generics)*> $crate::layers::Layer for $Layer {
            type State = $crate::layers::Stateless<quadric_autodiff::trace::Var>;

            fn initial_state(&self) -> Self::State {
                Self::State::default()
            }

            #[track_caller]
            fn forward(
                &self,
                x: quadric_autodiff::trace::Var,
                state: &Self::State,
                _: $crate::layers::Mode,
            ) -> (quadric_autodiff::trace::Var, Self::State) {
                (self.apply(x), *state)
            }
        }
    };
}
pub(crate) use stateless;

impl<L: Layer> Layer for Vec<L>
where
    Vec<L>: VarTree,
    Vec<L::State>: VarTree,
{
    type State = Vec<L::State>;

    fn initial_state(&self) -> Self::State {
        self.iter().map(Layer::initial_state).collect()
    }

    #[track_caller]
    fn forward(&self, x: Var, state: &Self::State, mode: Mode) -> (Var, Self::State) {
        LIBRARY.enter(|| {
            if state.len() != self.len() {
                let what = format!("{} layers were given the state of {}", self.len(), state.len());
                stop(Error::new(ErrorKind::Arity, what));
            }
            let (mut x, mut after) = (x, Vec::new());
            for ((i, (layer, state)), mode) in self.iter().zip(state).enumerate().zip(mode.split(self.len())) {
                let (y, state) = LIBRARY.scope(&i.to_string(), || layer.forward(x, state, mode));
                x = y;
                after.push(state);
            }
            (x, after)
        })
    }
}

impl<L: Layer> Layer for Box<L> {
    type State = L::State;

    fn initial_state(&self) -> Self::State {
        (**self).initial_state()
    }

    #[track_caller]
    fn forward(&self, x: Var, state: &Self::State, mode: Mode) -> (Var, Self::State) {
        (**self).forward(x, state, mode)
    }
}

/// Without a layer, the input itself.
impl<L: Layer> Layer for Option<L>
where
    Option<L>: VarTree,
    Option<L::State>: VarTree,
{
    type State = Option<L::State>;

    fn initial_state(&self) -> Self::State {
        self.as_ref().map(Layer::initial_state)
    }

    #[track_caller]
    fn forward(&self, x: Var, state: &Self::State, mode: Mode) -> (Var, Self::State) {
        match (self, state) {
            (Some(layer), Some(state)) => {
                let (y, state) = layer.forward(x, state, mode);
                (y, Some(state))
            }
            (None, None) => (x, None),
            _ => stop(Error::new(
                ErrorKind::Arity,
                "a layer that may be missing was given the state of another".to_owned(),
            )),
        }
    }
}

macro_rules! tuples_are_layers {
    ($($L:ident $i:tt),*) => {
        /// One layer after the other, each in a scope of its index.
        impl<$($L: Layer),*> Layer for ($($L,)*) {
            type State = ($($L::State,)*);

            fn initial_state(&self) -> Self::State {
                ($(self.$i.initial_state(),)*)
            }

            #[track_caller]
            fn forward(&self, x: Var, state: &Self::State, mode: Mode) -> (Var, Self::State) {
                LIBRARY.enter(|| {
                    let modes = mode.split([$($i),*].len());
                    let mut x = x;
                    let state = ($({
                        let (y, after) =
                            LIBRARY.scope(stringify!($i), || self.$i.forward(x, &state.$i, modes[$i]));
                        x = y;
                        after
                    },)*);
                    (x, state)
                })
            }
        }
    };
}

tuples_are_layers!(A 0);
tuples_are_layers!(A 0, B 1);
tuples_are_layers!(A 0, B 1, C 2);
tuples_are_layers!(A 0, B 1, C 2, D 3);
tuples_are_layers!(A 0, B 1, C 2, D 3, E5 4);
tuples_are_layers!(A 0, B 1, C 2, D 3, E5 4, F6 5);
tuples_are_layers!(A 0, B 1, C 2, D 3, E5 4, F6 5, G 6);
tuples_are_layers!(A 0, B 1, C 2, D 3, E5 4, F6 5, G 6, H 7);

/// Makes a struct whose fields are layers, one after the other, a [`Layer`], each in a scope of its name, with a state that has the same
/// fields: what is saved of it has names that another field does not shift.
macro_rules! sequential {
    ($Model:ident, $State:ident { $($field:ident: $Field:ty),* $(,)? }) => {
        $crate::layers::sequential!(@state $Model $State $($field)*);

        impl $crate::layers::Layer for $Model<quadric_autodiff::trace::Var> {
            type State = $State<$(<$Field as $crate::layers::Layer>::State),*>;

            fn initial_state(&self) -> Self::State {
                $State { $($field: self.$field.initial_state()),* }
            }

            #[track_caller]
            fn forward(
                &self,
                x: quadric_autodiff::trace::Var,
                state: &Self::State,
                mode: $crate::layers::Mode,
            ) -> (quadric_autodiff::trace::Var, Self::State) {
                $crate::LIBRARY.enter(|| {
                    let mut modes = mode.split([$(stringify!($field)),*].len()).into_iter();
                    $(
                        let mode = modes.next().expect("one for each field");
                        let (x, $field) = $crate::LIBRARY
                            .scope(stringify!($field), || self.$field.forward(x, &state.$field, mode));
                    )*
                    (x, $State { $($field),* })
                })
            }
        }
    };
    // The names of the parameters stand here, beside the `derive` that reads them: it does not see those of another macro.
    (@state $Model:ident $State:ident $a:ident $b:ident) => {
        #[doc = concat!("The state of a [`", stringify!($Model), "`]: that of each of its fields.")]
        #[derive(quadric_autodiff::Tree, Clone, Debug, PartialEq)]
        pub struct $State<A: quadric_autodiff::Tree, B: quadric_autodiff::Tree<Leaf = A::Leaf>> {
            #[doc = concat!("Of `", stringify!($a), "`.")]
            pub $a: A,
            #[doc = concat!("Of `", stringify!($b), "`.")]
            pub $b: B,
        }
    };
    (@state $Model:ident $State:ident $a:ident $b:ident $c:ident) => {
        #[doc = concat!("The state of a [`", stringify!($Model), "`]: that of each of its fields.")]
        #[derive(quadric_autodiff::Tree, Clone, Debug, PartialEq)]
        pub struct $State<
            A: quadric_autodiff::Tree,
            B: quadric_autodiff::Tree<Leaf = A::Leaf>,
            C: quadric_autodiff::Tree<Leaf = A::Leaf>,
        > {
            #[doc = concat!("Of `", stringify!($a), "`.")]
            pub $a: A,
            #[doc = concat!("Of `", stringify!($b), "`.")]
            pub $b: B,
            #[doc = concat!("Of `", stringify!($c), "`.")]
            pub $c: C,
        }
    };
}
pub(crate) use sequential;
