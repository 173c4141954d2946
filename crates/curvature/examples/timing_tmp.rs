use quadric_autodiff::trace::{Var, cut, nonlinear_scope};
use quadric_autodiff::{DType, Tensor};
use quadric_curvature::operators::*;
use quadric_curvature::*;
use std::time::Instant;
fn main() {
    let sizes = [64usize, 32, 32, 10];
    let b: usize = std::env::args().nth(1).map_or(256, |s| s.parse().unwrap());
    let n = 1437;
    for dtype in [DType::F32, DType::F64] {
        let model: Vec<(Tensor, Tensor)> = sizes.windows(2).map(|s| (Tensor::from_fn(dtype, [s[0], s[1]], |i| ((i * 7919 % 1000) as f64 / 500.0 - 1.0) / (s[0] as f64).sqrt()), Tensor::from_fn(dtype, [s[1]], |_| 0.0))).collect();
        let x = Tensor::from_fn(dtype, [n, 64], |i| (i * 31 % 17) as f64 / 16.0);
        let y = Tensor::from_vec(&(0..n as i32).map(|i| i % 10).collect::<Vec<_>>());
        let loss = |m: &Vec<(Var, Var)>, x: Var, y: Var| {
            let mut x = x;
            for (i, (w, b)) in m.iter().enumerate() {
                x = x.matmul(*w) + *b;
                if i < 2 { x = nonlinear_scope("gelu", || x * ((x * 0.5f64.sqrt()).erf() + 1.0) * 0.5); }
            }
            let z = cut("logits", x);
            let e = z.shape()[0];
            nonlinear_scope("ce", || {
            let s = z - z.max_axes(&[-1]).stop_gradient().reshape([e, 1]);
            (s.exp().sum_axes(&[-1]).ln() - s.gather_along(y.reshape([e, 1]), -1).reshape([e])).mean() })
        };
        let t = Instant::now();
        let p = Problem::in_batches(&model, loss, &x, &y, b).unwrap().with_threads(1);
        println!("{dtype} trace {:?} dim {}", t.elapsed(), p.space().dim());
        let t = Instant::now();
        let mut g = Gradient::new(&p).unwrap();
        println!("compile gradient {:?}", t.elapsed());
        g.value_and_gradient().unwrap();
        let t = Instant::now();
        for _ in 0..10 { g.value_and_gradient().unwrap(); }
        println!("gradient {:?}", t.elapsed() / 10);
        macro_rules! time { ($name:expr, $op:expr) => {{
            let t = Instant::now();
            let mut op = $op;
            let c = t.elapsed();
            let vs = Probe::Rademacher.draw(p.space().dim(), 16, 1);
            let t = Instant::now();
            op.apply(&vs[0]).unwrap();
            let first = t.elapsed();
            let t = Instant::now();
            for v in &vs { op.apply(v).unwrap(); }
            let one = t.elapsed() / 16;
            let t = Instant::now();
            op.apply_block(&vs).unwrap();
            let fb = t.elapsed();
            let t = Instant::now();
            op.apply_block(&vs).unwrap();
            println!("{:12} compile {c:?} first {first:?} product {one:?} first block {fb:?} in block {:?}", $name, t.elapsed() / 16);
        }}}
        time!("H", Hessian::new(&p).unwrap());
        time!("H joint", Hessian::new(&p.clone().with_linearization(false)).unwrap());
        time!("G", GaussNewton::new(&p, "logits").unwrap());
        time!("N", Nme::new(&p, "logits").unwrap());
        time!("Fisher", Fisher::categorical(&p, "logits").unwrap());
        let t = Instant::now();
        let mut d = Decomposition::new(&p, "logits").unwrap();
        let c = t.elapsed();
        let vs = Probe::Rademacher.draw(p.space().dim(), 16, 1);
        d.decompose(&vs[0]).unwrap();
        let t = Instant::now();
        for v in &vs { d.decompose(v).unwrap(); }
        println!("decompose compile {c:?} each {:?}", t.elapsed() / 16);
        let t = Instant::now();
        let a = Attributor::new(&p).unwrap();
        let mut a = a; let c = t.elapsed(); a.attribute(&vs[0]).unwrap();
        let t = Instant::now();
        let s = a.attribute(&vs[0]).unwrap();
        println!("attribute compile {c:?} each {:?}; {} shares", t.elapsed(), s.shares.len());
        let t = Instant::now();
        let e = estimators::eigenpairs(&mut Hessian::new(&p).unwrap(), 3, 3, &Default::default()).unwrap();
        println!("lanczos {:?} products {} converged {} top {:?}", t.elapsed(), e.products, e.converged, e.top.iter().map(|p| p.value).collect::<Vec<_>>());
    }
}
