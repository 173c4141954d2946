//! What must hold of a step's work: it is its equation's, and operands and results fit it.

use super::{Checker, program};
use crate::plan::{Origin, Plan, Read, Step, Storage, Work};
use crate::shape::Type;
use crate::tape::{Kernel, Tape, Value};

impl Checker<'_> {
    /// A step of one equation reads and writes what the equation does; what is written out reads nothing else (invariant 2).
    fn check_equation(&mut self, step: &Step) {
        let [origin] = &*step.equations else {
            return self.report(format!("it is of {} equations", step.equations.len()));
        };
        let written: Vec<Value> = step.results.iter().map(|y| y.value).collect();
        if written != origin.outputs {
            self.report(format!("it writes {written:?}, the equation {:?}", origin.outputs));
        }
        if matches!(step.work, Work::Single(_) | Work::Scan { .. }) {
            let array = |(x, v): (&Read, &Value)| match self.plan.storage.get(v.index()) {
                Some(Storage::View { root, offset: 0, .. }) if x.repeats => self.plan.array(*root),
                _ => self.plan.array(*v),
            };
            let meant: Vec<Value> = step.operands.iter().zip(&origin.inputs).map(array).collect();
            let read: Vec<Value> = step.operands.iter().map(|x| x.value).collect();
            if read != meant || read.len() != origin.inputs.len() {
                self.report(format!("it reads {read:?}, the equation {:?}", origin.inputs));
            }
        }
        if let Work::Single(op) = &step.work
            && *op != origin.op
        {
            self.report(format!("it runs {}, the equation is {}", op.name(), origin.op.name()));
        }
    }

    pub(super) fn check_work(&mut self, step: &Step) {
        let (operands, results) = (step.operands.len(), step.results.len());
        let counted = match &step.work {
            Work::Fused(program) => {
                program::check(self.plan, program, step, &mut |what| self.report(what));
                return;
            }
            Work::Scan { .. } => {
                self.check_equation(step);
                return self.check_scan(step);
            }
            Work::Single(_) => results == 1,
            Work::Copy { .. } => operands == 1 && results == 1,
            Work::Fill(_) => operands == 0 && results == 1,
        };
        self.check_equation(step);
        if !counted {
            return self.report(format!("it has {operands} operands and {results} results"));
        }
        let ty = &step.results[0].ty;
        match &step.work {
            Work::Single(op) => {
                let types: Vec<&Type> = step.operands.iter().map(|x| &x.ty).collect();
                match op.infer(&types, &[]) {
                    Err(error) => self.report(error.to_string()),
                    Ok(types) if types.len() != 1 || types[0] != *ty => {
                        self.report(format!("{} is {ty}, {} gives {types:?}", step.results[0].value, op.name()));
                    }
                    Ok(_) => {}
                }
            }
            Work::Copy { offset, strides } => {
                if !program::is_inside(&ty.shape, *offset, strides, step.operands[0].ty.shape.size()) {
                    self.report(format!("the view leaves {}", step.operands[0].value));
                }
                if step.operands[0].ty.dtype != ty.dtype {
                    self.report(format!("{} is copied into {ty}", step.operands[0].ty));
                }
            }
            _ => {}
        }
    }

    fn check_scan(&mut self, step: &Step) {
        let Work::Scan { length, constants, states, reverse, body } = &step.work else { return };
        for violation in body.verify() {
            self.report(format!("in the body {}: {violation}", body.name));
        }
        if let [origin] = &*step.equations {
            let (length, constants, states, reverse) = (*length, *constants, *states, *reverse);
            if origin.op.kernel() != (Kernel::Scan { length, constants, states, reverse }) {
                self.report(format!("it is not the loop of {:?}", origin.op));
            }
            match &*origin.bodies {
                [tape] if is_of(body, tape) => {}
                _ => self.report(format!("the body {} is not its equation's", body.name)),
            }
        }
        let whole = constants + states;
        if step.operands.len() != body.inputs.len() || step.results.len() != body.outputs.len() {
            return self.report("operands and results are not those of the body".into());
        }
        if whole > body.inputs.len() || *states > body.outputs.len() {
            return self.report(format!("the body has no {constants} constants and {states} states"));
        }
        let stacked = |ty: &Type| ty.bytes() * length;
        for (i, (x, (_, ty))) in step.operands.iter().zip(&body.inputs).enumerate() {
            if x.ty.bytes() != if i < whole { ty.bytes() } else { stacked(ty) } {
                self.report(format!("{}: {} does not fit the body's {ty}", x.value, x.ty));
            }
        }
        for (i, (y, output)) in step.results.iter().zip(&body.outputs).enumerate() {
            let ty = &output.operand.ty;
            if y.ty.bytes() != if i < *states { ty.bytes() } else { stacked(ty) } {
                self.report(format!("{}: {} does not fit the body's {ty}", y.value, y.ty));
            }
            if i < *states && body.inputs[constants + i].1 != *ty {
                self.report(format!("state {i} is {}, the body returns {ty}", body.inputs[constants + i].1));
            }
        }
    }
}

/// Whether a plan is of a tape: it takes the inputs, computes the equations, and returns the outputs of the tape.
fn is_of(plan: &Plan, tape: &Tape) -> bool {
    let inputs = tape.inputs().iter().map(|v| (*v, tape.type_of(*v).clone()));
    let is_equation = |origin: &Origin| {
        tape.equations().get(origin.equation).is_some_and(|e| {
            (&origin.op, &origin.inputs, &origin.outputs, &origin.bodies) == (&e.op, &e.inputs, &e.outputs, &e.bodies)
        })
    };
    let returned = plan.outputs.iter().map(|output| (output.operand.value, output.operand.ty.clone()));
    // A view, a number or a constant is returned as what it is written into.
    let outputs = tape.outputs().iter().map(|v| (plan.array(*v), tape.type_of(*v).clone()));
    plan.equations == tape.equations().len()
        && plan.storage.len() == tape.value_count()
        && plan.inputs.iter().cloned().eq(inputs)
        && plan.steps.iter().flat_map(|step| &step.equations).all(is_equation)
        && returned.eq(outputs)
}
