//! From the rule for one parameter to the step of a model.

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{DType, Error, ErrorKind, Tree, Type, VarTree};

use super::parameter::in_f64;
use super::state::Rules;
use super::{Optimizer, Parameter, State};

/// What keeps the place of a moment that a parameter has not.
pub(super) fn nothing(parameter: &Type) -> Type {
    Type::new(parameter.dtype, [0])
}

/// What an optimizer remembers of a model.
pub(super) struct Memory {
    /// The types of what is remembered of each parameter.
    pub(super) types: Vec<Vec<Type>>,
    /// How many trees that takes.
    pub(super) trees: usize,
    /// Whose it is.
    pub(super) rules: Rules,
}

/// What an optimizer remembers of parameters of these names and types.
pub(super) fn memory<O: Optimizer + ?Sized>(optimizer: &O, names: &[String], types: &[Type]) -> Result<Memory, Error> {
    optimizer.check(names)?;
    let of = |(name, ty): (&String, &Type)| {
        if ty.dtype.is_float() { optimizer.moments(name, ty) } else { Vec::new() }
    };
    let memory: Vec<Vec<Type>> = names.iter().zip(types).map(of).collect();
    let trees = memory.iter().map(Vec::len).max().unwrap_or(0);
    let rules: Vec<&str> = names.iter().zip(types).map(|(name, ty)| optimizer.rule_name(name, ty)).collect();
    Ok(Memory { types: memory, trees, rules: Rules::new(optimizer.name(), &rules) })
}

/// Stops the trace.
#[track_caller]
fn fault(optimizer: &str, kind: ErrorKind, what: String) -> ! {
    stop(Error::new(kind, format!("{optimizer}: {what}")))
}

/// [`Optimizer::update`].
#[track_caller]
pub(super) fn update<O: Optimizer + ?Sized, M: VarTree>(
    optimizer: &O,
    params: &M,
    direction: &M,
    state: &State<M>,
    rate: Var,
) -> (M, State<M>) {
    let own = optimizer.name();
    let trees = std::iter::once(("the direction".to_string(), direction));
    let moments = state.moments.iter().enumerate().map(|(i, tree)| (format!("moment {i}"), tree));
    for (what, tree) in trees.chain(moments) {
        if let Some(difference) = params.first_difference(tree) {
            fault(own, ErrorKind::Arity, format!("{what} and the parameters: {difference}"));
        }
    }
    if rate.shape().rank() != 0 || !rate.dtype().is_float() {
        fault(own, ErrorKind::Shape, format!("the rate is {}, a float scalar is needed", rate.ty()));
    }

    let names = params.leaf_names();
    let types: Vec<Type> = params.leaves().into_iter().map(|w| w.ty()).collect();
    let Memory { types: memory, trees: needed, rules } = match memory(optimizer, &names, &types) {
        Ok(memory) => memory,
        Err(error) => stop(error),
    };
    match (&state.rules, &rules) {
        (theirs, ours) if theirs == ours => {}
        (Rules::One(theirs), Rules::One(_)) => fault(own, ErrorKind::Arity, format!("the state is that of {theirs}")),
        (theirs, ours) => {
            let differs = (0..names.len()).find(|i| theirs.of(*i) != ours.of(*i)).unwrap_or(0);
            let (theirs, ours) = (theirs.of(differs), ours.of(differs));
            let what = format!("in the state {:?} is under {theirs:?}, here under {ours:?}", names[differs]);
            fault(own, ErrorKind::Arity, what);
        }
    }
    let count = Type::new(DType::I32, []);
    if state.step.ty() != count {
        let what = format!("the step count of the state is {}, {count} is needed", state.step.ty());
        fault(own, ErrorKind::Shape, what);
    }
    let given = state.moments.len();
    if given != needed {
        let trees = if given == 1 { "tree" } else { "trees" };
        let what =
            format!("the state has {given} {trees} of moments instead of {needed}: it was made with other settings");
        fault(own, ErrorKind::Arity, what);
    }

    let step = state.step + state.step.number(1.0);
    let t = in_f64(step);
    let (values, directions) = (params.leaves(), direction.leaves());
    let old: Vec<Vec<&Var>> = state.moments.iter().map(Tree::leaves).collect();
    let mut new_values = Vec::with_capacity(values.len());
    let mut new: Vec<Vec<Var>> = vec![Vec::with_capacity(values.len()); needed];
    for (i, name) in names.iter().enumerate() {
        let (w, ty) = (*values[i], &types[i]);
        let moments: Vec<Var> = old.iter().map(|tree| *tree[i]).collect();
        if !ty.dtype.is_float() {
            new_values.push(w);
            new.iter_mut().zip(moments).for_each(|(tree, moment)| tree.push(moment));
            continue;
        }
        if directions[i].ty() != *ty {
            let what = format!("the direction of {name:?} is {}, the parameter {ty}", directions[i].ty());
            fault(own, ErrorKind::Shape, what);
        }
        for (j, moment) in moments.iter().enumerate() {
            let right = memory[i].get(j).cloned().unwrap_or_else(|| nothing(ty));
            if moment.ty() != right {
                let what = format!("moment {j} of {name:?} is {}, {right} is needed", moment.ty());
                fault(own, ErrorKind::Shape, what);
            }
        }
        let (its, rest) = moments.split_at(memory[i].len());
        let rate = rate.convert(ty.dtype);
        let parameter = Parameter { name, value: w, direction: *directions[i], moments: its, step: t, rate };
        let (w, its) = optimizer.rule(&parameter);
        fitting(own, &parameter, w, &its);
        new_values.push(w);
        new.iter_mut().zip(its.iter().chain(rest)).for_each(|(tree, moment)| tree.push(*moment));
    }
    let moments = new.into_iter().map(|leaves| params.with_leaves(leaves)).collect();
    (params.with_leaves(new_values), State { optimizer: own, rules, moments, step })
}

/// Unless a rule has returned what it was given, in number and types.
#[track_caller]
fn fitting(own: &str, given: &Parameter<'_>, value: Var, moments: &[Var]) {
    let name = given.name;
    if moments.len() != given.moments.len() {
        let (made, needed) = (moments.len(), given.moments.len());
        fault(
            own,
            ErrorKind::Arity,
            format!("the number of moments that the rule returns of {name:?} is {made}, {needed} is needed"),
        );
    }
    if value.ty() != given.value.ty() {
        let what =
            format!("the value that the rule returns of {name:?} is {}, {} is needed", value.ty(), given.value.ty());
        fault(own, ErrorKind::Shape, what);
    }
    for (j, (made, old)) in moments.iter().zip(given.moments).enumerate() {
        if made.ty() != old.ty() {
            let what = format!("moment {j} that the rule returns of {name:?} is {}, {} is needed", made.ty(), old.ty());
            fault(own, ErrorKind::Shape, what);
        }
    }
}
