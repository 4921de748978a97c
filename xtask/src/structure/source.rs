//! The modules of a crate, as their source says: what each declares, imports and names.
//!
//! Tests are no part of it: what a test uses makes no cycle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree, Visibility};

/// A crate; the first module is its root.
pub(super) struct Source {
    pub(super) modules: Vec<Module>,
}

/// One module.
pub(super) struct Module {
    /// As in `walk::graph`; the root is `crate`.
    pub(super) path: String,
    pub(super) file: PathBuf,
    pub(super) parent: Option<usize>,
    pub(super) children: BTreeMap<String, usize>,
    /// The names that it defines.
    pub(super) items: BTreeSet<String>,
    /// The names that it brings in by `use`, with the paths that they stand for.
    pub(super) imports: Vec<(String, Vec<String>)>,
    /// The paths of `use path::*`.
    pub(super) globs: Vec<Vec<String>>,
    pub(super) references: Vec<Reference>,
}

/// A path that a module names something by.
pub(super) struct Reference {
    pub(super) path: Vec<String>,
    pub(super) line: usize,
    /// Whether it stands in a `pub use` of any scope.
    pub(super) is_reexport: bool,
}

impl Source {
    /// Reads a crate from its `lib.rs` or `main.rs`.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut source = Self {
            modules: Vec::new(),
        };
        let directory = root.parent().context("no parent directory")?;
        source.add_file(None, "crate", root, directory)?;
        Ok(source)
    }

    /// Adds the module of a file, whose child modules are in `directory`.
    fn add_file(
        &mut self,
        parent: Option<usize>,
        name: &str,
        file: &Path,
        directory: &Path,
    ) -> Result<usize> {
        let text = fs_err::read_to_string(file)?;
        let parsed = syn::parse_file(&text)
            .with_context(|| format!("failed to parse {}", file.display()))?;
        let module = self.add(parent, name, file);
        self.add_items(module, &parsed.items, directory)?;
        Ok(module)
    }

    fn add(&mut self, parent: Option<usize>, name: &str, file: &Path) -> usize {
        let path = match parent.map(|parent| &self.modules[parent]) {
            Some(parent) if parent.parent.is_some() => format!("{}::{name}", parent.path),
            _ => name.to_owned(),
        };
        self.modules.push(Module {
            path,
            file: file.to_owned(),
            parent,
            children: BTreeMap::new(),
            items: BTreeSet::new(),
            imports: Vec::new(),
            globs: Vec::new(),
            references: Vec::new(),
        });
        self.modules.len() - 1
    }

    fn add_items(&mut self, module: usize, items: &[Item], directory: &Path) -> Result<()> {
        for item in items.iter().filter(|item| !is_test(attributes(item))) {
            if let Item::Mod(child) = item {
                let name = child.ident.to_string();
                let directory = directory.join(&name);
                let added = if let Some((_, items)) = &child.content {
                    let file = self.modules[module].file.clone();
                    let added = self.add(Some(module), &name, &file);
                    self.add_items(added, items, &directory)?;
                    added
                } else {
                    let file = [directory.with_extension("rs"), directory.join("mod.rs")]
                        .into_iter()
                        .find(|file| file.exists())
                        .with_context(|| format!("no file of module {}", directory.display()))?;
                    self.add_file(Some(module), &name, &file, &directory)?
                };
                self.modules[module].children.insert(name, added);
                continue;
            }
            let module = &mut self.modules[module];
            module.items.extend(name(item));
            Reader { module }.visit_item(item);
        }
        Ok(())
    }
}

/// Collects the paths in an item.
struct Reader<'a> {
    module: &'a mut Module,
}

impl Reader<'_> {
    fn refer(&mut self, path: Vec<String>, span: Span, is_reexport: bool) {
        self.module.references.push(Reference {
            path,
            line: span.start().line,
            is_reexport,
        });
    }

    fn import(&mut self, tree: &UseTree, before: &[String], is_reexport: bool) {
        let with = |name: &syn::Ident| {
            let mut path = before.to_vec();
            // `use a::{self}` is `use a`.
            if path.is_empty() || name != "self" {
                path.push(name.to_string());
            }
            path
        };
        let (alias, name, path) = match tree {
            UseTree::Path(tree) => {
                return self.import(&tree.tree, &with(&tree.ident), is_reexport);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, before, is_reexport);
                }
                return;
            }
            UseTree::Glob(_) => return self.module.globs.push(before.to_vec()),
            UseTree::Name(tree) => (None, &tree.ident, with(&tree.ident)),
            UseTree::Rename(tree) => (Some(&tree.rename), &tree.ident, with(&tree.ident)),
        };
        let bound = alias.map(ToString::to_string).or(path.last().cloned());
        self.module
            .imports
            .extend(bound.map(|bound| (bound, path.clone())));
        self.refer(path, name.span(), is_reexport);
    }

    /// The paths of two or more names in what a macro is given.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path = Vec::new();
        let mut start = Span::call_site();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.end_path(&mut path, start);
                        start = name.span();
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.end_path(&mut path, start);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.end_path(&mut path, start);
    }

    fn end_path(&mut self, path: &mut Vec<String>, start: Span) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.refer(path, start, false);
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_test(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if item.leading_colon.is_none() {
            let is_reexport = !matches!(item.vis, Visibility::Inherited);
            self.import(&item.tree, &[], is_reexport);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let (None, Some(first)) = (&path.leading_colon, path.segments.first()) {
            let names = path.segments.iter();
            let names = names.map(|segment| segment.ident.to_string()).collect();
            self.refer(names, first.ident.span(), false);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone());
    }

    /// `#[serde(with = "path")]` and its like name a path in a string.
    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let syn::Meta::List(list) = &attribute.meta else {
            return;
        };
        if !list.path.is_ident("serde") {
            return;
        }
        for token in list.tokens.clone() {
            if let TokenTree::Literal(literal) = token
                && let Ok(text) = syn::parse2::<syn::LitStr>(TokenTree::from(literal).into())
                && text.value().contains("::")
            {
                let path = text.value().split("::").map(str::to_owned).collect();
                self.refer(path, text.span(), false);
            }
        }
    }
}

/// Whether it is compiled for tests alone.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) => list.path.is_ident("cfg") && needs_test(list.tokens.clone()),
        syn::Meta::NameValue(_) => false,
    })
}

/// Whether the condition of a `cfg` names `test`, and not in a `not`.
fn needs_test(condition: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = condition.into_iter().collect();
    let names =
        |name| move |token: &TokenTree| matches!(token, TokenTree::Ident(found) if found == name);
    if tokens.iter().any(names("not")) {
        return false;
    }
    tokens.iter().any(names("test"))
        || tokens.into_iter().any(|token| match token {
            TokenTree::Group(group) => needs_test(group.stream()),
            _ => false,
        })
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The name that an item defines.
fn name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}
