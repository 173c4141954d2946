//! `simplify`: rewrites that change no bit of any result.
//!
//! `x·1 → x`, `x·(−1) → −x`, `x/1 → x`, `−(−x) → x`, `x − 0 → x`, `x + (−0) → x`, `x + (−y) → x − y`, `x⁰ → 1`, `x¹ → x`; movements compose or vanish; a
//! transpose before a product becomes its flag; an elementwise function of constants is a constant.

use std::collections::HashMap;

use crate::dtype::DType;
use crate::ops::{Add, Broadcast, Constant, Div, Dot, Mul, Neg, Ops, Permute, Powi, Reshape, Sub};
use crate::tape::{Binary, Builder, Equation, Kernel, Tape, Value, rewrite};
use crate::tensor::Tensor;

/// One walk; run it again after `cse` to catch what merging uncovers.
pub fn simplify(tape: &Tape) -> Tape {
    let mut defs: HashMap<Value, usize> = HashMap::new();
    let mut seen = 0;
    rewrite(tape, |b, e, inputs| {
        for (i, d) in b.tape().equations().iter().enumerate().skip(seen) {
            for v in &d.outputs {
                defs.insert(*v, i);
            }
        }
        seen = b.tape().equations().len();
        simplified(b, &defs, e, inputs).map(|v| vec![v])
    })
}

fn def<'a>(b: &'a Builder, defs: &HashMap<Value, usize>, v: Value) -> Option<&'a Equation> {
    defs.get(&v).map(|i| &b.tape().equations()[*i])
}

fn is_float(b: &Builder, v: Value) -> bool {
    b.tape().type_of(v).dtype.is_float()
}

/// The one number that fills a float value, if it is a constant.
fn splat(b: &Builder, defs: &HashMap<Value, usize>, v: Value) -> Option<f64> {
    let e = def(b, defs, v)?;
    if let Some(c) = e.op.downcast::<Constant>() {
        return (c.value.size() == 1 && c.value.dtype().is_float()).then(|| c.value.item());
    }
    if e.op.is::<Broadcast>() { splat(b, defs, e.inputs[0]) } else { None }
}

fn simplified(b: &mut Builder, defs: &HashMap<Value, usize>, e: &Equation, inputs: &[Value]) -> Option<Value> {
    let number = |b: &Builder, i: usize| splat(b, defs, inputs[i]);
    if let Some(folded) = fold(b, defs, e, inputs) {
        return Some(folded);
    }
    if e.op.is::<Mul>() {
        for (i, other) in [(0, inputs[1]), (1, inputs[0])] {
            match number(b, i) {
                Some(1.0) => return Some(other),
                Some(-1.0) => return Some(b.neg(other)),
                _ => {}
            }
        }
    }
    if e.op.is::<Div>() && number(b, 1) == Some(1.0) {
        return Some(inputs[0]);
    }
    if e.op.is::<Sub>() && number(b, 1).is_some_and(|x| x == 0.0 && x.is_sign_positive()) {
        return Some(inputs[0]);
    }
    if e.op.is::<Add>() {
        for (i, other) in [(0, inputs[1]), (1, inputs[0])] {
            if number(b, i).is_some_and(|x| x == 0.0 && x.is_sign_negative()) {
                return Some(other);
            }
        }
    }
    if e.op.is::<Add>() {
        // x + (−y) is how x − y is defined.
        for (i, other) in [(1, inputs[0]), (0, inputs[1])] {
            if let Some(inner) = def(b, defs, inputs[i]).filter(|d| d.op.is::<Neg>() && is_float(b, other)) {
                let y = inner.inputs[0];
                return Some(b.sub(other, y));
            }
        }
    }
    if let Some(power) = e.op.downcast::<Powi>() {
        match power.n {
            0 => return Some(b.like(inputs[0], 1.0)),
            1 => return Some(inputs[0]),
            _ => {}
        }
    }
    if e.op.is::<Neg>() {
        let inner = def(b, defs, inputs[0])?;
        return inner.op.is::<Neg>().then(|| inner.inputs[0]);
    }
    if e.op.is::<Reshape>() {
        let shape = b.tape().type_of(inputs[0]).shape.clone();
        let target = e.op.downcast::<Reshape>()?.shape.clone();
        if shape == target {
            return Some(inputs[0]);
        }
        let inner = def(b, defs, inputs[0])?;
        let source = inner.op.is::<Reshape>().then(|| inner.inputs[0])?;
        return Some(b.reshape(source, target));
    }
    if let Some(outer) = e.op.downcast::<Broadcast>() {
        let inner = def(b, defs, inputs[0])?;
        let axes: Vec<usize> = inner.op.downcast::<Broadcast>()?.axes.iter().map(|a| outer.axes[*a]).collect();
        let source = inner.inputs[0];
        return Some(b.broadcast(source, outer.shape.clone(), axes));
    }
    if let Some(outer) = e.op.downcast::<Permute>() {
        if outer.order.iter().copied().eq(0..outer.order.len()) {
            return Some(inputs[0]);
        }
        let inner = def(b, defs, inputs[0])?;
        let first = inner.op.downcast::<Permute>()?;
        let order: Vec<usize> = outer.order.iter().map(|i| first.order[*i]).collect();
        let source = inner.inputs[0];
        return Some(b.permute(source, &order));
    }
    if let Some(dot) = e.op.downcast::<Dot>() {
        let transposed = |b: &Builder, v: Value| {
            let inner = def(b, defs, v)?;
            let order = &inner.op.downcast::<Permute>()?.order;
            let n = order.len();
            let swaps = order[..n - 2].iter().copied().eq(0..n - 2) && order[n - 2] == n - 1;
            swaps.then(|| inner.inputs[0])
        };
        let (lhs, rhs) = (transposed(b, inputs[0]), transposed(b, inputs[1]));
        if lhs.is_some() || rhs.is_some() {
            let flags = (dot.transpose_lhs ^ lhs.is_some(), dot.transpose_rhs ^ rhs.is_some());
            return Some(b.dot(lhs.unwrap_or(inputs[0]), rhs.unwrap_or(inputs[1]), flags.0, flags.1));
        }
    }
    None
}

/// An elementwise function of constants, by the very kernel that would have run.
fn fold(b: &mut Builder, defs: &HashMap<Value, usize>, e: &Equation, inputs: &[Value]) -> Option<Value> {
    let ty = b.tape().type_of(*inputs.first()?).clone();
    let numbers: Option<Vec<f64>> = inputs.iter().map(|v| splat(b, defs, *v)).collect();
    // Comparisons of floats give bools, which have no constants of this kind.
    let result = match (e.op.kernel(), numbers?.as_slice(), ty.dtype) {
        (Kernel::Unary(f), [x], DType::F32) => Tensor::scalar(f.at(*x as f32)),
        (Kernel::Unary(f), [x], DType::F64) => Tensor::scalar(f.at(*x)),
        (Kernel::Binary(f), [x, y], DType::F32) if !is_comparison(f) => Tensor::scalar(f.at(*x as f32, *y as f32)),
        (Kernel::Binary(f), [x, y], DType::F64) if !is_comparison(f) => Tensor::scalar(f.at(*x, *y)),
        _ => return None,
    };
    let scalar = b.constant(result);
    Some(b.broadcast(scalar, ty.shape, vec![]))
}

fn is_comparison(f: Binary) -> bool {
    [Binary::LT, Binary::LE, Binary::EQ, Binary::NE].contains(&f)
}
