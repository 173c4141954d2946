#![allow(missing_docs)]
use quadric_gradcheck::*;
struct R(u64);
impl R {
    fn u(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let mut z = self.0;
        z ^= z >> 33;
        z = z.wrapping_mul(0xff51afd7ed558ccd);
        z ^= z >> 33;
        (z >> 11) as f64 / (1u64 << 53) as f64
    }
    fn s(&mut self, a: f64) -> f64 {
        (self.u() * 2.0 - 1.0) * a
    }
}
type F = fn(f64, f64) -> f64;
fn main() {
    // family of smooth scalar fns (value, d1, d2) with frequency/scale param k
    let fams: Vec<(&str, F, F, F)> = vec![
        ("sin", |x, k| (k * x).sin(), |x, k| k * (k * x).cos(), |x, k| -k * k * (k * x).sin()),
        ("exp", |x, k| (k * x).exp(), |x, k| k * (k * x).exp(), |x, k| k * k * (k * x).exp()),
        (
            "tanh",
            |x, k| (k * x).tanh(),
            |x, k| k / (k * x).cosh().powi(2),
            |x, k| -2.0 * k * k * (k * x).tanh() / (k * x).cosh().powi(2),
        ),
        (
            "lorentz",
            |x, k| 1.0 / (1.0 + k * k * x * x),
            |x, k| -2.0 * k * k * x / (1.0 + k * k * x * x).powi(2),
            |x, k| {
                let q = 1.0 + k * k * x * x;
                -2.0 * k * k / q / q + 8.0 * k * k * k * k * x * x / q / q / q
            },
        ),
        (
            "sqrt",
            |x, k| (1.0 + k * k * x * x).sqrt(),
            |x, k| k * k * x / (1.0 + k * k * x * x).sqrt(),
            |x, k| k * k / (1.0 + k * k * x * x).powf(1.5),
        ),
        (
            "softplus",
            |x, k| {
                let z = k * x;
                if z > 0.0 { z + (-z).exp().ln_1p() } else { z.exp().ln_1p() }
            },
            |x, k| k / (1.0 + (-k * x).exp()),
            |x, k| {
                let s = 1.0 / (1.0 + (-k * x).exp());
                k * k * s * (1.0 / (1.0 + (k * x).exp()))
            },
        ),
        (
            "gauss",
            |x, k| (-(k * x).powi(2)).exp(),
            |x, k| -2.0 * k * k * x * (-(k * x).powi(2)).exp(),
            |x, k| (4.0 * k.powi(4) * x * x - 2.0 * k * k) * (-(k * x).powi(2)).exp(),
        ),
        ("x3", |x, k| k * x * x * x, |x, k| 3.0 * k * x * x, |x, k| 6.0 * k * x),
        ("const+", |x, k| 1e6 + k * x * x, |x, k| 2.0 * k * x, |_, k| 2.0 * k),
    ];
    let mut r = R(std::env::args().nth(1).and_then(|s| s.parse().ok()).unwrap_or(1));
    for (name, f, g, h) in &fams {
        for kmax in [1.0, 10.0, 100.0, 1e4] {
            let mut c = [[0usize; 3]; 6];
            let mut ex = vec![];
            let cls = |v: &Verdict| {
                if v.is_passed() {
                    0
                } else if v.is_failed() {
                    1
                } else {
                    2
                }
            };
            for _ in 0..400 {
                let k = kmax * (0.3 + 0.7 * r.u());
                let x = if r.u() < 0.5 { r.s(3.0) } else { r.s(3.0) / k };
                let scale = 10f64.powf(r.s(6.0));
                let rv = gradient(|x: &[f64]| scale * f(x[0], k), |x: &[f64]| vec![scale * g(x[0], k)], &[x]);
                c[0][cls(&rv)] += 1;
                if rv.is_failed() {
                    ex.push(format!("k={k} x={x} {rv}"))
                }
                let w = gradient(|x: &[f64]| scale * f(x[0], k), |x: &[f64]| vec![scale * 1.1 * g(x[0], k)], &[x]);
                c[1][cls(&w)] += 1;
                if w.is_passed() {}
                let hv = hvp_from_value(
                    |x: &[f64]| scale * f(x[0], k),
                    |x: &[f64], v: &[f64]| vec![scale * h(x[0], k) * v[0]],
                    &[x],
                    &[0.7],
                );
                c[2][cls(&hv)] += 1;
                if hv.is_failed() {
                    ex.push(format!("HV k={k} x={x} {hv}"))
                }
                let hv = hvp_from_value(
                    |x: &[f64]| scale * f(x[0], k),
                    |x: &[f64], v: &[f64]| vec![1.1 * scale * h(x[0], k) * v[0]],
                    &[x],
                    &[0.7],
                );
                c[3][cls(&hv)] += 1;
                if hv.is_passed() {}
                let t = taylor_coefficients(
                    |x: &[f64]| scale * f(x[0], k),
                    &[scale * g(x, k), scale * h(x, k)],
                    &[x],
                    &[1.0],
                );
                let tv = t.verdict();
                c[4][cls(&tv)] += 1;
                if tv.is_failed() {
                    ex.push(format!("TAYLOR k={k} x={x} {t}"))
                }
                let x32 = [x as f32];
                let (s32, k32) = (scale as f32, k as f32);
                let v32 = gradient(
                    |x: &[f32]| s32 * (f(x[0] as f64, k32 as f64) as f32),
                    |x: &[f32]| vec![s32 * (g(x[0] as f64, k32 as f64) as f32)],
                    &x32,
                );
                c[5][cls(&v32)] += 1;
                if v32.is_failed() {
                    ex.push(format!("F32 k={k} x={x} {v32}"))
                }
            }
            println!(
                "{name} {kmax}: grad {:?} wrong {:?} hv {:?} wronghv {:?} taylor {:?} f32 {:?}",
                c[0], c[1], c[2], c[3], c[4], c[5]
            );
            for e in ex.iter().take(3) {
                println!("   {e}");
            }
        }
    }
}
