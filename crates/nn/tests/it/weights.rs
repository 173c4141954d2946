//! Weights from elsewhere: files of PyTorch, files as Hugging Face lays them out, and what is wrong with others.

use std::fs;
use std::path::Path;

use quadric_autodiff::trace::{Var, compile};
use quadric_autodiff::{DType, Tensor, Tree, tensor};
use quadric_nn::archive::{Archive, ArchiveFile, Conversion, Dtype, Entry};
use quadric_nn::data::DataErrorKind;
use quadric_nn::weights::{Shards, Table};
use quadric_nn::{Activation, Dense, Mlp};

use crate::folder::Folder;
use crate::{noisy, relative};

/// A file of `tests/reference/torch`, which PyTorch computed.
fn torch(name: &str) -> Archive {
    Archive::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/reference/torch/{name}.safetensors")))
        .unwrap()
}

/// The arrays under `param.`, as a file of a state dict has them.
fn parameters(file: &Archive) -> Archive {
    let mut archive = Archive::new();
    for entry in file.entries() {
        if let Some(name) = entry.name().strip_prefix("param.") {
            archive.insert(Entry::new(name, entry.dtype(), entry.shape(), entry.bytes().to_vec()).unwrap());
        }
    }
    archive
}

fn table(text: &str) -> Table {
    let table: Table = text.parse().unwrap();
    assert_eq!(table.to_string().parse::<Table>().unwrap(), table);
    table
}

fn zeros(shape: &[usize]) -> Tensor {
    Tensor::from_fn(DType::F64, shape, |_| 0.0)
}

/// Loads the parameters, saves them again and has the same arrays.
fn there_and_back<H: Tree<Leaf = Tensor, With<Tensor> = H>>(text: &str, file: &Archive, like: &H) -> H {
    let table = table(text);
    let tree = table.load(file, like).unwrap();
    let saved = table.save(&tree).unwrap();
    assert_eq!(saved.entries().collect::<Vec<_>>(), file.entries().collect::<Vec<_>>());
    tree
}

#[test]
fn a_linear_layer_of_pytorch_gives_its_output_here() {
    let file = torch("linear");
    let like = Dense { weight: zeros(&[5, 3]), bias: Some(zeros(&[3])) };
    let layer = there_and_back("weight <- weight : transpose\nbias <- bias", &parameters(&file), &like);
    let x = file.get("input.0").unwrap().tensor().unwrap();
    let y = compile(|(layer, x): (Dense<Var>, Var)| layer.apply(x)).call((layer, x)).unwrap();
    let theirs = file.get("output.0").unwrap().tensor().unwrap();
    assert_eq!(y.shape(), theirs.shape());
    assert!(relative(&y.to_f64_vec(), &theirs.to_f64_vec()) < 1e-15);
}

#[derive(Tree, Clone, Debug, PartialEq)]
struct Attention<T = Tensor> {
    query: Dense<T>,
    key: Dense<T>,
    value: Dense<T>,
    out: Dense<T>,
}

#[derive(Tree, Clone, Debug, PartialEq)]
struct Encoder<T = Tensor> {
    attention: Attention<T>,
    feed: Vec<Dense<T>>,
    norms: Vec<Dense<T>>,
}

#[test]
fn the_projections_of_an_encoder_layer_are_taken_apart_and_put_together() {
    let dense = |a: usize, b: usize| Dense { weight: zeros(&[a, b]), bias: Some(zeros(&[b])) };
    let norm = || Dense { weight: zeros(&[8]), bias: Some(zeros(&[8])) };
    let like = Encoder {
        attention: Attention { query: dense(8, 8), key: dense(8, 8), value: dense(8, 8), out: dense(8, 8) },
        feed: vec![dense(8, 16), dense(16, 8)],
        norms: vec![norm(), norm()],
    };
    let text = "
        attention.out.weight   <- self_attn.out_proj.weight : transpose
        attention.out.bias     <- self_attn.out_proj.bias
        attention.query.weight <- self_attn.in_proj_weight : part 0 of 3 on axis 0, transpose
        attention.key.weight   <- self_attn.in_proj_weight : part 1 of 3 on axis 0, transpose
        attention.value.weight <- self_attn.in_proj_weight : part 2 of 3 on axis 0, transpose
        attention.query.bias   <- self_attn.in_proj_bias : slice 0..8 on axis 0
        attention.key.bias     <- self_attn.in_proj_bias : slice 8..16 on axis 0
        attention.value.bias   <- self_attn.in_proj_bias : slice 16..24 on axis 0
        feed.0.weight <- linear1.weight : transpose
        feed.1.weight <- linear2.weight : transpose
        feed.0.bias <- linear1.bias
        feed.1.bias <- linear2.bias
        norms.0.* <- norm1.*
        norms.1.* <- norm2.*
    ";
    let file = parameters(&torch("encoder_layer_pre"));
    let encoder = there_and_back(text, &file, &like);
    // W_k[i, j] of x W_k is row 8 + j, column i of the stacked matrix of torch.
    let stacked = file.get("self_attn.in_proj_weight").unwrap().f64().unwrap();
    let key = encoder.attention.key.weight.to_f64_vec();
    for (i, j) in [(0, 0), (2, 5), (7, 1)] {
        assert_eq!(key[i * 8 + j], stacked[(8 + j) * 8 + i]);
    }
}

#[test]
fn gates_are_put_in_another_order_and_kernels_have_their_axes_moved() {
    #[derive(Tree, Clone)]
    struct Lstm<T = Tensor> {
        input: T,
        hidden: T,
        bias: Vec<T>,
    }
    // From i f g o to i f o g, and the gates as an axis of their own for the hidden weights.
    let text = "
        input <- weight_ih_l0 : order 0 1 3 2 on axis 0, transpose
        hidden <- weight_hh_l0 : split 4 4 on axis 0, permute 0 2 1
        bias.0 <- bias_ih_l0
        bias.1 <- bias_hh_l0
    ";
    let like = Lstm { input: zeros(&[3, 16]), hidden: zeros(&[4, 4, 4]), bias: vec![zeros(&[16]), zeros(&[16])] };
    let file = parameters(&torch("lstm"));
    let lstm = there_and_back(text, &file, &like);
    let theirs = file.get("weight_ih_l0").unwrap().f64().unwrap();
    assert_eq!(lstm.input.to_f64_vec()[8], theirs[12 * 3]); // the first of gate o, now third
    assert_eq!(lstm.input.to_f64_vec()[16 + 12], theirs[8 * 3 + 1]);

    let file = parameters(&torch("conv2d"));
    let like = Dense { weight: zeros(&[3, 3, 2, 6]), bias: Some(zeros(&[6])) };
    let conv = there_and_back("weight <- weight : permute 2 3 1 0\nbias <- bias", &file, &like);
    let theirs = file.get("weight").unwrap().f64().unwrap();
    assert_eq!(conv.weight.to_f64_vec()[((2 * 3 + 1) * 2 + 1) * 6 + 4], theirs[((4 * 2 + 1) * 3 + 2) * 3 + 1]);
}

/// GPT-2 as Hugging Face has it: `[in, 3 out]`, masks among the arrays, the head tied to the embedding; blocks stacked for a loop.
#[test]
fn blocks_are_stacked_and_heads_tied() {
    #[derive(Tree, Clone, Debug)]
    struct Gpt<T = Tensor> {
        query: T,
        key: T,
        value: T,
        norm: T,
        embedding: T,
        head: T,
    }
    let text = "
        query <- h.*.attn.c_attn.weight : part 0 of 3 on axis 1, stack
        key   <- h.*.attn.c_attn.weight : part 1 of 3 on axis 1, stack
        value <- h.*.attn.c_attn.weight : part 2 of 3 on axis 1, stack
        norm  <- h.*.ln_1.weight : stack, permute 1 0
        embedding <- wte.weight
        head <- wte.weight : transpose
        ignore h.*.attn.bias
    ";
    let mut file = Archive::new();
    for block in 0..12 {
        file.insert(Entry::from_tensor(format!("h.{block}.attn.c_attn.weight"), &noisy(block, &[4, 12])));
        file.insert(Entry::from_tensor(format!("h.{block}.ln_1.weight"), &noisy(100 + block, &[4])));
    }
    file.insert(Entry::from_tensor("wte.weight", &noisy(7, &[5, 4])));
    let like = Gpt {
        query: zeros(&[12, 4, 4]),
        key: zeros(&[12, 4, 4]),
        value: zeros(&[12, 4, 4]),
        norm: zeros(&[4, 12]),
        embedding: zeros(&[5, 4]),
        head: zeros(&[4, 5]),
    };
    let mut gpt = there_and_back(text, &file, &like);
    // Block 10 comes after block 9, not after block 1.
    assert_eq!(gpt.key.to_f64_vec()[(10 * 4 + 1) * 4 + 2], noisy(10, &[4, 12]).to_f64_vec()[12 + 4 + 2]);
    assert_eq!(gpt.norm.to_f64_vec()[3 * 12 + 10], noisy(110, &[4]).to_f64_vec()[3]);
    assert_eq!(gpt.head.to_f64_vec()[2 * 5 + 4], gpt.embedding.to_f64_vec()[4 * 4 + 2]);

    file.insert(Entry::from_tensor("h.0.attn.bias", &zeros(&[1, 1])));
    let table = table(text);
    table.load(&file, &like).unwrap();
    gpt.head = zeros(&[4, 5]);
    let error = table.save(&gpt).unwrap_err();
    let sentence = "saving by the table of weights: wte.weight: \"embedding\" and \"head\" are tied to it and differ";
    assert_eq!(error.to_string(), sentence);

    // A block that is missing, and one too many of the other.
    let mut gap = Archive::new();
    for entry in file.entries().filter(|entry| !entry.name().starts_with("h.3.attn.c_attn")) {
        gap.insert(entry.clone());
    }
    let error = table.load(&gap, &like).unwrap_err().to_string();
    let sentence = "the archive: 3 of 6 leaves cannot be filled: \"query\" f64[12,4,4] has no h.3.attn.c_attn.weight; \
                    \"key\" f64[12,4,4] has no h.3.attn.c_attn.weight; \"value\" f64[12,4,4] has no h.3.attn.c_attn.weight";
    assert_eq!(error, sentence);
}

#[test]
fn several_arrays_are_joined() {
    let mut file = Archive::new();
    for (name, rows) in [("q", 4), ("k", 2), ("v", 2)] {
        file.insert(Entry::from_tensor(format!("layers.0.{name}"), &noisy(rows as u64, &[rows, 3])));
        file.insert(Entry::from_tensor(format!("layers.1.{name}"), &noisy(rows as u64 + 9, &[rows, 3])));
    }
    let text = "* <- layers.*.q + layers.*.k + layers.*.v : join 4 2 2 on axis 0, transpose";
    let like = vec![zeros(&[3, 8]), zeros(&[3, 8])];
    let joined = there_and_back(text, &file, &like);
    assert_eq!(joined[1].to_f64_vec()[2 * 8 + 5], noisy(11, &[2, 3]).to_f64_vec()[3 + 2]);
    let text = "0 <- layers.*.q + layers.*.k + layers.*.v : join 4 2 2 on axis 0, stack";
    let stacked = there_and_back(text, &file, &vec![zeros(&[2, 8, 3])]);
    assert_eq!(stacked[0].to_f64_vec()[24..36], noisy(13, &[4, 3]).to_f64_vec());
    // Equal parts are asked for, and these are none.
    let error = table("* <- layers.*.q + layers.*.k + layers.*.v : join on axis 0").load(&file, &like).unwrap_err();
    let sentence = "the archive: 2 of 2 leaves cannot be filled: \"0\" f64[3,8] does not get what layers.0.q has: \"join on axis 0\" needs arrays \
                    of sizes [4, 4, 4] along axis 0 and alike along the others, not [4, 3], [2, 3], [2, 3]; \"1\" f64[3,8]";
    assert!(error.to_string().starts_with(sentence), "{error}");
}

/// Counters are I64 in files of PyTorch, and half the world's weights are BF16.
#[test]
fn another_type_in_the_file_is_said_in_the_table_or_asked_for() {
    let mut file = Archive::new();
    file.insert(Entry::from_i64("num_batches_tracked", &[], &[12]));
    file.insert(Entry::new("weight", Dtype::Bf16, &[2], vec![0x80, 0x3f, 0x40, 0xc0]).unwrap());
    let like = (Tensor::scalar(0i32), tensor![0.0f32, 0.0]);
    let text = "0 <- num_batches_tracked : as I64\n1 <- weight : as BF16";
    let loaded = there_and_back(text, &file, &like);
    assert_eq!(loaded, (Tensor::scalar(12i32), tensor![1.0f32, -3.0]));

    let plain = table("0 <- num_batches_tracked\n1 <- weight");
    assert_eq!(plain.loading().convert(Conversion::Exact).load(&file, &like).unwrap().tree, loaded);
    let sentence = "the archive: 2 of 2 leaves cannot be filled: \"0\" i32[] needs I32, num_batches_tracked is I64 [], \
                    and no conversion was asked for; \"1\" f32[2] needs F32, weight is BF16 [2], and no conversion was asked for";
    assert_eq!(plain.load(&file, &like).unwrap_err().to_string(), sentence);
    // What a table says of the type is for files that have it; a conversion takes others too.
    let wide = table("0 <- num_batches_tracked : as I64\n1 <- weight : as F64");
    let error = wide.load(&file, &like).unwrap_err().to_string();
    assert!(error.ends_with("\"1\" f32[2] needs F64, weight is BF16 [2], and no conversion was asked for"), "{error}");
    assert_eq!(wide.loading().convert(Conversion::Exact).load(&file, &like).unwrap().tree, loaded);
    file.insert(Entry::from_i64("num_batches_tracked", &[], &[1 << 33]));
    let error = table(text).load(&file, &like).unwrap_err();
    assert_eq!(error.to_string(), "the archive: archive entry num_batches_tracked: 8589934592 at [] is no i32");
    let third = (Tensor::scalar(1i32), tensor![1.0f32 / 3.0, 1e30]);
    let saved = table(text).save(&third).unwrap();
    assert_eq!(saved.get("weight").unwrap().bytes()[..2], 0x3eabu16.to_le_bytes());
}

#[test]
fn all_that_is_missing_left_over_or_unfit_is_one_sentence() {
    let mut file = Archive::new();
    file.insert(Entry::from_f32("model.fc.0.weight", &[3, 2], &[0.0; 6]));
    file.insert(Entry::from_f32("model.fc.0.bias", &[3], &[0.0; 3]));
    file.insert(Entry::from_f32("model.fc.1.wieght", &[1, 3], &[0.0; 3]));
    file.insert(Entry::from_f32("model.fc.1.bias", &[2], &[0.0; 2]));
    file.insert(Entry::from_f32("a b", &[], &[0.0]));
    let like = Mlp::new(&[2, 3, 1], Activation::Tanh, DType::F32, 1);
    let table = table("layers.*.weight <- model.fc.*.weight\nlayers.*.bias <- model.fc.*.bias");
    let error = table.load(&file, &like).unwrap_err();
    assert_eq!(error.kind(), DataErrorKind::Mismatch);
    assert_eq!(
        error.to_string(),
        "the archive: 3 of 4 leaves cannot be filled: \
         \"layers.0.weight\" f32[2,3] gets [3, 2] from model.fc.0.weight F32 [3, 2] (transposed it fits); \
         \"layers.1.weight\" f32[3,1] has no model.fc.1.weight (nearest: model.fc.1.wieght F32 [1, 3]); \
         \"layers.1.bias\" f32[1] gets [2] from model.fc.1.bias F32 [2]; \
         and 2 arrays are read by no leaf: \"a b\" F32 [], model.fc.1.wieght F32 [1, 3]"
    );
    // Leniently what is missing is kept, but what does not fit is no less wrong.
    let error = table.loading().lenient().load(&file, &like).unwrap_err();
    assert!(
        error.to_string().starts_with("the archive: 2 of 4 leaves cannot be filled: \"layers.0.weight\""),
        "{error}"
    );
    let bias = "*.0.bias <- *.0.bias".parse::<Table>().unwrap();
    let error = bias.load(&Archive::new(), &like).unwrap_err().to_string();
    assert_eq!(
        error,
        "the archive: 4 of 4 leaves cannot be filled: \"layers.0.weight\" f32[2,3] has no rule; \"layers.0.bias\" f32[3] has no layers.0.bias; \
         \"layers.1.weight\" f32[3,1] has no rule; \"layers.1.bias\" f32[1] has no rule"
    );
}

#[test]
fn what_is_left_of_an_array_read_in_parts_is_told() {
    let mut file = Archive::new();
    file.insert(Entry::from_f32("w", &[6, 2], &[0.0; 12]));
    let two = (zeros(&[2, 2]).to_dtype(DType::F32), zeros(&[2, 2]).to_dtype(DType::F32));
    let parts = table("0 <- w : part 0 of 3 on axis 0\n1 <- w : part 1 of 3 on axis 0");
    let error = parts.load(&file, &two).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string()),
        (DataErrorKind::Mismatch, "the archive: 1 array is read in part: w F32 [6, 2] but 4..6 on axis 0".into())
    );
    assert_eq!(parts.loading().lenient().load(&file, &two).unwrap().unread, ["w"]);
    let ignoring = table("0 <- w : part 0 of 3 on axis 0\n1 <- w : part 1 of 3 on axis 0\nignore w");
    assert!(ignoring.load(&file, &two).is_ok());
    // Slices with gaps, and along two axes; a third leaf that reads the whole leaves nothing over.
    let slices = table("0 <- w : slice 1..3 on axis 0\n1 <- w : slice 4..6 on axis 0");
    let error = slices.load(&file, &two).unwrap_err().to_string();
    assert_eq!(error, "the archive: 1 array is read in part: w F32 [6, 2] but 0..1, 3..4 on axis 0");
    let crossed = table("0 <- w : slice 0..2 on axis 0\n1 <- w : slice 0..1 on axis 1");
    let like = (two.0.clone(), zeros(&[6, 1]).to_dtype(DType::F32));
    let error = crossed.load(&file, &like).unwrap_err().to_string();
    assert_eq!(error, "the archive: 1 array is read in part: w F32 [6, 2] but 2..6 on axis 0 and 1..2 on axis 1");
    let tied = table("0 <- w : slice 1..3 on axis 0\n1 <- w : slice 4..6 on axis 0\n2 <- w");
    assert!(tied.load(&file, &(two.0, two.1, zeros(&[6, 2]).to_dtype(DType::F32))).is_ok());
}

#[test]
fn of_many_names_the_first_few_are_told() {
    let mut file = Archive::new();
    for i in 0..1000 {
        file.insert(Entry::from_f64(format!("elsewhere.{i}"), &[1], &[0.0]));
    }
    let like: Vec<Tensor> = (0..1000).map(|_| zeros(&[1])).collect();
    let error = Table::same().load(&file, &like).unwrap_err().to_string();
    assert!(error.starts_with("the archive: 1000 of 1000 leaves cannot be filled: \"0\" f64[1] has no 0; "), "{error}");
    assert!(error.contains("\"19\" f64[1] has no 19; and 980 more; and 1000 arrays are read by no leaf: "), "{error}");
    assert!(error.ends_with(", and 980 more") && error.len() < 2000, "{error}");
    let error = table("x <- y").save(&like).unwrap_err().to_string();
    assert!(error.ends_with("\"19\" f64[1] has no rule; and 980 more"), "{error}");
}

#[derive(Tree, Clone)]
struct Odd<T = Tensor> {
    data: T,
}

#[test]
fn no_array_is_called_as_the_notes_are() {
    assert_eq!(
        "a <- __metadata__".parse::<Table>().unwrap_err().to_string(),
        "table of weights, line 1: \"__metadata__\" is the format's own, and no array is called so"
    );
    let leaf = table("* <- __meta*__").save(&Odd { data: tensor![1.0] });
    let sentence = "archive entry __metadata__: the format keeps this name for itself";
    assert_eq!(leaf.unwrap_err().to_string(), sentence);
}

#[test]
fn a_tree_that_the_table_cannot_save_says_why() {
    let parts = table("0 <- w : part 0 of 3 on axis 0\n1 <- w : part 2 of 3 on axis 0\n2 <- x : squeeze 0");
    let tree = (tensor![1.0], tensor![2.0], tensor![3.0], tensor![4.0]);
    assert_eq!(
        parts.save(&tree).unwrap_err().to_string(),
        "saving by the table of weights: \"3\" f64[1] has no rule; w: no leaf has part 1 of 3"
    );
    let slices = table("0 <- w : slice 0..1 on axis 0\n1 <- w : slice 2..3 on axis 0");
    let error = slices.save(&(tensor![1.0], tensor![2.0])).unwrap_err().to_string();
    assert!(error.ends_with("w: \"1\" begins at 2 along axis 0, what is before it ends at 1"), "{error}");
    let error = table("0 <- w : part 0 of 2 on axis 0\n1 <- w : part 1 of 2 on axis 0")
        .save(&(tensor![1.0], tensor![2.0, 3.0]));
    assert!(error.unwrap_err().to_string().ends_with("w: its parts are not of one size"));
    let error = table("0 <- w\n1 <- w : part 0 of 1 on axis 0").save(&(tensor![1.0], tensor![1.0])).unwrap_err();
    assert!(error.to_string().ends_with("w: \"0\", \"1\" take it in different ways or types"), "{error}");
    let error = table("** <- w.* : stack").save(&zeros(&[0, 2])).unwrap_err().to_string();
    assert!(error.ends_with("\"\" f64[0,2]: \"stack\" needs a leading axis, not of size 0"), "{error}");
    let error =
        table("** <- a + b : join 18446744073709551615 1 on axis 0").save(&tensor![1.0]).unwrap_err().to_string();
    assert!(error.ends_with("\"join 18446744073709551615 1 on axis 0\" does not give f64[1]"), "{error}");
    let error = table("** <- w : transpose").save(&tensor![1.0]).unwrap_err().to_string();
    assert_eq!(error, "saving by the table of weights: \"\" f64[1]: \"transpose\" needs 2 axes, not [1]");
}

#[test]
fn a_line_that_is_no_rule_is_told() {
    for (text, fault) in [
        ("layers", "line 1: expected a rule, target <- source"),
        ("\n# fine\na <- ", "line 3: a name is missing"),
        ("a b <- c", "line 1: \"a b\" is no name, it has a space"),
        ("a <- c : ", "line 1: a step is missing"),
        ("a <- c : transpose,", "line 1: a step is missing"),
        ("a <- c : turn", "line 1: \"turn\": is no step"),
        ("a <- c : permute 0 2", "line 1: \"permute 0 2\": [0, 2] is no order of 0, 1, …"),
        ("a <- c : permute 1 0 x", "line 1: \"permute 1 0 x\": \"x\" is left over"),
        (
            "a <- c : part 3 of 3 on axis 0",
            "line 1: \"part 3 of 3 on axis 0\": there is no part 3 of 3, the first is 0",
        ),
        ("a <- c : part 0 of 3", "line 1: \"part 0 of 3\": expected \"on\", found the end"),
        ("a <- c : slice 4..4 on axis 0", "line 1: \"slice 4..4 on axis 0\": slice needs a range such as 0..4"),
        (
            "a <- c : transpose, part 0 of 3 on axis 0",
            "line 1: \"part 0 of 3 on axis 0\": has to be the first step, and the only one of its kind",
        ),
        ("a <- c : as F23", "line 1: \"as F23\": \"F23\" is no type of numbers"),
        (
            "a <- c : stack",
            "line 1: wildcards: c has 0, expected 1, one more than the leaf has: it counts what is stacked",
        ),
        ("a <- c.*", "line 1: wildcards: c.* has 1, expected 0"),
        ("a <- c + d", "line 1: several sources need \"join\" as the first step, and it needs several"),
        ("a <- c + d : join 1 on axis 0", "line 1: 1 sizes for 2 sources"),
        ("ignore a b", "line 1: \"a b\" is no name, it has a space"),
    ] {
        let error = text.parse::<Table>().unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (DataErrorKind::Malformed, format!("table of weights, {fault}")));
    }
}

#[test]
fn a_checkpoint_in_shards_is_read_as_one() {
    let folder = Folder::new();
    let write = |name: &str, entries: &[&str]| {
        let mut archive = Archive::new();
        for (i, entry) in entries.iter().enumerate() {
            archive.insert(Entry::from_f32(*entry, &[1], &[i as f32]));
        }
        archive.write(folder.path().join(name)).unwrap();
    };
    write("model-00001-of-00002.safetensors", &["a", "b"]);
    write("model-00002-of-00002.safetensors", &["c"]);
    let index = folder.path().join("model.safetensors.index.json");
    let map =
        |map: &str| fs::write(&index, format!(r#"{{"metadata":{{"total_size":12}},"weight_map":{{{map}}}}}"#)).unwrap();
    map(
        r#""a":"model-00001-of-00002.safetensors","b":"model-00001-of-00002.safetensors","c":"model-00002-of-00002.safetensors""#,
    );
    let table = table("0 <- a\n1 <- c\n2 <- b");
    let like = vec![tensor![9.0f32]; 3];
    assert_eq!(
        table.load(&Shards::open(&index).unwrap(), &like).unwrap(),
        [tensor![0f32], tensor![0f32], tensor![1f32]]
    );

    let refused = |fault: &str| {
        let error = Shards::open(&index).unwrap_err().to_string();
        assert_eq!(error, format!("{}: {fault}", index.display()));
    };
    map(r#""a":"model-00001-of-00002.safetensors","d":"model-00002-of-00002.safetensors""#);
    refused(
        "d is not in model-00002-of-00002.safetensors, b is in model-00001-of-00002.safetensors, where the index does not place it, \
         c is in model-00002-of-00002.safetensors, where the index does not place it",
    );
    map(r#""a":"../model.safetensors""#);
    refused("the file of a is no plain file name");
    map(r#""a":"x","a":"y""#);
    refused("not a sound index: \"a\" occurs twice at line 1 column 60");
    fs::write(&index, "[]").unwrap();
    refused("not a sound index: it has no object weight_map");
    map(r#""a":"model-3.safetensors""#);
    let missing = folder.path().join("model-3.safetensors");
    assert_eq!(Shards::open(&index).unwrap_err().to_string(), format!("{}: no such file or folder", missing.display()));
}

/// A file is checked by its header, and only what has a leaf is read.
#[test]
fn a_file_is_loaded_array_by_array() {
    let folder = Folder::new();
    let path = folder.path().join("model.safetensors");
    let mut archive = Archive::new();
    archive.insert(Entry::from_f32("w", &[2], &[1.0, 2.0]));
    archive.insert(Entry::from_f32("x", &[2], &[3.0, 4.0]));
    archive.write(&path).unwrap();
    let file = ArchiveFile::open(&path).unwrap();
    let error = Table::same().load(&file, &vec![tensor![0f32]]).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!(
            "{}: 1 of 1 leaves cannot be filled: \"0\" f32[1] has no 0; and 2 arrays",
            path.display()
        )),
        "{error}"
    );
    let loaded = table("** <- w").loading().lenient().load(&file, &tensor![0f32, 0.0]).unwrap();
    assert_eq!((loaded.tree, loaded.unread), (tensor![1f32, 2.0], vec!["x".to_owned()]));
}
