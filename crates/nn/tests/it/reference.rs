//! Layers, activations, losses and optimizers beside PyTorch's, number by number, to second order.
//!
//! `tests/reference/torch` holds what PyTorch computes in float64: a file a case, in the safetensors format, and `index.json` with the settings of
//! each. The keys are `input.i`, `param.NAME`, `buffer.before.NAME`, `buffer.after.NAME` and `output.i`; the scalar `s`, which is the loss or
//! `½ Σ_i ⟨c.i, output.i²⟩`; `grad.*`, a direction `v.*` and the Hessian-vector product `hv.*` over all parameters and float inputs together.
//!
//! A case is a test that says `Reference::load("name")`, wherever it stands in this folder: by these words
//! [`every_file_has_a_case`] knows it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use quadric_autodiff::trace::{Var, compile, constant, grad, hvp};
use quadric_autodiff::{Tensor, Tree};
use quadric_nn::archive::Archive;
use quadric_nn::losses::mse;
use quadric_nn::{Activation, Dense, generator};

use crate::support::{minus, norm};

/// What two systems in float64 may differ by, as ‖a − b‖/‖b‖.
const TOLERANCE: f64 = 1e-11;

/// The same where the file's Hessian-vector product was made of differences of gradients.
const TOLERANCE_OF_DIFFERENCES: f64 = 1e-7;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/torch")
}

/// One file of the folder.
pub struct Reference {
    name: &'static str,
    archive: Archive,
    hv_by_differences: bool,
}

/// Where one of our leaves is found among torch's parameters: the entries themselves, not a copy of some of them, so that what holds of
/// the values holds of gradients, directions and products.
#[derive(Clone)]
pub struct Place {
    torch: &'static str,
    ours: &'static str,
    rows: Option<std::ops::Range<usize>>,
    order: Option<&'static [usize]>,
}

/// Torch's parameter `torch` as our leaf `ours`. Leaves that no place names have torch's name.
pub fn place(torch: &'static str, ours: &'static str) -> Place {
    Place { torch, ours, rows: None, order: None }
}

impl Place {
    /// These entries of the first axis alone, as of a weight that is several stacked.
    #[must_use]
    pub fn rows(mut self, rows: std::ops::Range<usize>) -> Place {
        self.rows = Some(rows);
        self
    }

    /// With its axes (after [`rows`](Place::rows) were taken) in this order; `&[1, 0]` is the transpose.
    #[must_use]
    pub fn permuted(mut self, order: &'static [usize]) -> Place {
        self.order = Some(order);
        self
    }

    fn of(&self, torch: &Tensor) -> Tensor {
        let (rows, order) = (self.rows.clone(), self.order);
        let arrange = move |mut x: Var| {
            if let Some(rows) = &rows {
                x = x.slice(0, rows.clone());
            }
            if let Some(order) = order {
                x = x.permute(&order.iter().map(|axis| axis.cast_signed()).collect::<Vec<_>>());
            }
            x
        };
        compile(arrange).call(torch.clone()).unwrap()
    }
}

/// The largest relative error of a file, and of what.
#[derive(Debug)]
pub struct Worst {
    pub error: f64,
    pub of: String,
}

impl Reference {
    /// The file `NAME.safetensors`.
    pub fn load(name: &'static str) -> Reference {
        let archive = Archive::read(folder().join(format!("{name}.safetensors"))).unwrap();
        let index: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(folder().join("index.json")).unwrap()).unwrap();
        let hv_by_differences = index[name]["hv"].as_str().is_some_and(|how| how.contains("differences"));
        Reference { name, archive, hv_by_differences }
    }

    /// An array, if there is one of that name: floats as f64, integers as i32.
    pub fn get(&self, key: &str) -> Option<Tensor> {
        let entry = self.archive.get(key)?;
        if let Some(wide) = entry.i64() {
            let narrow: Vec<i32> = wide.into_iter().map(|i| i32::try_from(i).unwrap()).collect();
            return Some(Tensor::new(entry.shape(), &narrow).unwrap());
        }
        Some(entry.tensor().unwrap())
    }

    /// An array, by its key.
    pub fn tensor(&self, key: &str) -> Tensor {
        self.get(key).unwrap_or_else(|| panic!("{}: there is no {key}", self.name))
    }

    /// The arrays `PREFIX.0`, `PREFIX.1`, ….
    pub fn numbered(&self, prefix: &str) -> Vec<Tensor> {
        (0..).map_while(|i| self.get(&format!("{prefix}.{i}"))).collect()
    }

    /// A tree like `like` with torch's parameters: by the places, and by their names.
    ///
    /// `of` is the prefix: `param`, `v.param`, `grad.param` or `hv.param`.
    pub fn tree<H: Tree<Leaf = Tensor, With<Tensor> = H>>(&self, of: &str, like: &H, places: &[Place]) -> H {
        like.map_named_leaves(|ours, leaf| {
            let torch = match places.iter().find(|place| place.ours == ours) {
                Some(place) => place.of(&self.tensor(&format!("{of}.{}", place.torch))),
                None => self.tensor(&format!("{of}.{ours}")),
            };
            assert_eq!(torch.ty(), leaf.ty(), "{}: our {ours} and {of} of torch", self.name);
            torch
        })
    }

    /// Compares a function without parameters; see [`check`](Reference::check).
    pub fn check_function(&self, f: impl Fn(&[Var]) -> Var) -> Worst {
        self.check(&Vec::<Tensor>::new(), &[], |_: Vec<Var>, inputs| vec![f(inputs)])
    }

    /// Runs `f` on torch's parameters and inputs and compares outputs, `s`, gradient and Hessian-vector product, each by its relative error.
    ///
    /// `like` says the structure of the parameters, `places` where each of its leaves is in the file. An input without `grad.input.i` is
    /// held fixed.
    pub fn check<H: Tree<Leaf = Tensor, With<Tensor> = H>>(
        &self,
        like: &H,
        places: &[Place],
        f: impl Fn(H::With<Var>, &[Var]) -> Vec<Var>,
    ) -> Worst {
        let inputs = self.numbered("input");
        let moves: Vec<bool> = (0..inputs.len()).map(|i| self.get(&format!("grad.input.{i}")).is_some()).collect();
        let parameters = like.leaf_names().len();

        // Parameters and moving inputs, of the point, of the direction, of the gradient.
        let all_of = |prefix: &str| -> Vec<Tensor> {
            let within = |part: &str| if prefix.is_empty() { part.to_owned() } else { format!("{prefix}.{part}") };
            let tree = self.tree(&within("param"), like, places);
            let mut all: Vec<Tensor> = tree.leaves().into_iter().cloned().collect();
            all.extend((0..inputs.len()).filter(|i| moves[*i]).map(|i| self.tensor(&within(&format!("input.{i}")))));
            all
        };
        let apply = |at: &[Var]| {
            let mut moving = at[parameters..].iter().copied();
            let inputs: Vec<Var> = (inputs.iter().zip(&moves))
                .map(|(input, moves)| if *moves { moving.next().unwrap() } else { constant(input) })
                .collect();
            f(like.with_leaves(at[..parameters].to_vec()), &inputs)
        };
        let weights = self.numbered("c");
        let scalar = |outputs: &[Var]| {
            if weights.is_empty() {
                return outputs[0]; // a loss
            }
            let terms = outputs.iter().zip(&weights).map(|(output, c)| (constant(c) * output * output).sum() * 0.5);
            terms.reduce(|a, b| a + b).unwrap()
        };
        let s = |at: Vec<Var>| scalar(&apply(&at));
        let mut run = compile(|(at, v): (Vec<Var>, Vec<Var>)| {
            let outputs = apply(&at);
            (outputs.clone(), scalar(&outputs), grad(s, &at), hvp(s, &at, &v))
        });
        let (outputs, value, gradient, product) = run.call((all_of(""), all_of("v"))).unwrap();

        let expected = self.numbered("output");
        assert_eq!(outputs.len(), expected.len(), "{}: the number of outputs", self.name);
        let mut names: Vec<String> = like.leaf_names().into_iter().map(|name| format!("param.{name}")).collect();
        names.extend((0..inputs.len()).filter(|i| moves[*i]).map(|i| format!("input.{i}")));
        self.all_are_read(like, places);

        // What a tensor's error is measured by: the norm of torch's, which may be several of ours stacked.
        let mut pairs = vec![("s".to_owned(), value, self.tensor("s"), self.tensor("s"))];
        let add = |pairs: &mut Vec<_>, of: &str, got: Vec<Tensor>, expected: Vec<Tensor>| {
            for ((name, got), expected) in names.iter().zip(got).zip(expected) {
                let stacked = places.iter().find(|place| Some(place.ours) == name.strip_prefix("param."));
                let whole = stacked.map_or(expected.clone(), |p| self.tensor(&format!("{of}.param.{}", p.torch)));
                pairs.push((format!("{of}.{name}"), got, expected, whole));
            }
        };
        for (i, (got, expected)) in outputs.into_iter().zip(expected).enumerate() {
            pairs.push((format!("output.{i}"), got, expected.clone(), expected));
        }
        add(&mut pairs, "grad", gradient, all_of("grad"));
        add(&mut pairs, "hv", product, all_of("hv"));

        let mut worst = Worst { error: 0.0, of: "nothing".into() };
        for (name, got, expected, whole) in pairs {
            assert_eq!(got.ty(), expected.ty(), "{}: {name}", self.name);
            let scale = norm(&whole.to_f64_vec());
            let distance = norm(&minus(&got.to_f64_vec(), &expected.to_f64_vec()));
            let error = distance / if scale == 0.0 { 1.0 } else { scale };
            let is_loose = self.hv_by_differences && name.starts_with("hv.");
            let tolerance = if is_loose { TOLERANCE_OF_DIFFERENCES } else { TOLERANCE };
            // Not `error > tolerance`, which a NaN passes.
            assert!(error <= tolerance, "{}: {name} is off by {error:.1e}:\n{got}\nnot\n{expected}", self.name);
            if error > worst.error {
                worst = Worst { error, of: name };
            }
        }
        // For who asks with --nocapture.
        println!("{}: {:.1e} ({})", self.name, worst.error, worst.of);
        worst
    }

    /// Our leaves are as many numbers as torch's parameters: none is left out, none is read twice.
    fn all_are_read<H: Tree<Leaf = Tensor>>(&self, like: &H, places: &[Place]) {
        for place in places {
            assert!(like.leaf_names().iter().any(|n| n == place.ours), "{}: no leaf {}", self.name, place.ours);
        }
        let ours: usize = like.leaves().iter().map(|leaf| leaf.size()).sum();
        let entries = self.archive.entries().filter(|entry| entry.name().starts_with("param."));
        let torch: usize = entries.map(|entry| entry.shape().iter().product::<usize>()).sum();
        assert_eq!(ours, torch, "{}: how many parameters", self.name);
    }
}

#[test]
fn a_dense_layer_is_torchs() {
    let like = Dense::new(5, 3, quadric_autodiff::DType::F64, &mut generator(1));
    let transposed = [place("weight", "weight").permuted(&[1, 0])];
    Reference::load("linear").check(&like, &transposed, |layer: Dense<Var>, x| vec![layer.apply(x[0])]);
}

#[test]
fn gelu_is_torchs() {
    Reference::load("act_gelu").check_function(|x| Activation::Gelu.apply(x[0]));
}

/// Torch's is the mean over the elements; ours is half the sum over the outputs of an example, three of them here.
#[test]
fn mse_is_torchs() {
    Reference::load("loss_mse").check_function(|x| mse(x[0], x[1]).mean() * (2.0 / 3.0));
}

/// Rows of a stacked weight, and axes in another order, are the entries they say.
#[test]
fn places_take_rows_first_and_then_permute() {
    let stacked = Tensor::new([4, 2], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]).unwrap();
    let part = place("stacked", "part").rows(1..3).permuted(&[1, 0]).of(&stacked);
    assert_eq!(part, Tensor::new([2, 2], &[2.0, 4.0, 3.0, 5.0]).unwrap());
}

/// A harness that cannot fail says nothing: one wrong in its 12th digit is fine, one in its 10th is not.
#[test]
fn what_is_not_torchs_is_told() {
    let off = |by: f64| move |x: &[Var]| Activation::Gelu.apply(x[0]) * (1.0 + by);
    Reference::load("act_gelu").check_function(off(1e-13));
    let caught = std::panic::catch_unwind(|| Reference::load("act_gelu").check_function(off(1e-10))).unwrap_err();
    let sentence = caught.downcast_ref::<String>().unwrap();
    assert!(sentence.starts_with("act_gelu: s is off by 2.0e-10:"), "{sentence}");
}

/// Every file of the folder is read by a case, or is [`PENDING`] and by none.
#[test]
fn every_file_has_a_case() {
    let names = |path: &Path| -> Vec<PathBuf> { fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect() };
    let files: BTreeSet<String> = (names(&folder()).into_iter())
        .filter(|path| path.extension().is_some_and(|e| e == "safetensors"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let index: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder().join("index.json")).unwrap()).unwrap();
    assert!(index.as_object().unwrap().keys().eq(files.iter()), "index.json names every file");

    let mut sources = names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it"));
    let mut claimed = BTreeSet::new();
    while let Some(path) = sources.pop() {
        if path.is_dir() {
            sources.extend(names(&path));
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let cases = text.split("Reference::load(\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        claimed.extend(cases.filter(|name| name != "name")); // this module's own words
    }
    let unread: Vec<_> = files.iter().filter(|name| !claimed.contains(*name)).collect();
    assert!(unread.is_empty(), "no case reads {unread:?}");
}
