//! `quadric explain EXPRESSION`: the tape, its jvp, its vjp, and the jvp of the vjp, each line beside the piece of the
//! expression that it comes from; with `--plan` also how each is run.

mod expression;
mod functions;
mod parse;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use quadric::autodiff::exec::{Options, Program};
use quadric::autodiff::plan::Plan;
use quadric::autodiff::tape::{Equation, Label, Line, Param, Role, Scope, Tape, Value};
use quadric::autodiff::trace::{self, Var};
use quadric::autodiff::transform;
use quadric::autodiff::{DType, Tensor, Type};

use expression::Node;
pub use functions::names as function_names;

/// The whole explanation; with `plan`, the plan of each tape stands below it.
///
/// # Errors
/// One sentence about the expression or a shape.
pub fn explain(text: &str, shapes: &[(String, Vec<usize>)], plan: bool) -> Result<String, String> {
    let node = parse::parse(text)?;
    let names = node.variables();
    if names.is_empty() {
        return Err("the expression has no variable to differentiate by".into());
    }
    for (name, _) in shapes {
        if !names.contains(name) {
            return Err(format!(
                "--shape {name}: the expression has no variable `{name}`, it has {}",
                names.join(", ")
            ));
        }
    }
    let example: Vec<Tensor> = names
        .iter()
        .map(|name| {
            let given = shapes.iter().find(|(n, _)| n == name).map(|(_, s)| s.clone());
            Tensor::zeros(Type::new(DType::F64, given.unwrap_or_else(|| vec![3])))
        })
        .collect();
    let tape = trace::trace(|x: Vec<Var>| record(&node, text, &names, &x), &example).map_err(|e| {
        // The place in the sources of this program says nothing to whoever typed the expression.
        let sentence = e.to_string();
        e.place().map_or(sentence.clone(), |place| sentence.replace(&format!(" ({place})"), ""))
    })?;
    let wrt = vec![true; names.len()];
    let forward = transform::jvp(&tape, &wrt).map_err(|e| e.to_string())?;
    let reverse = transform::vjp(&tape, &wrt).map_err(|e| e.to_string())?;
    // The Hessian's road: the reverse tape without the value, differentiated along the variables.
    let gradient = reverse.tape.with_outputs(tape.outputs().len()..reverse.tape.outputs().len());
    let mut along: Vec<bool> = wrt.clone();
    along.resize(gradient.inputs().len(), false);
    let second = transform::jvp(&gradient, &along).map_err(|e| e.to_string())?;

    let dotted = |suffix: &str| names.iter().map(|n| format!("{n}_{suffix}")).collect::<Vec<_>>();
    let with = |extra: Vec<String>| [names.clone(), extra].concat();
    let mut out = String::new();
    let mut section = |title: &str, tape: &Tape, inputs: &[String], outputs: &[(&str, usize)]| {
        section(&mut out, title, tape, inputs, outputs, text);
        if plan {
            let _ = writeln!(out, "{}", planned(tape, text));
        }
    };
    section("the tape: y = f", &tape, &names, &[("y", 1)]);
    let parts = [("y", 1), ("y_dot", 1)];
    section("jvp, forward mode: y and y_dot = J x_dot", &forward.tape, &with(dotted("dot")), &parts);
    let n = names.len();
    let parts = [("y", 1), ("x_bar", n)];
    let inputs = with(vec!["y_bar".into()]);
    section("vjp, reverse mode: y and x_bar = J^T y_bar", &reverse.tape, &inputs, &parts);
    let inputs = [names.clone(), vec!["y_bar".into()], dotted("dot")].concat();
    let parts = [("x_bar", n), ("x_bar_dot", n)];
    let title = "jvp of the vjp, forward over reverse: x_bar and its tangent, y_bar D2f x_dot (the Hessian's product)";
    section(title, &second.tape, &inputs, &parts);
    Ok(out)
}

fn record(node: &Node, text: &str, names: &[String], x: &[Var]) -> Var {
    let variables: BTreeMap<String, Var> = names.iter().cloned().zip(x.iter().copied()).collect();
    node.trace(text, &variables)
}

/// One tape as a table: equation, role, piece.
fn section(out: &mut String, title: &str, tape: &Tape, inputs: &[String], outputs: &[(&str, usize)], text: &str) {
    let mut names: BTreeMap<Value, String> = BTreeMap::new();
    for (v, name) in tape.inputs().iter().zip(inputs) {
        names.insert(*v, name.clone());
    }
    let rows: Vec<(String, &str, String)> = tape
        .equations()
        .iter()
        .map(|e| {
            for v in &e.outputs {
                let fresh = format!("v{}", names.len() - inputs.len());
                names.insert(*v, fresh);
            }
            (equation(tape, e, &names), role(e), piece(e, text))
        })
        .collect();
    let width = rows.iter().map(|(e, _, _)| e.chars().count()).max().unwrap_or(0);
    let roles = rows.iter().map(|(_, r, _)| r.len()).max().unwrap_or(0);
    let _ = writeln!(out, "# {title}");
    let _ = writeln!(out, "  inputs: {}", typed(tape, tape.inputs(), &names));
    for (e, role, piece) in rows {
        let _ = writeln!(out, "  {e:width$}  | {role:roles$} | {piece}");
    }
    let mut rest = tape.outputs();
    for (name, count) in outputs {
        let (these, others) = rest.split_at(*count);
        rest = others;
        let values: Vec<&str> = these.iter().map(|v| names[v].as_str()).collect();
        let _ = writeln!(out, "  return {name}: {}", values.join(", "));
    }
    out.push('\n');
}

fn typed(tape: &Tape, values: &[Value], names: &BTreeMap<Value, String>) -> String {
    values.iter().map(|v| format!("{}: {}", names[v], tape.type_of(*v))).collect::<Vec<_>>().join(", ")
}

fn equation(tape: &Tape, e: &Equation, names: &BTreeMap<Value, String>) -> String {
    let mut line = format!("{} = {}", typed(tape, &e.outputs, names), e.op.name());
    // A residual's label stands in the columns beside it; its class is what matters for the Hessian's parts.
    let shown: Vec<String> =
        e.op.params()
            .0
            .iter()
            .filter(|(name, _)| e.op.name() != "residual" || name == "class")
            .map(|(name, value)| match value {
                Param::Tensor(t) if t.size() == 1 => format!("{}", t.item()),
                other => format!("{name}={other}"),
            })
            .collect();
    if !shown.is_empty() {
        let _ = write!(line, "[{}]", shown.join(", "));
    }
    for v in &e.inputs {
        let _ = write!(line, " {}", names[v]);
    }
    line
}

fn role(e: &Equation) -> &'static str {
    match (e.label.role, e.label.level) {
        (Role::Primal, _) => "",
        (Role::Tangent, 0 | 1) => "tangent",
        (Role::Tangent, _) => "tangent, 2nd",
        (Role::Cotangent, 0 | 1) => "cotangent",
        (Role::Cotangent, _) => "cotangent, 2nd",
    }
}

fn piece(e: &Equation, text: &str) -> String {
    e.label.scope.as_ref().map_or_else(|| text.to_string(), |s| s.name.to_string())
}

/// How a tape is run, each step beside the pieces of the expression.
fn planned(tape: &Tape, text: &str) -> String {
    let mut plan: Plan = Program::new(tape, &Options { threads: Some(1), ..Options::default() }).plan().clone();
    for origin in plan.steps.iter_mut().flat_map(|step| &mut step.equations) {
        // The lines are those of this program; whoever typed the expression knows its pieces.
        let name = origin.label.scope.as_ref().map_or_else(|| text.into(), |s| s.name.clone());
        let line = Line { file: "expression".into(), line: 1, column: 1 };
        let scope = Scope { name, nonlinear: false, line, parent: None };
        origin.label = Label { line: None, scope: Some(Arc::new(scope)), ..origin.label };
    }
    plan.to_string().lines().fold(String::new(), |text, line| text + "  " + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_its_piece() {
        let out = explain("sum(sin(x) * y)", &[], false).unwrap();
        assert!(out.contains("v0: f64[3] = sin x"), "{out}");
        assert!(
            out.lines().any(|l| l.contains("= cos") && l.contains("cotangent") && l.ends_with("| sin(x)")),
            "{out}"
        );
        assert_eq!(out.matches("\n# ").count() + 1, 4);
    }

    #[test]
    fn every_function_is_explained() {
        for name in function_names(" ").split(' ') {
            let arity = functions::Function::find(name).unwrap().arity();
            let operands = ["x", "y"][..arity].join(", ");
            let shapes = ["x", "y"].map(|x| (x.to_string(), vec![2, 2]));
            let out = explain(&format!("sum({name}({operands}))"), &shapes[..arity], false);
            let out = out.unwrap_or_else(|e| panic!("{name}: {e}"));
            assert!(out.lines().any(|l| l.ends_with(&format!("| {name}({operands})"))), "{out}");
        }
        let out = explain("sum(softplus(x))", &[], false).unwrap();
        assert!(out.contains("v0: f64[3] = softplus x") && out.contains("= logistic"), "{out}");
    }

    #[test]
    fn every_tape_has_its_plan() {
        let out = explain("sum(sin(x) * y)", &[], true).unwrap();
        let plans: Vec<&str> = out.split("\n  plan ").skip(1).collect();
        assert_eq!(plans.len(), 4, "{out}");
        // The function: one pass for the sine and the product, then the sum.
        let step = "0: s0 v3: f64[3] = fused in0 v0: f64[3], in1 v1: f64[3] @ sin(x); sin(x) * y\n";
        assert!(plans[0].starts_with("f: 2 steps for 3 equations\n"), "{out}");
        assert!(plans[0].contains(step), "{out}");
        assert!(plans[0].contains("         store 0 = mul r0 load1 @ sin(x) * y\n"), "{out}");
        assert!(plans[0].contains("    32 bytes in 2 slots; 32 of them are needed at once (step 1)\n"), "{out}");
        // The Hessian's product: every step and every instruction names its piece.
        let unnamed = |line: &&str| line.contains(" = ") && !line.contains(" @ ");
        assert_eq!(plans[3].lines().find(unnamed), None, "{out}");
        assert!(plans[3].contains("sin(x) tangent.2"), "{out}");
        // Without the option nothing but the plans is missing.
        let short = explain("sum(sin(x) * y)", &[], false).unwrap();
        assert!(short.lines().all(|line| out.lines().any(|l| l == line)) && !short.contains("slots"), "{short}");
    }

    #[test]
    fn bad_input_is_one_sentence() {
        assert_eq!(explain("1 + 2", &[], false).unwrap_err(), "the expression has no variable to differentiate by");
        let shape = explain("x * y", &[("x".into(), vec![2]), ("y".into(), vec![3])], false).unwrap_err();
        assert_eq!(shape, "mul: shapes do not broadcast: lhs f64[2], rhs f64[3]");
        let unknown = explain("x", &[("z".into(), vec![2])], false).unwrap_err();
        assert_eq!(unknown, "--shape z: the expression has no variable `z`, it has x");
    }
}
