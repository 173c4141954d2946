//! What a step changes.

use quadric_autodiff::{Select, Selection, Tensor, Tree, VarTree};

use crate::optimizers::{Average, State};

/// All that a [`Step`](super::Step) changes: it goes in and comes out.
pub struct TrainState<M: VarTree, S: VarTree> {
    /// The parameters.
    pub model: M::Host,
    /// The model's state: running statistics.
    pub state: S::Host,
    /// What the optimizer remembers of the parameters that are trained.
    pub optimizer: State<Selection<Tensor>>,
    /// The mean of the parameters that are trained, if one is taken.
    pub average: Option<Average<Selection<Tensor>>>,
}

impl<M: VarTree, S: VarTree> Clone for TrainState<M, S> {
    fn clone(&self) -> Self {
        TrainState {
            model: self.model.clone(),
            state: self.state.clone(),
            optimizer: self.optimizer.clone(),
            average: self.average.clone(),
        }
    }
}

impl<M: VarTree, S: VarTree> TrainState<M, S>
where
    M::Host: Tree<With<Tensor> = M::Host>,
{
    /// The model with the mean of its parameters, if one is taken and anything has gone into it; otherwise the model as it is.
    pub fn averaged(&self) -> M::Host {
        match &self.average {
            Some(average) if average.weight.item() > 0.0 => {
                self.model.with_selected(&average.mean).expect("the mean is of the model's own parameters")
            }
            _ => self.model.clone(),
        }
    }
}
