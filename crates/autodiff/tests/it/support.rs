//! What all of these tests share: numbers in a domain, the engines side by side, distances.

use quadric_autodiff::exec::{Options, Program};
use quadric_autodiff::ops::{self, Domain};
use quadric_autodiff::reference::double_double::Dd;
use quadric_autodiff::reference::{self, Array, Data};
use quadric_autodiff::shape::Type;
use quadric_autodiff::tape::{Params, Tape, parse};
use quadric_autodiff::transform::{jvp, vjp};
use quadric_autodiff::{DType, Shape, Tensor};

/// SplitMix64: a few lines, the same numbers for ever.
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    pub fn sign(&mut self) -> f64 {
        if self.next() & 1 == 0 { 1.0 } else { -1.0 }
    }
}

/// A tensor of this type with entries in this domain.
pub fn tensor(ty: &Type, domain: Domain, rng: &mut Rng) -> Tensor {
    let n = ty.shape.size();
    match ty.dtype {
        DType::F32 | DType::F64 if matches!(domain, Domain::PositiveDefinite | Domain::Triangular) => {
            matrices(ty, domain, rng)
        }
        DType::F32 | DType::F64 if matches!(domain, Domain::Regular | Domain::Spread) => {
            Tensor::from_fn(ty.dtype, &ty.shape, |i| rng.between(-0.3, 0.3) + rng.sign() * leading(ty, domain, i))
        }
        DType::F32 | DType::F64 => {
            // Distinct entries: a random order of numbers half a unit apart.
            let mut order: Vec<usize> = (0..n).collect();
            for i in (1..n).rev() {
                order.swap(i, rng.below(i + 1));
            }
            let mut i = 0;
            Tensor::from_fn(ty.dtype, &ty.shape, |_| {
                i += 1;
                match domain {
                    Domain::Range(low, high) => rng.between(low, high),
                    Domain::Positive => rng.between(0.3, 2.3),
                    Domain::NonZero => rng.between(0.4, 1.8) * rng.sign(),
                    Domain::NonInteger => rng.between(0.1, 0.9) + rng.below(7) as f64 - 3.0,
                    Domain::Distinct => (order[i - 1] as f64 - n as f64 / 2.0 + rng.between(0.1, 0.6)) * 0.5,
                    Domain::Index(k) => rng.below(k) as f64,
                    _ => rng.between(-1.8, 1.8),
                }
            })
        }
        DType::I32 => {
            let below = if let Domain::Index(k) = domain { k } else { 9 };
            let data: Vec<i32> = (0..n).map(|_| rng.below(below) as i32).collect();
            Tensor::new(&ty.shape, &data).unwrap()
        }
        DType::U32 => Tensor::new(&ty.shape, &(0..n).map(|_| rng.next() as u32).collect::<Vec<_>>()).unwrap(),
        DType::Bool => Tensor::new(&ty.shape, &(0..n).map(|_| rng.next() & 1 == 1).collect::<Vec<_>>()).unwrap(),
        other => panic!("a test must learn {other}"),
    }
}

/// Matrices in the last two axes: B Bᵀ + 1, or anything with a diagonal away from 0.
fn matrices(ty: &Type, domain: Domain, rng: &mut Rng) -> Tensor {
    let k = *ty.shape.last().expect("a matrix");
    let mut entries = Vec::new();
    for _ in 0..ty.shape.size() / (k * k).max(1) {
        let b: Vec<f64> = (0..k * k).map(|_| rng.between(-0.8, 0.8)).collect();
        for i in 0..k * k {
            let (row, col) = (i / k, i % k);
            let diagonal = f64::from(u8::from(row == col));
            entries.push(match domain {
                Domain::Triangular => b[i] + diagonal * 2.0 * rng.sign(),
                _ => (0..k).map(|j| b[row * k + j] * b[col * k + j]).sum::<f64>() + diagonal,
            });
        }
    }
    Tensor::from_fn(ty.dtype, &ty.shape, |i| entries[i])
}

/// What is added to noise of ±0.3 at this place to make a matrix of the domain.
pub fn leading(ty: &Type, domain: Domain, place: usize) -> f64 {
    let rank = ty.shape.rank();
    let (rows, columns) = (ty.shape[rank - 2], ty.shape[rank - 1]);
    let (row, column) = (place / columns % rows, place % columns);
    match domain {
        Domain::Regular if row == (column + 1) % rows => 2.0,
        Domain::Spread if row == column => 1.5 * (column + 1) as f64,
        _ => 0.0,
    }
}

/// A direction: entries of ½ to 1 and either sign, so that no entry goes untested.
pub fn direction(ty: &Type, rng: &mut Rng) -> Tensor {
    Tensor::from_fn(ty.dtype, &ty.shape, |_| rng.between(0.5, 1.0) * rng.sign())
}

/// The types of the float values among these.
pub fn floats(types: &[Type]) -> Vec<Type> {
    types.iter().filter(|t| t.dtype.is_float()).cloned().collect()
}

/// One flag a value: whether it is a float.
pub fn float_flags(types: &[Type]) -> Vec<bool> {
    types.iter().map(|t| t.dtype.is_float()).collect()
}

/// The forward derivative along all float inputs.
pub fn forward(tape: &Tape) -> Tape {
    let t = jvp(tape, &float_flags(&tape.input_types())).unwrap_or_else(|e| panic!("jvp: {e}\n{tape}")).tape;
    t.assert_valid();
    t
}

/// The reverse derivative with respect to all float inputs.
pub fn backward(tape: &Tape) -> Tape {
    let t = vjp(tape, &float_flags(&tape.input_types())).unwrap_or_else(|e| panic!("vjp: {e}\n{tape}")).tape;
    t.assert_valid();
    t
}

/// `parse(print(tape))`.
pub fn reparsed(tape: &Tape) -> Tape {
    let text = tape.to_string();
    let find = |name: &str, params: &Params| ops::find(name, params);
    parse(&text, &find, &tape.constants()).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

/// In double-double: the truth of a tape.
pub fn truth(tape: &Tape, inputs: &[Array<Dd>]) -> Vec<Array<Dd>> {
    reference::run(tape, inputs).unwrap_or_else(|e| panic!("reference: {e}\n{tape}"))
}

pub fn exact(inputs: &[Tensor]) -> Vec<Array<Dd>> {
    inputs.iter().map(Array::of).collect()
}

/// Zeros of a type, exactly.
pub fn zeros(ty: &Type) -> Array<Dd> {
    Array::of(&Tensor::zeros(ty.clone()))
}

/// The interpreter in f64.
pub fn plain(tape: &Tape, inputs: &[Tensor]) -> Vec<Vec<f64>> {
    reference::run_f64(tape, &inputs.iter().collect::<Vec<_>>()).unwrap_or_else(|e| panic!("reference: {e}\n{tape}"))
}

/// How a tape can be run: (optimised?, threads).
pub const ROADS: [(bool, usize); 4] = [(true, 1), (true, 2), (false, 1), (false, 2)];

/// The executor on one road.
pub fn run(tape: &Tape, inputs: &[Tensor], (optimize, threads): (bool, usize)) -> Vec<Tensor> {
    let options = Options { threads: Some(threads), optimize };
    let mut program = Program::new(tape, &options);
    let inputs: Vec<&Tensor> = inputs.iter().collect();
    let first = program.call(&inputs).unwrap_or_else(|e| panic!("{e}\n{tape}"));
    // A replay must not depend on what the last one left in the buffers.
    let second = program.call(&inputs).unwrap_or_else(|e| panic!("{e}\n{tape}"));
    assert_eq!(first, second, "a replay gives other bits:\n{tape}");
    first
}

/// The executor on all roads, which must agree to the bit.
pub fn run_all(tape: &Tape, inputs: &[Tensor]) -> Vec<Tensor> {
    let first = run(tape, inputs, ROADS[0]);
    for road in &ROADS[1..] {
        let other = run(tape, inputs, *road);
        assert_eq!(first, other, "(optimised, threads) = {road:?} gives other bits than (true, 1):\n{tape}");
    }
    first
}

/// The coarsest unit roundoff (2⁻⁵² or 2⁻²³) among a tape's float values.
pub fn epsilon(tape: &Tape) -> f64 {
    fn any_f32(t: &Tape) -> bool {
        let values = t.equations().iter().flat_map(|e| &e.outputs).chain(t.inputs());
        values.into_iter().any(|v| t.type_of(*v).dtype == DType::F32)
            || t.equations().iter().any(|e| e.bodies.iter().any(|b| any_f32(b)))
    }
    if any_f32(tape) { f64::from(f32::EPSILON) } else { f64::EPSILON }
}

/// The largest entry that is a number.
pub fn largest(x: &[f64]) -> f64 {
    x.iter().filter(|x| x.is_finite()).fold(0.0, |m, x| m.max(x.abs()))
}

/// The largest difference between a result and the truth, in units in the last place of the truth's largest entry.
pub fn ulps(got: &[f64], truth: &Array<Dd>, epsilon: f64) -> f64 {
    let Data::Real(exact) = &truth.data else {
        return if got == truth.to_f64_vec() { 0.0 } else { f64::INFINITY };
    };
    assert_eq!(got.len(), exact.len(), "sizes differ");
    let scale = largest(&truth.to_f64_vec()) * epsilon;
    let mut worst: f64 = 0.0;
    for (got, exact) in got.iter().zip(exact) {
        let (value, rest) = exact.parts();
        if *got == value && rest == 0.0 || (got.is_nan() && value.is_nan()) {
            continue;
        }
        let off = ((got - value) - rest).abs();
        worst = worst.max(if off == 0.0 { 0.0 } else { off / scale });
        if worst.is_nan() {
            return f64::INFINITY;
        }
    }
    worst
}

/// The largest difference of two exact results relative to the largest entry of both.
pub fn apart(a: &Array<Dd>, b: &Array<Dd>) -> f64 {
    assert_eq!(a.ty, b.ty, "types differ");
    let (Data::Real(x), Data::Real(y)) = (&a.data, &b.data) else {
        return if a == b { 0.0 } else { f64::INFINITY };
    };
    let scale = largest(&a.to_f64_vec()).max(largest(&b.to_f64_vec()));
    let mut worst: f64 = 0.0;
    for (x, y) in x.iter().zip(y) {
        if x == y || (x.to_f64().is_nan() && y.to_f64().is_nan()) {
            continue;
        }
        let off = (*x - *y).abs().to_f64() / scale;
        worst = if off.is_nan() { f64::INFINITY } else { worst.max(off) };
    }
    worst
}

/// ⟨a, b⟩ and ⟨|a|, |b|⟩.
pub fn dot(a: &[Array<Dd>], b: &[Array<Dd>]) -> (Dd, f64) {
    let (mut sum, mut size) = (Dd::ZERO, 0.0);
    for (a, b) in a.iter().zip(b) {
        assert_eq!(a.ty.shape, b.ty.shape);
        for (a, b) in a.reals().iter().zip(b.reals()) {
            sum = sum + *a * *b;
            size += (a.to_f64() * b.to_f64()).abs();
        }
    }
    (sum, size)
}

/// d/dt of a tape's float outputs along `directions` of its float inputs, by differences in double-double: five points,
/// step 2⁻²⁶, so the error is about 1e-24 of the function's size, and no rule of the engine has a part in it.
pub fn differences(tape: &Tape, x: &[Array<Dd>], directions: &[Array<Dd>]) -> Vec<Array<Dd>> {
    let h = Dd::from_f64((-26f64).exp2());
    let at = |t: f64| {
        let step = h * Dd::from_f64(t);
        let mut directions = directions.iter();
        let moved: Vec<Array<Dd>> = x
            .iter()
            .map(|x| match &x.data {
                Data::Real(data) => {
                    let v = directions.next().expect("one direction a float input");
                    let data = data.iter().zip(v.reals()).map(|(x, v)| *x + step * *v).collect();
                    Array { ty: x.ty.clone(), data: Data::Real(data) }
                }
                Data::Int(_) => x.clone(),
            })
            .collect();
        truth(tape, &moved).into_iter().filter(|y| y.ty.dtype.is_float()).collect::<Vec<_>>()
    };
    let (near, back, far, far_back) = (at(1.0), at(-1.0), at(2.0), at(-2.0));
    let (eight, twelve) = (Dd::from_f64(8.0), Dd::from_f64(12.0) * h);
    (0..near.len())
        .map(|k| {
            let entry = |i: usize| {
                let inner = near[k].reals()[i] - back[k].reals()[i];
                let outer = far[k].reals()[i] - far_back[k].reals()[i];
                (eight * inner - outer) / twelve
            };
            let data = (0..near[k].reals().len()).map(entry).collect();
            Array { ty: near[k].ty.clone(), data: Data::Real(data) }
        })
        .collect()
}

/// The same tape types with every f64 replaced by f32.
pub fn narrowed(ty: &Type) -> Type {
    if ty.dtype == DType::F64 { ty.with_dtype(DType::F32) } else { ty.clone() }
}

/// Entry `i` along axis 0.
pub fn slice(x: &Array<Dd>, i: usize) -> Array<Dd> {
    let shape = Shape::from(&x.ty.shape[1..]);
    let n = shape.size();
    let data = match &x.data {
        Data::Real(data) => Data::Real(data[i * n..(i + 1) * n].to_vec()),
        Data::Int(data) => Data::Int(data[i * n..(i + 1) * n].to_vec()),
    };
    Array { ty: x.ty.with_shape(shape), data }
}

/// Compares with a golden file at the workspace root; `BLESS=1` rewrites it.
pub fn golden(path: &str, text: &str) {
    let full = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(&full, text).unwrap();
        return;
    }
    let stored = std::fs::read_to_string(&full).unwrap_or_default();
    let lines = stored.lines().map(Some).chain(std::iter::repeat(None));
    let first = text.lines().map(Some).chain([None]).zip(lines).find(|(now, then)| now != then);
    assert!(stored == text, "{path} differs (BLESS=1 rewrites it), first at (now, stored):\n{first:#?}\nnow:\n{text}");
}
