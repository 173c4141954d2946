use quadric_derive::{Static, Tree};

use std::fmt::{self, Debug};

use super::*;

/// A leaf to tell from others: trees are about structure, so a number will do.
fn leaf(x: i32) -> Tensor {
    Tensor::scalar(f64::from(x))
}

#[derive(Static, Clone, Debug, PartialEq)]
enum Activation {
    Tanh,
    Elu { alpha: f64 },
}

#[derive(Tree, Clone, Debug, PartialEq)]
struct Dense<T = Tensor> {
    weight: T,
    bias: Option<T>,
    activation: Activation,
}

#[derive(Tree, Clone, Debug, PartialEq)]
enum Layer<T = Tensor> {
    Dense(Dense<T>),
    Scale { by: [T; 2], name: String },
    Flatten,
}

#[derive(Tree, Clone, Debug, PartialEq)]
struct Model<T = Tensor> {
    layers: Vec<Layer<T>>,
    head: (Box<T>, usize),
}

#[derive(Tree, Clone, Debug, PartialEq)]
struct Residual<M: Tree> {
    inner: M,
}

fn model() -> Model {
    let dense = Dense { weight: leaf(0), bias: Some(leaf(1)), activation: Activation::Tanh };
    let scale = Layer::Scale { by: [leaf(2), leaf(3)], name: "s".to_string() };
    Model { layers: vec![Layer::Dense(dense), scale, Layer::Flatten], head: (Box::new(leaf(4)), 7) }
}

fn static_text(tree: &impl Tree) -> String {
    let mut text = String::new();
    tree.write_static(&mut text);
    text
}

#[test]
fn leaves_come_in_the_order_of_the_declaration_and_under_dotted_names() {
    let names = ["layers.0.weight", "layers.0.bias", "layers.1.by.0", "layers.1.by.1", "head.0"];
    assert_eq!(model().leaf_names(), names);
    assert_eq!(model().leaves(), [&leaf(0), &leaf(1), &leaf(2), &leaf(3), &leaf(4)]);
    assert_eq!(leaf(0).leaf_names(), [""]);
    assert_eq!((leaf(0), vec![leaf(1)]).leaf_names(), ["0", "1.0"]);
    assert_eq!(Residual { inner: vec![leaf(0)] }.leaf_names(), ["inner.0"]);
}

#[test]
fn both_walks_meet_the_same_leaves_under_the_same_names() {
    let (mut names, mut leaves) = (Vec::new(), Vec::new());
    let copy = model().map_named_leaves(|name, leaf| {
        names.push(name.to_string());
        leaves.push(leaf.clone());
        leaf.clone()
    });
    assert_eq!(copy, model());
    assert_eq!(names, model().leaf_names());
    assert_eq!(leaves, model().leaves().into_iter().cloned().collect::<Vec<_>>());
    assert_eq!(model().with_leaves(leaves), model());
}

#[test]
fn a_failing_leaf_ends_the_walk() {
    let mut visited = 0;
    let result = model().try_map_leaves(|leaf| {
        visited += 1;
        if leaf.item() < 2.0 { Ok(leaf.clone()) } else { Err(leaf.item()) }
    });
    assert_eq!((result, visited), (Err(2.0), 3));
}

#[test]
fn zip_joins_leaf_by_leaf_and_keeps_the_static_fields_of_the_left() {
    let mut other = model();
    other.head.1 = 8;
    let sum = model().zip_leaves(&other, |a, b| Tensor::scalar(a.item() + b.item()));
    let doubled = model().map_leaves(|leaf| Tensor::scalar(2.0 * leaf.item()));
    assert_eq!(sum, doubled); // a model's `==` covers its static fields
}

#[test]
fn the_first_difference_is_named_by_its_path() {
    let mut other = model();
    assert_eq!(model().first_difference(&other), None);
    other.layers[2] = other.layers[1].clone();
    assert_eq!(model().first_difference(&other).unwrap(), "the trees differ at \"layers.2\": Flatten and Scale");
    let Layer::Dense(dense) = &mut other.layers[0] else { unreachable!() };
    dense.bias = None;
    assert_eq!(model().first_difference(&other).unwrap(), "the trees differ at \"layers.0.bias\": Some and None");
    other.layers.truncate(1);
    assert_eq!(model().first_difference(&other).unwrap(), "the trees differ at \"layers\": 3 items and 1 item");
    let (one, none) = (vec![leaf(0)], Vec::<Tensor>::new());
    assert_eq!(one.first_difference(&none).unwrap(), "the trees differ at the root: 1 item and 0 items");
}

#[test]
#[should_panic(expected = "zip_leaves: the trees differ at the root: 1 item and 2 items")]
fn zip_refuses_trees_of_different_structure() {
    vec![leaf(0)].zip_leaves(&vec![leaf(1), leaf(2)], |a, _| a.clone());
}

#[test]
fn the_static_text_tells_structure_and_static_fields() {
    assert_eq!(static_text(&model()), "#3;Dense;Some;Tanh:4;Scale;\"s\":3;Flatten;7:1;");
    let mut other = model();
    let Layer::Dense(dense) = &mut other.layers[0] else { unreachable!() };
    dense.activation = Activation::Elu { alpha: 0.5 };
    assert_ne!(static_text(&other), static_text(&model()));
    assert_eq!(static_text(&model().map_leaves(|_| leaf(9))), static_text(&model()));
}

#[test]
fn a_debug_form_cannot_pass_for_two_fields() {
    #[derive(Clone)]
    struct Raw(&'static str);
    impl Debug for Raw {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }
    impl Static for Raw {}
    #[derive(Tree, Clone)]
    struct Two<T>(T, Raw, Raw);
    assert_ne!(static_text(&Two(leaf(0), Raw("a:1;"), Raw("b"))), static_text(&Two(leaf(0), Raw("a"), Raw("1;b"))));
    assert_ne!(static_text(&Two(leaf(0), Raw("a:1;b"), Raw("c"))), static_text(&Two(leaf(0), Raw("a"), Raw("b:1;c"))));
}

#[test]
fn a_selection_has_the_names_of_the_tree_and_goes_back_into_its_places() {
    let tree = model();
    let biases = tree.select("*.b*").unwrap();
    assert_eq!(biases.leaf_names(), ["layers.0.bias", "layers.1.by.0", "layers.1.by.1"]);
    let other = biases.map_leaves(|_| leaf(9));
    let with = tree.with_selected(&other).unwrap();
    assert_eq!(with.leaves(), [&leaf(0), &leaf(9), &leaf(9), &leaf(9), &leaf(4)]);
    // In a larger tree the names go on from the way there.
    assert_eq!((leaf(0), biases).leaf_names()[1], "1.layers.0.bias");
    let odd = tree.select_where(|name, leaf| name.contains('1') && *leaf != self::leaf(2)).unwrap();
    assert_eq!(odd.leaf_names(), ["layers.1.by.1"]);
}

#[test]
fn a_pattern_without_a_leaf_and_a_leaf_without_a_place_are_told() {
    let told = model().select("layer.*").unwrap_err();
    let names = "layers.0.weight, layers.0.bias, layers.1.by.0, layers.1.by.1, head.0";
    assert!(told.to_string().starts_with(&format!("select: \"layer.*\" matches no leaf of {names}")), "{told}");
    assert_eq!(told.kind(), ErrorKind::Selection);
    let foreign = (leaf(1), leaf(2)).select("1").unwrap();
    let told = model().with_selected(&foreign).unwrap_err();
    assert!(told.to_string().starts_with(&format!("with_selected: there is no leaf \"1\" among {names}")), "{told}");
    // A leaf of the right name and another type.
    let head = model().select("head.0").unwrap().map_leaves(|_| Tensor::from_vec(&[1.0f32]));
    let told = model().with_selected(&head).unwrap_err();
    assert!(told.to_string().starts_with("with_selected: \"head.0\" is f32[1], f64[] in the tree"), "{told}");
    assert_eq!(told.kind(), ErrorKind::Selection);
    let many: Vec<Tensor> = (0..14).map(leaf).collect();
    let told = many.select("x").unwrap_err().to_string();
    assert!(told.contains("10, 11 and 2 more"), "{told}");
}

#[test]
fn selections_of_other_names_are_of_another_structure_and_have_another_static_text() {
    let tree = (leaf(1), leaf(2));
    let (first, second) = (tree.select("0").unwrap(), tree.select("1").unwrap());
    assert_eq!(first.first_difference(&second).unwrap(), "the trees differ at \"0\": 0 and 1");
    assert_ne!(static_text(&first), static_text(&second));
    assert_eq!(tree.partition("*").unwrap().1.leaves().len(), 0);
}

#[test]
fn patterns_match_whole_names() {
    let cases = [
        ("*", "", true),
        ("", "", true),
        ("", "a", false),
        ("**a*", "bab", true),
        ("*a*b", "aabab", true),
        ("*a*b", "aaba", false),
        ("a?c", "a.c", true),
        ("a?c", "ac", false),
        ("*.weight", "layers.0.weight", true),
        ("layers.*.weight", "layers.0.dense.weight", true),
        ("layers.?.weight", "layers.10.weight", false),
        ("*ab*ab", "abab", true),
        ("*ab*ab", "abxa", false),
    ];
    for (pattern, name, holds) in cases {
        assert_eq!(matches(pattern, name), holds, "{pattern} {name}");
    }
}
