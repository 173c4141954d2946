//! Labels, and which of them count.

use quadric_autodiff::trace::{Var, ones, select, stop};
use quadric_autodiff::{DType, Error, ErrorKind};

use crate::LIBRARY;

/// Labels `i32[…]`, of which some may be ignored or weigh more than others. A plain `Var` of labels counts them all alike.
#[derive(Clone, Copy, Debug)]
pub struct Labels {
    labels: Var,
    ignore: Option<i32>,
    weights: Option<Var>,
}

impl Labels {
    /// All count alike.
    pub fn new(labels: Var) -> Labels {
        Labels { labels, ignore: None, weights: None }
    }

    /// The label whose examples do not count, often −100. It need be no class.
    #[must_use]
    pub fn ignore(self, label: i32) -> Labels {
        Labels { ignore: Some(label), ..self }
    }

    /// How much each example counts: floats or bools (a mask) of the labels' shape.
    #[must_use]
    pub fn weights(self, weights: Var) -> Labels {
        Labels { weights: Some(weights), ..self }
    }

    /// Logits `[N, C]`, labels `[N]`, weights `f64[N]`; an ignored label is class 0 with weight 0.
    #[track_caller]
    pub(super) fn against(self, metric: &str, logits: Var) -> (Var, Var, Var) {
        LIBRARY.enter(|| {
            let (ty, rows) = (logits.ty(), self.labels.shape());
            let rank = ty.shape.rank();
            let fits = rank == rows.rank() + 1 && ty.shape[..rank - 1] == rows[..] && !self.labels.dtype().is_float();
            if !fits {
                let what = format!("{metric}: logits {ty} and labels {} do not fit", self.labels.ty());
                stop(Error::new(ErrorKind::Shape, what));
            }
            let n = rows.size();
            let mut weights = match self.weights {
                None => ones(DType::F64, [n]),
                Some(weights) if weights.shape() == rows => weights.convert(DType::F64).reshape([n]),
                Some(weights) => {
                    let what = format!("{metric}: weights {} of labels {}", weights.ty(), self.labels.ty());
                    stop(Error::new(ErrorKind::Shape, what))
                }
            };
            let mut labels = self.labels.reshape([n]);
            if let Some(label) = self.ignore {
                let ignored = labels.equal(f64::from(label));
                weights = select(ignored, 0.0, weights);
                labels = select(ignored, 0.0, labels);
            }
            (logits.reshape([n, ty.shape[rank - 1]]), labels, weights)
        })
    }
}

impl From<Var> for Labels {
    fn from(labels: Var) -> Labels {
        Labels::new(labels)
    }
}
