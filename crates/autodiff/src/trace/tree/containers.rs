//! Lists, options, boxes, arrays and tuples of trees are trees.

use std::marker::PhantomData;

use super::{Leaf, Node, Path, Tree};

/// Items are called by their index.
impl<T: Tree> Tree for Vec<T> {
    type Leaf = T::Leaf;
    type With<L: Leaf> = Vec<T::With<L>>;

    fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Node<'a, T::Leaf>)) {
        see(path, Node::Count(self.len()));
        for (index, item) in self.iter().enumerate() {
            item.walk(&path.index(index), see);
        }
    }

    fn rebuild<L: Leaf, E>(
        &self,
        path: &Path<'_>,
        f: &mut dyn FnMut(&Path<'_>, &T::Leaf) -> Result<L, E>,
    ) -> Result<Self::With<L>, E> {
        self.iter().enumerate().map(|(index, item)| item.rebuild(&path.index(index), f)).collect()
    }
}

/// Items are called by their index.
impl<T: Tree, const N: usize> Tree for [T; N] {
    type Leaf = T::Leaf;
    type With<L: Leaf> = [T::With<L>; N];

    fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Node<'a, T::Leaf>)) {
        for (index, item) in self.iter().enumerate() {
            item.walk(&path.index(index), see);
        }
    }

    fn rebuild<L: Leaf, E>(
        &self,
        path: &Path<'_>,
        f: &mut dyn FnMut(&Path<'_>, &T::Leaf) -> Result<L, E>,
    ) -> Result<Self::With<L>, E> {
        let items = self.iter().enumerate().map(|(index, item)| item.rebuild(&path.index(index), f));
        Ok(array(items.collect::<Result<_, E>>()?))
    }
}

/// Adds nothing to the path: `bias` is called `bias`, or is not there.
impl<T: Tree> Tree for Option<T> {
    type Leaf = T::Leaf;
    type With<L: Leaf> = Option<T::With<L>>;

    fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Node<'a, T::Leaf>)) {
        match self {
            Some(tree) => {
                see(path, Node::Variant("Some"));
                tree.walk(path, see);
            }
            None => see(path, Node::Variant("None")),
        }
    }

    fn rebuild<L: Leaf, E>(
        &self,
        path: &Path<'_>,
        f: &mut dyn FnMut(&Path<'_>, &T::Leaf) -> Result<L, E>,
    ) -> Result<Self::With<L>, E> {
        self.as_ref().map(|tree| tree.rebuild(path, f)).transpose()
    }
}

/// Adds nothing to the path.
impl<T: Tree> Tree for Box<T> {
    type Leaf = T::Leaf;
    type With<L: Leaf> = Box<T::With<L>>;

    fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Node<'a, T::Leaf>)) {
        (**self).walk(path, see);
    }

    fn rebuild<L: Leaf, E>(
        &self,
        path: &Path<'_>,
        f: &mut dyn FnMut(&Path<'_>, &T::Leaf) -> Result<L, E>,
    ) -> Result<Self::With<L>, E> {
        (**self).rebuild(path, f).map(Box::new)
    }
}

/// The empty tree.
impl<T: Leaf> Tree for PhantomData<T> {
    type Leaf = T;
    type With<L: Leaf> = PhantomData<L>;

    fn walk<'a>(&'a self, _: &Path<'_>, _: &mut dyn FnMut(&Path<'_>, Node<'a, T>)) {}

    fn rebuild<L: Leaf, E>(
        &self,
        _: &Path<'_>,
        _: &mut dyn FnMut(&Path<'_>, &T) -> Result<L, E>,
    ) -> Result<PhantomData<L>, E> {
        Ok(PhantomData)
    }
}

macro_rules! tuples_are_trees {
    ($First:ident $first:tt $(, $Rest:ident $rest:tt)*) => {
        /// Members are called by their index.
        impl<$First: Tree $(, $Rest: Tree<Leaf = $First::Leaf>)*> Tree for ($First, $($Rest,)*) {
            type Leaf = $First::Leaf;
            type With<L: Leaf> = ($First::With<L>, $($Rest::With<L>,)*);

            fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Node<'a, Self::Leaf>)) {
                self.$first.walk(&path.index($first), see);
                $(self.$rest.walk(&path.index($rest), see);)*
            }

            fn rebuild<L: Leaf, E>(
                &self,
                path: &Path<'_>,
                f: &mut dyn FnMut(&Path<'_>, &Self::Leaf) -> Result<L, E>,
            ) -> Result<Self::With<L>, E> {
                Ok((self.$first.rebuild(&path.index($first), f)?, $(self.$rest.rebuild(&path.index($rest), f)?,)*))
            }
        }
    };
}

tuples_are_trees!(A 0);
tuples_are_trees!(A 0, B 1);
tuples_are_trees!(A 0, B 1, C 2);
tuples_are_trees!(A 0, B 1, C 2, D 3);
tuples_are_trees!(A 0, B 1, C 2, D 3, E5 4);
tuples_are_trees!(A 0, B 1, C 2, D 3, E5 4, F6 5);
tuples_are_trees!(A 0, B 1, C 2, D 3, E5 4, F6 5, G 6);
tuples_are_trees!(A 0, B 1, C 2, D 3, E5 4, F6 5, G 6, H 7);

/// An array of the items, of which there are `N`.
#[doc(hidden)]
pub fn array<T, const N: usize>(items: Vec<T>) -> [T; N] {
    let Ok(items) = <[T; N]>::try_from(items) else { unreachable!("an array is rebuilt from its own items") };
    items
}
