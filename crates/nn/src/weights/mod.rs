//! Weights from elsewhere: a file of PyTorch or Hugging Face into any tree of tensors, and back.
//!
//! A [`Table`] says which leaf comes from which array. It is a text, a rule a line:
//!
//! ```text
//! layers.*.weight <- model.layers.*.weight : transpose       # [out, in] to [in, out]
//! layers.*.bias   <- model.layers.*.bias
//! conv.weight     <- conv.weight : permute 2 3 1 0           # O I H W to H W I O
//! attention.query <- in_proj_weight : part 0 of 3 on axis 0, transpose
//! attention.key   <- in_proj_weight : part 1 of 3 on axis 0, transpose
//! attention.value <- in_proj_weight : part 2 of 3 on axis 0, transpose
//! qkv             <- q.weight + k.weight + v.weight : join on axis 0, transpose
//! blocks.weight   <- h.*.mlp.weight : stack                  # h.0, h.1, … along a new leading axis
//! embedding       <- wte.weight
//! head            <- wte.weight : transpose                  # tied: one array for two leaves
//! steps           <- num_batches_tracked : as I64            # another type in the file
//! ignore **.attn.bias
//! ```
//!
//! *Names.* `*` stands for a part between dots, or a part of one (`weight_l*`), `**` for any text. The stars of a leaf and of its
//! source stand for the same texts in order; a source without any is one array for all the leaves, which are tied. With `stack` the source has one more, the last, which counts 0, 1, … along a
//! leading axis. The first rule whose left side matches a leaf is that leaf's. `ignore` names arrays that need no leaf.
//!
//! *Steps* lead from the file's array to the leaf, in order, and each can be undone:
//!
//! | step | what |
//! |---|---|
//! | `as BF16` | the type in the file: loading converts exactly, saving to the nearest |
//! | `part 0 of 3 on axis 0` | one of equal parts; `slice 0..4 on axis 0` for others |
//! | `join on axis 0` | several sources behind each other; `join 64 16 16 on axis 0` if they differ in size |
//! | `transpose`, `permute 2 3 1 0` | axes in another order |
//! | `squeeze 0`, `unsqueeze 0` | without or with an axis of size 1 |
//! | `split 2 4 on axis 0`, `merge 2 4 on axis 0` | one axis as several, several as one |
//! | `order 0 2 1 3 on axis 0` | equal blocks in another order: the gates of an LSTM |
//! | `stack` | what the last star counts, along a leading axis; steps before it are of each array, steps after it of the stack |
//!
//! [`Table::load`] and [`Table::save`] go the two ways. Everything that is wrong between a file and a tree is told in one
//! sentence: what is missing and what comes nearest, what is left over, which shapes differ.
//!
//! # Example
//! ```
//! use quadric_autodiff::{DType, tensor};
//! use quadric_nn::archive::{Archive, Entry};
//! use quadric_nn::{Activation, Mlp, weights::Table};
//!
//! let mut file = Archive::new(); // as PyTorch writes Linear(2, 1)
//! file.insert(Entry::from_f32("fc0.weight", &[1, 2], &[3.0, 4.0]));
//! file.insert(Entry::from_f32("fc0.bias", &[1], &[5.0]));
//! let table: Table = "layers.*.weight <- fc*.weight : transpose\nlayers.*.bias <- fc*.bias".parse()?;
//! let model = table.load(&file, &Mlp::new(&[2, 1], Activation::Tanh, DType::F32, 1))?;
//! assert_eq!(model.layers[0].weight, tensor![[3.0f32], [4.0]]);
//! assert_eq!(table.save(&model)?.get("fc0.weight"), file.get("fc0.weight"));
//! # Ok::<(), quadric_nn::data::DataError>(())
//! ```

mod layout;
mod load;
mod nearest;
mod pattern;
mod rule;
mod save;
mod shards;
mod table;
mod take;
mod text;

pub use load::{Loaded, Loading};
pub use shards::Shards;
pub use table::Table;
