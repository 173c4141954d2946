//! Bugs planted in primitives: the random programs must find every one of them, and shrink to it.

use quadric_autodiff::ops::{self, Ops};
use quadric_autodiff::reference::Definition;
use quadric_autodiff::shape::Type;
use quadric_autodiff::tape::{
    AnyPrimitive, AnyRule, BatchBodies, Batched, Builder, DynEq, Kernel, Linearity, Op, Operand, Output, Params, Tape,
    Term, Unary, Value,
};
use quadric_autodiff::{Error, pass};

use super::promises::{Case, check};
use super::random::{Seen, run_batch, survives};
use super::support::Rng;

/// A primitive with one thing wrong.
pub struct Broken {
    pub inner: Op,
    pub bug: &'static Bug,
}

/// What can be wrong with it.
pub struct Bug {
    pub name: &'static str,
    pub primitive: &'static str,
    pub rule: fn(&Op) -> AnyRule,
    pub vmap: Option<fn(&mut Builder, &[Batched]) -> Value>,
    pub kernel: Option<fn(&Op) -> Kernel>,
}

impl std::fmt::Debug for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "broken {:?}", self.inner)
    }
}

impl AnyPrimitive for Broken {
    fn name(&self) -> &'static str {
        self.inner.name()
    }
    fn params(&self) -> Params {
        self.inner.params()
    }
    fn infer(&self, inputs: &[&Type], bodies: &[std::sync::Arc<Tape>]) -> Result<Vec<Type>, Error> {
        self.inner.infer(inputs, bodies)
    }
    fn rule(&self) -> AnyRule {
        (self.bug.rule)(&self.inner)
    }
    fn vmap(
        &self,
        tape: &mut Builder,
        inputs: &[Batched],
        bodies: &[std::sync::Arc<Tape>],
        size: usize,
        transforms: &dyn BatchBodies,
    ) -> Result<Vec<Batched>, Error> {
        match self.bug.vmap {
            Some(f) => Ok(vec![Batched { value: f(tape, inputs), batched: true }]),
            None => self.inner.vmap(tape, inputs, bodies, size, transforms),
        }
    }
    fn kernel(&self) -> Kernel {
        self.bug.kernel.map_or_else(|| self.inner.kernel(), |f| f(&self.inner))
    }
    fn linear_in(&self, moving: &[bool]) -> Option<Linearity> {
        self.inner.linear_in(moving)
    }
    fn run(&self, inputs: &[Operand<'_>], output: &mut Output<'_>) -> Result<(), Error> {
        self.inner.run(inputs, output)
    }
    fn definition(&self) -> Option<&dyn Definition> {
        self.inner.definition()
    }
}

impl DynEq for Broken {
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
    fn same(&self, other: &dyn DynEq) -> bool {
        other.as_any().downcast_ref::<Broken>().is_some_and(|o| o.inner == self.inner)
    }
    fn hash64(&self) -> u64 {
        (*self.inner).hash64() ^ 1
    }
}

/// The rule of an elementwise function of one operand: `partial(tape, x, y)`.
pub fn pointwise(partial: fn(&mut Builder, Value, Value) -> Value) -> AnyRule {
    AnyRule::Pointwise(Box::new(move |t, x, y| vec![partial(t, x[0], y)]))
}

fn own(op: &Op) -> AnyRule {
    op.rule()
}

pub const SOUND: Bug = Bug { name: "", primitive: "", rule: own, vmap: None, kernel: None };

/// Twelve mistakes as people make them.
static BUGS: [Bug; 12] = [
    Bug { name: "the sign of cos′", primitive: "cos", rule: |_| pointwise(|t, x, _| t.sin(x)), ..SOUND },
    Bug {
        name: "tanh′ = 1 − y instead of 1 − y²",
        primitive: "tanh",
        rule: |_| {
            pointwise(|t, _, y| {
                let one = t.like(y, 1.0);
                t.sub(one, y)
            })
        },
        ..SOUND
    },
    Bug {
        name: "exp′ is a leaf: the second order is lost",
        primitive: "exp",
        rule: |_| pointwise(|t, _, y| t.put(ops::op(ops::StopGradient), &[y])),
        ..SOUND
    },
    Bug {
        name: "div: the cotangent of the divisor has a term missing",
        primitive: "div",
        rule: |op| match op.rule() {
            AnyRule::General { class, jvp, vjp } => AnyRule::General {
                class,
                jvp,
                vjp: Box::new(move |t, e, bars| {
                    let mut x = vjp(t, e, bars)?;
                    x[1] = None;
                    Ok(x)
                }),
            },
            _ => unreachable!(),
        },
        ..SOUND
    },
    Bug {
        name: "dot: the cotangent of a square right operand is transposed",
        primitive: "dot",
        rule: |op| match op.rule() {
            AnyRule::Multilinear(transpose) => AnyRule::Multilinear(Box::new(move |t, x, y_bar, i| {
                let bar = transpose(t, x, y_bar, i);
                let shape = t.shape_of(bar);
                let rank = shape.rank();
                if i == 0 || shape[rank - 1] != shape[rank - 2] {
                    return bar;
                }
                let mut order: Vec<usize> = (0..rank).collect();
                order.swap(rank - 1, rank - 2);
                t.permute(bar, &order)
            })),
            _ => unreachable!(),
        },
        ..SOUND
    },
    Bug {
        name: "select: the cotangents are the wrong way round",
        primitive: "select",
        rule: |op| match op.rule() {
            AnyRule::Linear(transpose) => AnyRule::Linear(Box::new(move |t, x, y_bar| {
                let mut bars = transpose(t, x, y_bar);
                bars.swap(1, 2);
                bars
            })),
            _ => unreachable!(),
        },
        ..SOUND
    },
    Bug {
        name: "gather: repeated indices overwrite instead of adding up (here: are halved)",
        primitive: "gather",
        rule: |op| match op.rule() {
            AnyRule::Linear(transpose) => AnyRule::Linear(Box::new(move |t, x, y_bar| {
                let mut bars = transpose(t, x, y_bar);
                let bar = bars[0].expect("x is a float");
                // Counts how often each place was read, by the same transpose of ones.
                let ones = t.like(y_bar, 1.0);
                let counts = transpose(t, x, ones)[0].expect("x is a float");
                let one = t.like(counts, 1.0);
                let counts = t.maximum(counts, one);
                bars[0] = Some(t.div(bar, counts));
                bars
            })),
            _ => unreachable!(),
        },
        ..SOUND
    },
    Bug {
        name: "cumsum: the transpose runs the same way",
        primitive: "cumsum",
        rule: |op| {
            let ops::CumSum { axis, reverse } = *op.downcast::<ops::CumSum>().expect("a cumsum");
            AnyRule::Linear(Box::new(move |t, _, y_bar| vec![Some(t.cumsum(y_bar, axis, reverse))]))
        },
        ..SOUND
    },
    Bug {
        name: "mul: forward mode forgets the second term",
        primitive: "mul",
        rule: |_| AnyRule::General {
            class: quadric_autodiff::tape::Class::Multilinear,
            jvp: Box::new(|t, e, dots| {
                let first = dots[0].map(|a| t.mul(a, e.inputs[1]));
                Ok(vec![first.or_else(|| dots[1].map(|b| t.mul(e.inputs[0], b)))])
            }),
            vjp: Box::new(|t, e, bars| {
                let y_bar = bars[0].expect("a cotangent");
                Ok(vec![Some(t.mul(y_bar, e.inputs[1])), Some(t.mul(y_bar, e.inputs[0]))])
            }),
        },
        ..SOUND
    },
    Bug {
        name: "sqrt′ is right to 1e-9 only",
        primitive: "sqrt",
        rule: |_| {
            pointwise(|t, x, y| {
                let half = t.like(x, 0.5 * (1.0 + 1e-9));
                t.div(half, y)
            })
        },
        ..SOUND
    },
    Bug {
        name: "reverse: vmap turns the batch instead of the axis",
        primitive: "reverse",
        rule: own,
        vmap: Some(|t, x| t.put(ops::op(ops::Reverse { axes: quadric_autodiff::axes![0] }), &[x[0].value])),
        ..SOUND
    },
    Bug {
        name: "erf computes tanh",
        primitive: "erf",
        rule: own,
        kernel: Some(|_| Kernel::Unary(Unary::TANH)),
        ..SOUND
    },
];

/// The cases of the primitive with a bug that do not keep their promises, and why.
fn red(primitive: &str, bug: &'static Bug) -> Vec<String> {
    let samples = ops::samples().into_iter().filter(|s| s.op.name() == primitive);
    let broken = |s: ops::Sample| ops::Sample { op: Op::new(Broken { inner: s.op, bug }), inputs: s.inputs };
    samples
        .map(|s| Case { parses: false, ..Case::of(broken(s)) })
        .filter_map(|case| {
            let all = || {
                check(&case, &mut Default::default(), &mut Rng(1));
                Ok(())
            };
            survives(all).err()
        })
        .collect()
}

/// A primitive with a bug does not keep its promises: its row of the coverage matrix is red.
#[test]
fn planted_bugs_turn_their_cells_red() {
    for bug in &BUGS {
        let red = red(bug.primitive, bug);
        println!("{}: {red:?}\n", bug.name);
        assert!(!red.is_empty(), "{}: every cell is green", bug.name);
    }
}

/// The same for every primitive there is: a slope that is off by a millionth.
#[test]
fn no_row_is_green_whatever_its_rule_says() {
    static OFF: Bug = Bug { name: "off by a millionth", rule: |op| scaled(op.rule()), ..SOUND };
    let mut checked = 0;
    for name in ops::names() {
        let sample = ops::samples().into_iter().find(|s| s.op.name() == name);
        let differentiable = |s: &ops::Sample| !matches!(s.op.rule(), AnyRule::Constant | AnyRule::Missing(_));
        if sample.is_some_and(|s| differentiable(&s)) {
            assert!(!red(name, &OFF).is_empty(), "{name}: every cell is green");
            checked += 1;
        }
    }
    assert!(checked > 40, "{checked} primitives have a slope");
}

/// A reduction that `lower` does not know is not taken for another one where its axes must be split.
#[test]
#[should_panic(expected = "sum reduces axes that are not neighbours, and `lower` knows no way to split it")]
fn an_unknown_reduction_is_not_split() {
    static UNKNOWN: Bug = Bug { name: "of a type that `lower` does not know", rule: own, ..SOUND };
    let split = |s: &ops::Sample| matches!(s.op.kernel(), Kernel::Reduce { axes } if axes[..] == [0, 2]);
    let sample = ops::samples().into_iter().find(|s| s.op.name() == "sum" && split(s)).expect("a case");
    let op = Op::new(Broken { inner: sample.op.clone(), bug: &UNKNOWN });
    pass::lower(&ops::Sample { op, ..sample }.tape());
}

fn scaled(rule: AnyRule) -> AnyRule {
    let off = |t: &mut Builder, x: Value| {
        let scale = t.like(x, 1.0 + 1e-6);
        t.mul(x, scale)
    };
    let some = move |t: &mut Builder, x: Vec<Option<Value>>| x.into_iter().map(|x| x.map(|x| off(t, x))).collect();
    match rule {
        AnyRule::Signed(terms) => AnyRule::Linear(Box::new(move |t, _, y_bar| {
            let signed = |t: &mut Builder, term| if term == Term::Minus { t.neg(y_bar) } else { y_bar };
            let bars: Vec<Option<Value>> = terms.iter().map(|term| Some(signed(t, *term))).collect();
            some(t, bars)
        })),
        AnyRule::Pointwise(f) => {
            AnyRule::Pointwise(Box::new(move |t, x, y| f(t, x, y).into_iter().map(|p| off(t, p)).collect()))
        }
        AnyRule::Diagonal(f) => AnyRule::Diagonal(Box::new(move |t, x, y, u, i| {
            let product = f(t, x, y, u, i);
            off(t, product)
        })),
        AnyRule::Linear(f) => AnyRule::Linear(Box::new(move |t, x, y_bar| {
            let bars = f(t, x, y_bar);
            some(t, bars)
        })),
        AnyRule::Multilinear(f) => AnyRule::Multilinear(Box::new(move |t, x, y_bar, i| {
            let bar = f(t, x, y_bar, i);
            off(t, bar)
        })),
        AnyRule::General { class, jvp, vjp } => AnyRule::General {
            class,
            jvp,
            vjp: Box::new(move |t, e, bars| {
                let bars = vjp(t, e, bars)?;
                Ok(some(t, bars))
            }),
        },
        other => other,
    }
}

#[test]
fn planted_bugs_are_found() {
    for bug in &BUGS {
        let plant = move |op: &Op| {
            if op.name() == bug.primitive { Op::new(Broken { inner: op.clone(), bug }) } else { op.clone() }
        };
        let mut seen = Seen::default();
        let found = run_batch(3000, 16, 77, Some(&plant), &mut seen);
        let Err(text) = found else { panic!("{}: not found in {} programs", bug.name, seen.programs) };
        // Shrunk to the broken primitive, or to what it takes to see it.
        let equations = text.lines().filter(|l| l.starts_with("  v")).count();
        println!("{}: {} programs run\n{text}\n", bug.name, seen.programs);
        assert!(equations <= 3, "{}: shrunk to {equations} equations only:\n{text}", bug.name);
    }
}
