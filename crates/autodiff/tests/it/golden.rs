//! Passes and transforms as before/after text in `tests/golden/*.tape`; `BLESS=1` rewrites them and the diff is the review.

use quadric_autodiff::ops;
use quadric_autodiff::pass::{cse, lower, optimize, simplify};
use quadric_autodiff::tape::{Params, Tape, parse};
use quadric_autodiff::tensor;
use quadric_autodiff::trace::{self, Var};
use quadric_autodiff::transform::{jvp, linearize, vjp, vmap};

use super::support::{golden, reparsed};

fn tape(text: &str) -> Tape {
    let find = |name: &str, params: &Params| ops::find(name, params);
    parse(text, &find, &[]).unwrap_or_else(|e| panic!("{e}"))
}

/// Writes `before ---- after`, and checks that the after is a tape that reads back.
fn shown(name: &str, before: &str, f: impl Fn(&Tape) -> Tape) {
    let before = tape(before);
    let after = f(&before);
    after.assert_valid();
    assert_eq!(reparsed(&after), after);
    golden(
        &format!("tests/golden/{name}.tape"),
        &format!("{}\n----\n{}\n", before.to_short_text(), after.to_short_text()),
    );
}

#[test]
fn cse_computes_equal_equations_once() {
    let text = "tape f(v0: f64[8]) { v1 = exp v0; v2 = exp v0; v3 = mul v1 v2; return v3 }";
    shown("cse", text, cse);
    // Chains merge in one walk; a barrier is there to prevent it.
    let text = "tape f(v0: f64[8]) {
        v1 = exp v0; v2 = sin v1; v3 = exp v0; v4 = sin v3; v5 = barrier v0; v6 = exp v5; v7 = barrier v0; v8 = exp v7
        return v2 v4 v6 v8 }";
    shown("cse_barrier", text, cse);
    // Equal means to the bit: −0 is not 0, and every NaN of one payload is one.
    let text = "tape f() {
        v0 = constant[value=f64[](0.0)]; v1 = constant[value=f64[](-0.0)]; v2 = constant[value=f64[](NaN)]
        v3 = constant[value=f64[](NaN)]; v4 = constant[value=f64[](0.0)]
        return v0 v1 v2 v3 v4 }";
    shown("cse_constants", text, cse);
}

#[test]
fn simplify_keeps_every_bit() {
    let text = "tape f(v0: f64[2,3], v1: f64[2,4]) {
        v2 = constant[value=f64[](1.0)]; v3 = broadcast[shape=(2,3), axes=()] v2; v4 = mul v0 v3; v5 = neg v4
        v6 = neg v5; v7 = permute[order=(1,0)] v6; v8 = dot[transpose_lhs=false, transpose_rhs=false] v7 v1
        v9 = reshape[shape=(12)] v8; v10 = reshape[shape=(4,3)] v9; v11 = div v10 v10
        return v10 v11 }";
    shown("simplify", text, simplify);
    // Not rewrites: each would change a bit for NaN, infinity or −0.
    let text = "tape f(v0: f64[]) {
        v1 = constant[value=f64[](0.0)]; v2 = mul v0 v1; v3 = sub v0 v0; v4 = add v0 v1; v5 = div v0 v0
        v6 = constant[value=f64[](-0.0)]; v7 = add v0 v6; v8 = sub v0 v1; v9 = sub v0 v6
        return v2 v3 v4 v5 v7 v8 v9 }";
    shown("simplify_not", text, simplify);
    // Elementwise functions of constants, by the kernel that would have run.
    let text = "tape f(v0: f64[2]) {
        v1 = constant[value=f64[](2.0)]; v2 = constant[value=f64[](3.0)]; v3 = mul v1 v2; v4 = sqrt v3
        v5 = broadcast[shape=(2), axes=()] v4; v6 = add v0 v5
        return v6 }";
    shown("fold", text, |t| simplify(t).without_dead());
}

#[test]
fn lower_inlines_bodies_and_erases_labels() {
    let text = "tape f(v0: f64[2]) {
        v1 = cut[name=\"z\"] v0; v2 = residual[sweep=1, class=nonlinear] v1; v3 = stop_gradient v2
        v4 = checkpoint[replay=true] v3 with tape g(v0: f64[2]) { v1 = exp v0; return v1 }
        return v4 }";
    shown("lower", text, lower);
}

const CHAIN: &str = "tape f(v0: f64[8]) { v1 = exp v0; v2 = exp v1; v3 = sum[axes=(0)] v2; return v3 }";
const PRODUCT: &str = "tape f(v0: f64[2,3], v1: f64[3]) {
    v2 = reshape[shape=(3,1)] v1; v3 = dot[transpose_lhs=false, transpose_rhs=false] v0 v2; v4 = tanh v3; return v4 }";

#[test]
fn the_derivatives_of_small_tapes() {
    shown("vjp_exp_chain", CHAIN, |t| vjp(t, &[true]).unwrap().tape);
    shown("vjp_exp_chain_optimized", CHAIN, |t| optimize(&vjp(t, &[true]).unwrap().tape));
    shown("jvp_exp_chain", CHAIN, |t| jvp(t, &[true]).unwrap().tape);
    shown("jvp_of_vjp", CHAIN, |t| jvp(&vjp(t, &[true]).unwrap().tape, &[true, false]).unwrap().tape);
    shown("jvp_of_vjp_optimized", CHAIN, |t| {
        optimize(&jvp(&vjp(t, &[true]).unwrap().tape, &[true, false]).unwrap().tape)
    });
    // Only what is wanted is written: the cotangent of the weights alone.
    shown("vjp_of_one_operand", PRODUCT, |t| vjp(t, &[true, false]).unwrap().tape);
    shown("linear_part", PRODUCT, |t| linearize(t, &[true, true], None).unwrap().linear);
    shown("vmap_product", PRODUCT, |t| vmap(t, &[false, true], 5).unwrap());
}

/// Laws that every pass keeps, on the tapes of this page.
#[test]
fn optimising_twice_changes_nothing_more() {
    for text in [CHAIN, PRODUCT] {
        let t = tape(text);
        let wrt = vec![true; t.inputs().len()];
        for t in [t.clone(), vjp(&t, &wrt).unwrap().tape, jvp(&t, &wrt).unwrap().tape] {
            let once = optimize(&t);
            assert_eq!(optimize(&once), once);
            assert_eq!(once.without_dead(), once);
        }
    }
}

/// Names that are no words, results that are none: whatever can be traced can be printed and read.
#[test]
fn odd_tapes_round_trip() {
    use quadric_autodiff::trace::{checkpoint, declare_second_derivative, grad};
    let named = |x: Var| grad(|x: Var| declare_second_derivative("soft plus", x, Var::sin, |x| x).sum(), &x);
    let silent = |x: Var| {
        checkpoint(|_: Var| Vec::<Var>::new(), &x);
        x
    };
    for tape in [trace::trace(named, &tensor![0.5]).unwrap(), trace::trace(silent, &tensor![0.5]).unwrap()] {
        assert_eq!(reparsed(&tape), tape, "{tape}");
    }
    assert_eq!(quadric_autodiff::tape::Builder::new("a b/c").finish(vec![]).unwrap().name(), "a_b_c");
}
