//! The two walks, written from a type's declaration.
//!
//! A struct is treated as an enum of one variant. Each variant is taken apart by a pattern that names its fields
//! `__0`, `__1`, …, visited field by field, and, for `rebuild`, put together again. Names that start with `__` are the
//! macro's own.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Error, Fields, GenericArgument, GenericParam, Generics, Ident, LitStr, Member, Path,
    PathArguments, Result, Type, TypeParam, TypeParamBound, WherePredicate, parse_quote,
};

use crate::krate;

/// `impl Tree for …`.
pub(crate) fn derive_tree(input: &DeriveInput) -> Result<TokenStream> {
    let options = Options::of(&input.attrs)?;
    let engine = options.engine()?;
    let variants = variants(input)?;
    let leaves = Leaves::of(input, &options)?;

    let name = &input.ident;
    let generics = leaves.bounded(&input.generics, &engine);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let leaf = leaves.leaf(&engine);
    let with = leaves.with_other_leaves(input, &engine);

    let walks = variants.iter().map(|variant| variant.walk(&leaves, &engine)).collect::<Result<Vec<_>>>()?;
    let rebuilds =
        variants.iter().map(|variant| variant.rebuild(name, &leaves, &engine)).collect::<Result<Vec<_>>>()?;

    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics #engine::Tree for #name #type_generics #where_clause {
            type Leaf = #leaf;
            type With<__L: #engine::Leaf> = #with;

            fn walk<'__a>(
                &'__a self,
                __path: &#engine::Path<'_>,
                __see: &mut dyn ::core::ops::FnMut(&#engine::Path<'_>, #engine::Node<'__a, Self::Leaf>),
            ) {
                match self {
                    #(#walks)*
                }
            }

            fn rebuild<__L: #engine::Leaf, __E>(
                &self,
                __path: &#engine::Path<'_>,
                __f: &mut dyn ::core::ops::FnMut(
                    &#engine::Path<'_>,
                    &Self::Leaf,
                ) -> ::core::result::Result<__L, __E>,
            ) -> ::core::result::Result<Self::With<__L>, __E> {
                ::core::result::Result::Ok(match self {
                    #(#rebuilds)*
                })
            }
        }
    })
}

/// `impl Static for …`, and a function that compiles only if all fields are `Static`.
pub(crate) fn derive_static(input: &DeriveInput) -> Result<TokenStream> {
    let engine = Options::of(&input.attrs)?.engine()?;
    let variants = variants(input)?;
    let name = &input.ident;
    let mut generics = input.generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(#engine::Static));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let fields = variants.iter().flat_map(|variant| variant.fields.iter()).map(|field| {
        let ty = &field.ty;
        quote_spanned!(ty.span()=> let _ = #engine::static_part::<#ty>;)
    });
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics #engine::Static for #name #type_generics #where_clause {}

        const _: () = {
            #[allow(dead_code)]
            fn fields_are_static #impl_generics () #where_clause {
                #(#fields)*
            }
        };
    })
}

/// What `#[tree(…)]` says.
#[derive(Default)]
struct Options {
    engine: Option<Path>,
    leaf: Option<Ident>,
}

impl Options {
    fn of(attributes: &[Attribute]) -> Result<Options> {
        let mut options = Options::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("tree")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("crate") {
                    options.engine = Some(meta.value()?.parse::<LitStr>()?.parse_with(Path::parse_mod_style)?);
                } else if meta.path.is_ident("leaf") {
                    options.leaf = Some(meta.value()?.parse()?);
                } else {
                    return Err(meta.error("expected `leaf = T` or `crate = \"path\"`"));
                }
                Ok(())
            })?;
        }
        Ok(options)
    }

    /// The module of the engine that the code refers to.
    fn engine(&self) -> Result<Path> {
        let path = match &self.engine {
            Some(path) => path.clone(),
            None => syn::parse_str(&krate::path_to_engine())?,
        };
        Ok(parse_quote!(#path::__tree))
    }
}

/// The type parameters that a walk goes by.
struct Leaves {
    /// Stands for the leaf itself.
    leaf: Option<Ident>,
    /// Stand for trees: those bounded by `Tree`.
    parts: Vec<Ident>,
}

impl Leaves {
    fn of(input: &DeriveInput, options: &Options) -> Result<Leaves> {
        if let Some(lifetime) = input.generics.lifetimes().next() {
            return Err(Error::new(lifetime.span(), "a tree owns its parts: it cannot have a lifetime parameter"));
        }
        let all: Vec<&TypeParam> = input.generics.type_params().collect();
        let (parts, others): (Vec<&TypeParam>, Vec<&TypeParam>) =
            all.iter().partition(|parameter| is_bounded_by_tree(parameter, &input.generics));
        let parts: Vec<Ident> = parts.iter().map(|parameter| parameter.ident.clone()).collect();

        let leaf = match &options.leaf {
            Some(chosen) if others.iter().any(|parameter| parameter.ident == *chosen) => Some(chosen.clone()),
            Some(chosen) => return Err(Error::new(chosen.span(), format!("no type parameter is called `{chosen}`"))),
            None => match others.as_slice() {
                [only] if parts.is_empty() => Some(only.ident.clone()),
                _ => others.iter().map(|parameter| &parameter.ident).find(|name| *name == "T").cloned(),
            },
        };
        if leaf.is_none() && parts.is_empty() {
            let sentence = if others.is_empty() {
                format!("a tree is generic over its leaf: `{}<T = Tensor>`", input.ident)
            } else {
                "which type parameter is the leaf? Call it `T`, or say `#[tree(leaf = …)]`".to_string()
            };
            return Err(Error::new(input.ident.span(), sentence));
        }
        Ok(Leaves { leaf, parts })
    }

    /// The type of the leaf. Without a parameter for it, it is the leaf of the first part.
    fn leaf(&self, engine: &Path) -> TokenStream {
        match (&self.leaf, self.parts.first()) {
            (Some(leaf), _) => quote!(#leaf),
            (None, Some(part)) => quote!(<#part as #engine::Tree>::Leaf),
            (None, None) => unreachable!("`Leaves::of` found one"),
        }
    }

    /// The type's generics with the bounds that make it a tree.
    fn bounded(&self, generics: &Generics, engine: &Path) -> Generics {
        let mut generics = generics.clone();
        let leaf = self.leaf(engine);
        let first_part = self.parts.first().filter(|_| self.leaf.is_none());
        for parameter in generics.type_params_mut() {
            let name = &parameter.ident;
            let bound: TypeParamBound = if Some(name) == self.leaf.as_ref() {
                parse_quote!(#engine::Leaf)
            } else if Some(name) == first_part {
                parse_quote!(#engine::Tree)
            } else if self.parts.contains(name) {
                parse_quote!(#engine::Tree<Leaf = #leaf>)
            } else {
                parse_quote!(#engine::Static)
            };
            parameter.bounds.push(bound);
        }
        generics
    }

    /// The type with its leaves replaced by `__L`.
    fn with_other_leaves(&self, input: &DeriveInput, engine: &Path) -> TokenStream {
        let name = &input.ident;
        let arguments = input.generics.params.iter().map(|parameter| match parameter {
            GenericParam::Type(TypeParam { ident, .. }) if Some(ident) == self.leaf.as_ref() => quote!(__L),
            GenericParam::Type(TypeParam { ident, .. }) if self.parts.contains(ident) => {
                quote!(<#ident as #engine::Tree>::With<__L>)
            }
            GenericParam::Type(TypeParam { ident, .. }) => quote!(#ident),
            GenericParam::Const(parameter) => parameter.ident.to_token_stream(),
            GenericParam::Lifetime(parameter) => parameter.lifetime.to_token_stream(),
        });
        quote!(#name<#(#arguments),*>)
    }

    fn is_leaf(&self, ty: &Type) -> bool {
        self.leaf.as_ref().is_some_and(|leaf| matches!(ty, Type::Path(path) if path.path.is_ident(leaf)))
    }

    fn named_in(&self, tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(name) => Some(&name) == self.leaf.as_ref() || self.parts.contains(&name),
            TokenTree::Group(group) => self.named_in(group.stream()),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        })
    }

    /// How a walk goes on at a field of this type.
    fn shape<'a>(&self, ty: &'a Type) -> Result<Shape<'a>> {
        match ty {
            Type::Group(inner) => self.shape(&inner.elem),
            Type::Paren(inner) => self.shape(&inner.elem),
            _ if self.is_leaf(ty) => Ok(Shape::Leaf),
            _ if !self.named_in(ty.to_token_stream()) => Ok(Shape::Static),
            Type::Array(array) => Ok(Shape::Array(&array.elem)),
            Type::Tuple(tuple) => Ok(Shape::Tuple(tuple.elems.iter().collect())),
            Type::Path(path) => Ok(match container(&path.path) {
                Some((name, item)) if name == "Vec" => Shape::Vec(item),
                Some((name, item)) if name == "Option" => Shape::Option(item),
                Some((name, item)) if name == "Box" => Shape::Box(item),
                _ => Shape::Tree,
            }),
            _ => Err(Error::new(
                ty.span(),
                "a tree owns its parts: a field with leaves is the leaf, a `Vec`, `Option`, `Box`, array or tuple, or \
                 another tree",
            )),
        }
    }
}

/// How a walk goes on at a field.
enum Shape<'a> {
    Leaf,
    Static,
    Tree,
    Vec(&'a Type),
    Array(&'a Type),
    Option(&'a Type),
    Box(&'a Type),
    Tuple(Vec<&'a Type>),
}

fn is_bounded_by_tree(parameter: &TypeParam, generics: &Generics) -> bool {
    let is_tree = |bound: &TypeParamBound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|last| last.ident == "Tree"),
        _ => false,
    };
    let of_parameter = |ty: &Type| matches!(ty, Type::Path(path) if path.path.is_ident(&parameter.ident));
    parameter.bounds.iter().any(is_tree)
        || generics.where_clause.iter().flat_map(|clause| &clause.predicates).any(|predicate| match predicate {
            WherePredicate::Type(one) => of_parameter(&one.bounded_ty) && one.bounds.iter().any(is_tree),
            _ => false,
        })
}

/// The last name of a path and its argument, if it has exactly one: `Vec` and `T` of `std::vec::Vec<T>`.
fn container(path: &Path) -> Option<(&Ident, &Type)> {
    let last = path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match (arguments.args.first(), arguments.args.len()) {
        (Some(GenericArgument::Type(item)), 1) => Some((&last.ident, item)),
        _ => None,
    }
}

/// A variant of an enum, or the whole of a struct, which has no name as a variant.
struct Variant<'a> {
    name: Option<&'a Ident>,
    fields: &'a Fields,
}

fn variants(input: &DeriveInput) -> Result<Vec<Variant<'_>>> {
    match &input.data {
        Data::Struct(data) => Ok(vec![Variant { name: None, fields: &data.fields }]),
        Data::Enum(data) if data.variants.is_empty() => {
            Err(Error::new(input.ident.span(), "an enum without variants has no values, so it is no tree and no field"))
        }
        Data::Enum(data) => {
            Ok(data.variants.iter().map(|it| Variant { name: Some(&it.ident), fields: &it.fields }).collect())
        }
        Data::Union(data) => {
            Err(Error::new(data.union_token.span, "a union does not say which of its fields is there"))
        }
    }
}

impl Variant<'_> {
    /// Each field with the local that the pattern binds it to, and the path to it from `__path`.
    fn bindings(&self) -> impl Iterator<Item = (Ident, TokenStream, &Type)> {
        // One unnamed field is a wrapper and adds no step to the path.
        let is_wrapper = matches!(self.fields, Fields::Unnamed(fields) if fields.unnamed.len() == 1);
        self.fields.members().zip(self.fields).enumerate().map(move |(i, (member, field))| {
            let path = match member {
                _ if is_wrapper => quote!(__path),
                Member::Named(name) => {
                    let name = name.to_string();
                    let name = name.trim_start_matches("r#");
                    quote!(&__path.field(#name))
                }
                Member::Unnamed(index) => {
                    let index = index.index as usize;
                    quote!(&__path.index(#index))
                }
            };
            (format_ident!("__{i}", span = Span::mixed_site()), path, &field.ty)
        })
    }

    /// `Self::Variant { field: __0, 0: __1 }`.
    fn pattern(&self) -> TokenStream {
        let variant = self.name.map(|name| quote!(::#name));
        let members = self.fields.members();
        let locals = self.bindings().map(|(local, ..)| local);
        quote!(Self #variant { #(#members: #locals),* })
    }

    fn walk(&self, leaves: &Leaves, engine: &Path) -> Result<TokenStream> {
        let pattern = self.pattern();
        let head = self.name.map(|name| {
            let name = name.to_string();
            let name = name.trim_start_matches("r#");
            quote!(__see(__path, #engine::Node::Variant(#name));)
        });
        let fields = self
            .bindings()
            .map(|(local, path, ty)| {
                let walk = walk(ty, &quote!(#local), leaves, engine)?;
                Ok(quote!({ let __path = #path; #walk }))
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(quote!(#pattern => { #head #(#fields)* }))
    }

    fn rebuild(&self, name: &Ident, leaves: &Leaves, engine: &Path) -> Result<TokenStream> {
        let pattern = self.pattern();
        let variant = self.name.map(|name| quote!(::#name));
        let fields = self
            .fields
            .members()
            .zip(self.bindings())
            .map(|(member, (local, path, ty))| {
                let rebuild = rebuild(ty, &quote!(#local), leaves, engine)?;
                Ok(quote!(#member: { let __path = #path; #rebuild }))
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(quote!(#pattern => #name #variant { #(#fields),* },))
    }
}

/// A statement that shows what is under the reference `at`, of type `ty`, to `__see`.
fn walk(ty: &Type, at: &TokenStream, leaves: &Leaves, engine: &Path) -> Result<TokenStream> {
    let item = quote!(__item);
    Ok(match leaves.shape(ty)? {
        Shape::Leaf => quote!(__see(__path, #engine::Node::Leaf(#at));),
        // Spanned at the type, so that "is not static" points to the field.
        Shape::Static => {
            let checked = quote_spanned!(ty.span()=> #engine::static_part::<#ty>(#at));
            quote!(__see(__path, #engine::Node::Static(#checked));)
        }
        Shape::Tree => quote_spanned!(ty.span()=> #engine::Tree::walk(#at, __path, &mut *__see);),
        Shape::Vec(inner) => {
            let inner = walk(inner, &item, leaves, engine)?;
            quote! {
                __see(__path, #engine::Node::Count(#at.len()));
                for (__index, #item) in #at.iter().enumerate() {
                    let __path = &__path.index(__index);
                    #inner
                }
            }
        }
        Shape::Array(inner) => {
            let inner = walk(inner, &item, leaves, engine)?;
            quote! {
                for (__index, #item) in #at.iter().enumerate() {
                    let __path = &__path.index(__index);
                    #inner
                }
            }
        }
        Shape::Option(inner) => {
            let inner = walk(inner, &item, leaves, engine)?;
            quote! {
                match #at {
                    ::core::option::Option::Some(#item) => {
                        __see(__path, #engine::Node::Variant("Some"));
                        #inner
                    }
                    ::core::option::Option::None => __see(__path, #engine::Node::Variant("None")),
                }
            }
        }
        Shape::Box(inner) => {
            let inner = walk(inner, &item, leaves, engine)?;
            quote!({ let #item = &**#at; #inner })
        }
        Shape::Tuple(members) => {
            let members = members.iter().enumerate().map(|(i, ty)| {
                let member = syn::Index::from(i);
                let inner = walk(ty, &item, leaves, engine)?;
                Ok(quote!({ let __path = &__path.index(#i); let #item = &#at.#member; #inner }))
            });
            let members = members.collect::<Result<Vec<_>>>()?;
            quote!(#(#members)*)
        }
    })
}

/// An expression for what is under the reference `at`, of type `ty`, with its leaves replaced by `__f`.
fn rebuild(ty: &Type, at: &TokenStream, leaves: &Leaves, engine: &Path) -> Result<TokenStream> {
    let item = quote!(__item);
    Ok(match leaves.shape(ty)? {
        Shape::Leaf => quote!(__f(__path, #at)?),
        Shape::Static => quote!(::core::clone::Clone::clone(#at)),
        Shape::Tree => quote_spanned!(ty.span()=> #engine::Tree::rebuild(#at, __path, &mut *__f)?),
        Shape::Vec(inner) => rebuild_items(inner, at, leaves, engine)?,
        Shape::Array(inner) => {
            let items = rebuild_items(inner, at, leaves, engine)?;
            quote!(#engine::array(#items))
        }
        Shape::Option(inner) => {
            let inner = rebuild(inner, &item, leaves, engine)?;
            quote! {
                match #at {
                    ::core::option::Option::Some(#item) => ::core::option::Option::Some(#inner),
                    ::core::option::Option::None => ::core::option::Option::None,
                }
            }
        }
        Shape::Box(inner) => {
            let inner = rebuild(inner, &item, leaves, engine)?;
            quote!(::std::boxed::Box::new({ let #item = &**#at; #inner }))
        }
        Shape::Tuple(members) => {
            let members = members.iter().enumerate().map(|(i, ty)| {
                let member = syn::Index::from(i);
                let inner = rebuild(ty, &item, leaves, engine)?;
                Ok(quote!({ let __path = &__path.index(#i); let #item = &#at.#member; #inner }))
            });
            let members = members.collect::<Result<Vec<_>>>()?;
            quote!((#(#members,)*))
        }
    })
}

fn rebuild_items(item_type: &Type, at: &TokenStream, leaves: &Leaves, engine: &Path) -> Result<TokenStream> {
    let item = quote!(__item);
    let inner = rebuild(item_type, &item, leaves, engine)?;
    Ok(quote! {{
        let mut __items = ::std::vec::Vec::with_capacity(#at.len());
        for (__index, #item) in #at.iter().enumerate() {
            let __path = &__path.index(__index);
            __items.push(#inner);
        }
        __items
    }})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(input: DeriveInput) -> Result<Leaves> {
        Leaves::of(&input, &Options::of(&input.attrs)?)
    }

    fn sentence(input: DeriveInput) -> String {
        derive_tree(&input).expect_err("this is no tree").to_string()
    }

    #[test]
    fn the_leaf_is_t_or_the_only_parameter_or_the_one_that_is_named() {
        let name = |input| leaves(input).unwrap().leaf.unwrap().to_string();
        assert_eq!(
            name(parse_quote!(
                struct A<K, T>(K, T);
            )),
            "T"
        );
        assert_eq!(
            name(parse_quote!(
                struct A<X>(X);
            )),
            "X"
        );
        assert_eq!(
            name(parse_quote!(
                #[tree(leaf = X)]
                struct A<X, T>(X, T);
            )),
            "X"
        );
        assert!(
            leaves(parse_quote!(
                struct A<X, Y>(X, Y);
            ))
            .is_err()
        );
    }

    #[test]
    fn a_parameter_bounded_by_tree_is_a_part() {
        let found = leaves(parse_quote!(
            struct A<M: Tree, N>(M, N)
            where
                N: quadric::Tree<Leaf = M::Leaf>;
        ))
        .unwrap();
        assert!(found.leaf.is_none());
        assert_eq!(found.parts, ["M", "N"]);
    }

    #[test]
    fn a_field_is_taken_as_it_is_written() {
        let leaves = leaves(parse_quote!(
            struct A<T>(T);
        ))
        .unwrap();
        let shape = |ty: Type| match leaves.shape(&ty).unwrap() {
            Shape::Leaf => "leaf",
            Shape::Static => "static",
            Shape::Tree => "tree",
            Shape::Vec(_) => "vec",
            Shape::Array(_) => "array",
            Shape::Option(_) => "option",
            Shape::Box(_) => "box",
            Shape::Tuple(_) => "tuple",
        };
        assert_eq!(shape(parse_quote!(T)), "leaf");
        assert_eq!(shape(parse_quote!((T))), "leaf");
        assert_eq!(shape(parse_quote!(Vec<usize>)), "static");
        assert_eq!(shape(parse_quote!(Dense)), "static");
        assert_eq!(shape(parse_quote!(nn::Dense<T>)), "tree");
        assert_eq!(shape(parse_quote!(std::vec::Vec<Dense<T>>)), "vec");
        assert_eq!(shape(parse_quote!([T; 2])), "array");
        assert_eq!(shape(parse_quote!(Option<T>)), "option");
        assert_eq!(shape(parse_quote!(Box<T>)), "box");
        assert_eq!(shape(parse_quote!((String, T))), "tuple");
        assert!(leaves.shape(&parse_quote!(&'static T)).is_err());
        assert!(leaves.shape(&parse_quote!(fn(T) -> T)).is_err());
    }

    #[test]
    fn what_is_no_tree_is_told_why() {
        assert_eq!(
            sentence(parse_quote!(
                struct Bias {
                    value: Tensor,
                }
            )),
            "a tree is generic over its leaf: `Bias<T = Tensor>`"
        );
        assert_eq!(
            sentence(parse_quote!(
                struct A<'a, T>(&'a T);
            )),
            "a tree owns its parts: it cannot have a lifetime parameter"
        );
        assert_eq!(
            sentence(parse_quote!(
                #[tree(leaf = X)]
                struct A<T>(T);
            )),
            "no type parameter is called `X`"
        );
        assert_eq!(
            sentence(parse_quote!(
                #[tree(skip)]
                struct A<T>(T);
            )),
            "expected `leaf = T` or `crate = \"path\"`"
        );
    }
}
