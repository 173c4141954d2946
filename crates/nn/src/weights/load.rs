//! From a file into a tree.

use std::collections::{BTreeMap, BTreeSet};

use quadric_autodiff::{Error, Tensor, Tree, Type};

use super::nearest::nearest;
use super::pattern::Pattern;
use super::rule::Rule;
use super::table::Table;
use crate::archive::{Arrays, Conversion, Info, MOST_TOLD, Shown, first_few, stored};
use crate::data::{DataError, DataErrorKind};

/// How to load: strictly and without conversions, unless told otherwise. Made by [`Table::loading`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Loading<'a> {
    table: &'a Table,
    conversion: Conversion,
    lenient: bool,
}

/// A tree with the numbers of a file, and what did not find each other.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loaded<H> {
    /// The tree.
    pub tree: H,
    /// The leaves for which there was no array, and which are those of the tree handed over.
    pub kept: Vec<String>,
    /// The arrays that no leaf read, or of which some part was read by none, without the ignored ones.
    pub unread: Vec<String>,
}

impl Table {
    /// The tree `like` with the numbers of a file (an [`Archive`](crate::archive::Archive), an
    /// [`ArchiveFile`](crate::archive::ArchiveFile), [`Shards`](super::Shards)). Every leaf needs its array, every array that is not ignored
    /// its leaf, and types of numbers must agree; [`Table::loading`] asks for less.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] with what is missing, left over (an array, or the rest of one that is read in parts) or of another shape or type,
    /// the first few of each, in one sentence, before any array has been read; then what reading and converting the arrays meets.
    pub fn load<H: Tree<Leaf = Tensor, With<Tensor> = H>>(&self, from: &impl Arrays, like: &H) -> Result<H, DataError> {
        self.loading().load(from, like).map(|loaded| loaded.tree)
    }

    /// Loading with other settings.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::tensor;
    /// use quadric_nn::{archive::{Archive, Conversion, Entry}, weights::Table};
    /// let mut file = Archive::new();
    /// file.insert(Entry::from_f64("0", &[1], &[0.1]));
    /// file.insert(Entry::from_f64("other", &[1], &[0.2]));
    /// let like = vec![tensor![7.0f32], tensor![8.0f32]];
    /// let loaded = Table::same().loading().convert(Conversion::Rounded).lenient().load(&file, &like)?;
    /// assert_eq!(loaded.tree, [tensor![0.1f32], tensor![8.0f32]]);
    /// assert_eq!((loaded.kept, loaded.unread), (vec!["1".to_owned()], vec!["other".to_owned()]));
    /// # Ok::<(), quadric_nn::data::DataError>(())
    /// ```
    pub fn loading(&self) -> Loading<'_> {
        Loading { table: self, conversion: Conversion::None, lenient: false }
    }
}

/// Where the numbers of a leaf come from.
struct Plan<'a> {
    rule: &'a Rule,
    /// The sources of each piece of the stack; one piece if there is none.
    pieces: Vec<Vec<&'a str>>,
}

/// Why a leaf cannot be filled.
enum Fault {
    NoRule,
    /// The names that are not there.
    Missing(Vec<String>),
    Unfit(String),
}

impl Loading<'_> {
    /// Converts numbers of another type than the leaf's; a finite number that does not fit remains an error.
    pub fn convert(self, conversion: Conversion) -> Self {
        Loading { conversion, ..self }
    }

    /// Keeps the leaves that have no array as they are, and lets arrays be that have no leaf. What does not fit where it belongs
    /// remains an error.
    pub fn lenient(self) -> Self {
        Loading { lenient: true, ..self }
    }

    /// Loads; see [`Table::load`].
    ///
    /// # Errors
    /// Those of [`Table::load`], less what these settings allow.
    pub fn load<H: Tree<Leaf = Tensor, With<Tensor> = H>>(
        &self,
        from: &impl Arrays,
        like: &H,
    ) -> Result<Loaded<H>, DataError> {
        let infos = from.infos();
        let names = like.leaf_names();
        let leaves = like.leaves();
        let plans: Vec<_> = names.iter().zip(&leaves).map(|(name, leaf)| self.plan(name, leaf.ty(), &infos)).collect();

        let mut unread: BTreeSet<&str> = infos.keys().copied().collect();
        for plan in &plans {
            match plan {
                Ok(plan) => plan.pieces.iter().flatten().for_each(|name| _ = unread.remove(name)),
                Err((reads, _)) => reads.iter().for_each(|name| _ = unread.remove(name.as_str())),
            }
        }
        let is_ignored = |name: &str| self.table.ignored.iter().any(|ignored| ignored.matches(name).is_some());
        unread.retain(|name| !is_ignored(name));
        let mut rests = rests(&plans, &infos);
        rests.retain(|name, _| !is_ignored(name));

        let mut faults = Vec::new();
        let mut unfilled = 0;
        let mut kept = Vec::new();
        for ((name, leaf), plan) in names.iter().zip(&leaves).zip(&plans) {
            match plan {
                Err((_, Fault::NoRule | Fault::Missing(_))) if self.lenient => kept.push(name.clone()),
                Err((_, fault)) => {
                    unfilled += 1;
                    // The nearest of so many names is looked for only where it is told.
                    if unfilled <= MOST_TOLD {
                        faults.push(format!("\"{name}\" {} {}", leaf.ty(), told(fault, &unread, &infos)));
                    }
                }
                Ok(_) => {}
            }
        }
        let mut sentences = Vec::new();
        if unfilled > 0 {
            let told = first_few(faults.into_iter(), unfilled, "; ");
            sentences.push(format!("{unfilled} of {} leaves cannot be filled: {told}", leaves.len()));
        }
        let arrays = |n: usize| if n == 1 { "1 array is".to_owned() } else { format!("{n} arrays are") };
        if !self.lenient && !unread.is_empty() {
            let left = unread.iter().map(|name| format!("{} {}", Shown(name), infos[name]));
            let told = first_few(left, unread.len(), ", ");
            sentences.push(format!("{} read by no leaf: {told}", arrays(unread.len())));
        }
        if !self.lenient && !rests.is_empty() {
            let left = rests.iter().map(|(name, rest)| format!("{} {} but {rest}", Shown(name), infos[name]));
            let told = first_few(left, rests.len(), ", ");
            sentences.push(format!("{} read in part: {told}", arrays(rests.len())));
        }
        if !sentences.is_empty() {
            let sentence = format!("{}: {}", from.place(), sentences.join("; and "));
            return Err(DataError::new(DataErrorKind::Mismatch, sentence));
        }
        unread.extend(rests.keys());

        let mut plans = plans.into_iter();
        let tree = like.try_map_leaves(|leaf| match plans.next().expect("a plan for each leaf") {
            Ok(plan) => self.read(&plan, leaf.ty(), from),
            Err(_) => Ok(leaf.clone()),
        })?;
        Ok(Loaded { tree, kept, unread: unread.into_iter().map(str::to_owned).collect() })
    }

    /// Finds a leaf's sources and checks that they fit, by the header alone. An error comes with the names that the leaf would read.
    fn plan<'a>(
        &'a self,
        name: &str,
        ty: &Type,
        infos: &BTreeMap<&'a str, Info>,
    ) -> Result<Plan<'a>, (Vec<String>, Fault)> {
        let found = self.table.rules.iter().find_map(|rule| Some((rule, rule.sources_of(name)?)));
        let Some((rule, sources)) = found else { return Err((Vec::new(), Fault::NoRule)) };
        let pieces = if rule.stack { stacked(&sources, infos) } else { whole(&sources, infos) }?;
        let plan = Plan { rule, pieces };
        match self.misfit(&plan, ty, infos) {
            None => Ok(plan),
            Some(unfit) => {
                let reads = plan.pieces.iter().flatten().map(|name| (*name).to_owned()).collect();
                Err((reads, Fault::Unfit(unfit)))
            }
        }
    }

    fn misfit(&self, plan: &Plan<'_>, ty: &Type, infos: &BTreeMap<&str, Info>) -> Option<String> {
        let rule = plan.rule;
        let mut shapes = Vec::new();
        for sources in &plan.pieces {
            for name in sources {
                let dtype = infos[name].dtype;
                let expected = rule.dtype.unwrap_or(stored(ty.dtype));
                if dtype != expected && self.conversion == Conversion::None {
                    let name = Shown(name);
                    return Some(format!(
                        "needs {expected}, {name} is {}, and no conversion was asked for",
                        infos[name.0]
                    ));
                }
            }
            let arrays: Vec<Vec<usize>> = sources.iter().map(|name| infos[name].shape.clone()).collect();
            let taken = rule.take.shape(&arrays);
            match taken.and_then(|shape| rule.each.iter().try_fold(shape, |shape, step| step.shape(&shape))) {
                Ok(shape) => shapes.push(shape),
                Err(fault) => return Some(format!("does not get what {} has: {fault}", Shown(sources[0]))),
            }
        }
        let first = plan.pieces[0][0];
        if let Some(at) = shapes.iter().position(|shape| *shape != shapes[0]) {
            let (a, b) = (Shown(first), Shown(plan.pieces[at][0]));
            return Some(format!("is stacked of unlike arrays: {:?} of {a}, {:?} of {b}", shapes[0], shapes[at]));
        }
        let mut shape = shapes[0].clone();
        if rule.stack {
            shape.insert(0, shapes.len());
        }
        for step in &rule.after {
            match step.shape(&shape) {
                Ok(next) => shape = next,
                Err(fault) => return Some(format!("does not get what {} has: {fault}", Shown(first))),
            }
        }
        if shape != ty.shape.to_vec() {
            let turned: Vec<usize> = shape.iter().rev().copied().collect();
            let hint = if turned == ty.shape.to_vec() { " (transposed it fits)" } else { "" };
            return Some(format!("gets {shape:?} from {} {}{hint}", Shown(first), infos[first]));
        }
        None
    }

    fn read(&self, plan: &Plan<'_>, ty: &Type, from: &impl Arrays) -> Result<Tensor, DataError> {
        let rule = plan.rule;
        let conversion = match self.conversion {
            Conversion::None if rule.dtype.is_some() => Conversion::Exact,
            conversion => conversion,
        };
        let engine = |error: Error| {
            let what = format!("{}: {}: {error}", from.place(), Shown(plan.pieces[0][0]));
            DataError::new(DataErrorKind::Unsupported, what).caused_by(error)
        };
        let piece = |sources: &Vec<&str>| {
            let mut arrays = Vec::new();
            for name in sources {
                let tensor = from.array(name)?.tensor_as(ty.dtype, conversion).map_err(|error| {
                    DataError::new(error.kind(), format!("{}: {error}", from.place())).caused_by(error)
                })?;
                arrays.push(tensor);
            }
            let taken = rule.take.apply(&arrays);
            rule.each.iter().try_fold(taken.map_err(engine)?, |x, step| step.apply(&x).map_err(engine))
        };
        let mut pieces = plan.pieces.iter().map(piece).collect::<Result<Vec<Tensor>, DataError>>()?;
        let x = if rule.stack { Tensor::stack(&pieces, 0).map_err(engine)? } else { pieces.remove(0) };
        rule.after.iter().try_fold(x, |x, step| step.apply(&x).map_err(engine))
    }
}

/// What is read of an array, by axis: starts and ends.
type Ranges = BTreeMap<usize, Vec<(usize, usize)>>;

type Planned<'a> = Result<Plan<'a>, (Vec<String>, Fault)>;

/// What nobody reads of the arrays that are read in parts: `2..4 on axis 0`. An array that a leaf without a plan would read is not looked at.
fn rests<'a>(plans: &[Planned<'a>], infos: &BTreeMap<&'a str, Info>) -> BTreeMap<&'a str, String> {
    let mut parts: BTreeMap<&str, Ranges> = BTreeMap::new();
    for plan in plans.iter().flatten() {
        for &name in plan.pieces.iter().flatten() {
            if let Some((axis, start, end)) = plan.rule.take.range(&infos[name].shape) {
                parts.entry(name).or_default().entry(axis).or_default().push((start, end));
            }
        }
    }
    for plan in plans {
        match plan {
            Ok(plan) => plan.pieces.iter().flatten().for_each(|&name| {
                if plan.rule.take.range(&infos[name].shape).is_none() {
                    parts.remove(name);
                }
            }),
            Err((reads, _)) => reads.iter().for_each(|name| _ = parts.remove(name.as_str())),
        }
    }
    // Parts along several axes leave something over if and only if those along each axis do.
    let rest = |(name, axes): (&'a str, Ranges)| {
        let gaps: Vec<String> =
            axes.into_iter().map(|(axis, read)| gaps(read, infos[name].shape[axis], axis)).collect();
        gaps.iter().all(|gaps| !gaps.is_empty()).then(|| (name, gaps.join(" and ")))
    };
    parts.into_iter().filter_map(rest).collect()
}

/// The ranges below `size` that none of those that are read covers.
fn gaps(mut read: Vec<(usize, usize)>, size: usize, axis: usize) -> String {
    read.sort_unstable();
    let (mut gaps, mut end) = (Vec::new(), 0);
    for (start, next) in read.into_iter().chain([(size, size)]) {
        if start > end {
            gaps.push(format!("{end}..{start}"));
        }
        end = end.max(next);
    }
    if gaps.is_empty() { String::new() } else { format!("{} on axis {axis}", gaps.join(", ")) }
}

fn whole<'a>(sources: &[Pattern], infos: &BTreeMap<&'a str, Info>) -> Result<Vec<Vec<&'a str>>, (Vec<String>, Fault)> {
    let names: Vec<String> = sources.iter().map(Pattern::to_string).collect();
    let found: Vec<&str> =
        names.iter().filter_map(|name| infos.get_key_value(name.as_str())).map(|(name, _)| *name).collect();
    if found.len() == names.len() {
        return Ok(vec![found]);
    }
    let missing = names.iter().filter(|name| !infos.contains_key(name.as_str())).cloned().collect();
    Err((names, Fault::Missing(missing)))
}

/// The arrays that a last star counts: 0, 1, … without a gap, equally many of each source.
fn stacked<'a>(
    sources: &[Pattern],
    infos: &BTreeMap<&'a str, Info>,
) -> Result<Vec<Vec<&'a str>>, (Vec<String>, Fault)> {
    let mut columns: Vec<BTreeMap<usize, &'a str>> = Vec::new();
    for source in sources {
        let number = |name: &'a str| {
            let text = *source.matches(name)?.first()?;
            // `01` is no number here: it would be written back as `1`.
            text.parse().ok().filter(|number: &usize| number.to_string() == text).map(|number| (number, name))
        };
        columns.push(infos.keys().filter_map(|name| number(name)).collect());
    }
    let reads: Vec<String> = columns.iter().flat_map(|column| column.values()).map(|name| (*name).to_owned()).collect();
    let n =
        columns.iter().filter_map(|column| column.keys().next_back()).max().map_or(0, |last| last.saturating_add(1));
    let mut missing = Vec::new();
    for (source, column) in sources.iter().zip(&columns) {
        if n == 0 {
            missing.push(source.to_string());
        } else if column.len() < n {
            // Named up to a few: a lone 4000000000 must not make a list of as many.
            let gaps = (0..n).filter(|i| !column.contains_key(i)).take(8);
            missing.extend(gaps.map(|i| source.filled(&[&i.to_string()]).to_string()));
        }
    }
    if !missing.is_empty() {
        return Err((reads, Fault::Missing(missing)));
    }
    Ok((0..n).map(|i| columns.iter().map(|column| column[&i]).collect()).collect())
}

fn told(fault: &Fault, unread: &BTreeSet<&str>, infos: &BTreeMap<&str, Info>) -> String {
    match fault {
        Fault::NoRule => "has no rule".to_owned(),
        Fault::Unfit(sentence) => sentence.clone(),
        Fault::Missing(names) => {
            let one = |name: &String| match nearest(name, unread.iter().copied()) {
                Some(near) => format!("{} (nearest: {} {})", Shown(name), Shown(near), infos[near]),
                None => Shown(name).to_string(),
            };
            let names: Vec<String> = names.iter().map(one).collect();
            format!("has no {}", names.join(", no "))
        }
    }
}
