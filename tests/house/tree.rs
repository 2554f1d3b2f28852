//! The modules of a crate, in reading order: those that its root declares, and all that these
//! declare.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Item, ItemMod, Lit, Meta, Token, UseTree};

use super::paths::{Use, absolute, paths};

/// The texts of files, by their paths.
pub(crate) type Sources = BTreeMap<PathBuf, String>;

/// A file of a crate, and its declarations, imports and paths.
#[derive(Debug)]
pub(crate) struct Module {
    /// Its names from the root on: `crate`, `cli`, `node`. If one file replaces another
    /// depending on a feature, both have the same names.
    pub(crate) names: Vec<String>,
    /// The path of the file.
    pub(crate) file: PathBuf,
    /// The modules in separate files that it declares, in order.
    pub(crate) children: Vec<String>,
    /// The functions that it defines, except methods.
    pub(crate) functions: BTreeSet<String>,
    /// Its imports, public or not: the name here, and the path there.
    pub(crate) imports: Vec<(String, Vec<String>)>,
    /// All paths in its text.
    pub(crate) uses: Vec<Use>,
}

/// The target of a path in a crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The names of the module.
    pub(crate) module: Vec<String>,
    /// The item in it; `None` for the module as a whole.
    pub(crate) item: Option<String>,
}

/// The modules of a crate: the root, and after each module its children.
pub(crate) struct Tree(pub(crate) Vec<Module>);

impl Tree {
    /// Reads a crate from its root.
    pub(crate) fn read(sources: &Sources, root: &str) -> Tree {
        let mut tree = Tree(Vec::new());
        tree.add(sources, vec!["crate".to_owned()], Path::new(root), true);
        tree
    }

    /// Adds the module of a file, and the modules that it declares. `is_folder` means that
    /// their files are beside it, and not in a folder with its name.
    fn add(&mut self, sources: &Sources, names: Vec<String>, file: &Path, is_folder: bool) {
        let text = sources.get(file).unwrap_or_else(|| panic!("no file {}", file.display()));
        let tokens: TokenStream = text.parse().expect("the tokens of a source file");
        let parsed = syn::parse2::<syn::File>(tokens.clone());
        let items = parsed.unwrap_or_else(|error| panic!("{}: {error}", file.display())).items;
        let declared: Vec<_> = items.iter().filter_map(declaration).collect();
        self.0.push(Module {
            names: names.clone(),
            file: file.to_owned(),
            children: declared.iter().map(|item| item.ident.to_string()).collect(),
            functions: items.iter().filter_map(function).collect(),
            imports: items.iter().flat_map(imports).collect(),
            uses: paths(tokens),
        });
        for item in declared {
            let names = [&names[..], &[item.ident.to_string()]].concat();
            for (file, is_folder) in files(sources, item, file, is_folder) {
                self.add(sources, names.clone(), &file, is_folder);
            }
        }
    }

    /// The files of a module: one, or two that replace each other.
    pub(crate) fn named(&self, names: &[String]) -> impl Iterator<Item = &Module> {
        self.0.iter().filter(move |module| module.names == names)
    }

    /// The target of a path from the root, through every import on the way.
    pub(crate) fn targets(&self, path: &[String]) -> Vec<Target> {
        let mut len = 1;
        while len < path.len() && self.named(&path[..=len]).next().is_some() {
            len += 1;
        }
        let (module, rest) = path.split_at(len);
        let Some((item, further)) = rest.split_first() else {
            return self.of_module(path);
        };
        let imported = self.imported(module, item, further);
        match imported.is_empty() {
            true => vec![Target { module: module.to_vec(), item: Some(item.clone()) }],
            false => imported,
        }
    }

    /// A path that names a module may also name something that its parent imports: a function
    /// with that name, or the replacement of the module without a feature.
    fn of_module(&self, path: &[String]) -> Vec<Target> {
        let (name, parent) = path.split_last().expect("a path has a root");
        let mut targets = self.imported(parent, name, &[]);
        targets.push(Target { module: path.to_vec(), item: None });
        targets
    }

    fn imported(&self, module: &[String], item: &str, further: &[String]) -> Vec<Target> {
        let imports = self.named(module).flat_map(|module| &module.imports);
        let named = imports.filter(|(name, _)| name == item);
        let paths = named.filter_map(|(_, path)| self.rooted(module, path));
        let paths = paths.filter(|path| path[..] != [module, &[item.to_owned()]].concat());
        paths.flat_map(|path| self.targets(&[&path[..], further].concat())).collect()
    }

    /// The path from the root, also for a path that begins with a child's name.
    fn rooted(&self, here: &[String], path: &[String]) -> Option<Vec<String>> {
        let child = [here, &path[..1]].concat();
        let is_child = self.named(&child).next().is_some();
        absolute(here, path).or_else(|| is_child.then(|| [here, path].concat()))
    }
}

/// A module in a separate file.
fn declaration(item: &Item) -> Option<&ItemMod> {
    match item {
        Item::Mod(item) if item.content.is_none() => Some(item),
        _ => None,
    }
}

fn function(item: &Item) -> Option<String> {
    match item {
        Item::Fn(item) => Some(item.sig.ident.to_string()),
        _ => None,
    }
}

fn imports(item: &Item) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    if let Item::Use(item) = item {
        spread(&item.tree, &mut Vec::new(), &mut found);
    }
    found
}

/// Splits the braces of a `use`.
fn spread(tree: &UseTree, path: &mut Vec<String>, found: &mut Vec<(String, Vec<String>)>) {
    let depth = path.len();
    match tree {
        UseTree::Path(tree) => {
            path.push(tree.ident.to_string());
            spread(&tree.tree, path, found);
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| spread(tree, path, found)),
        UseTree::Name(name) if name.ident == "self" => {
            found.push((path.last().cloned().unwrap_or_default(), path.clone()));
        }
        UseTree::Name(name) => {
            path.push(name.ident.to_string());
            found.push((name.ident.to_string(), path.clone()));
        }
        UseTree::Rename(name) => {
            path.push(name.ident.to_string());
            found.push((name.rename.to_string(), path.clone()));
        }
        _ => {}
    }
    path.truncate(depth);
}

/// The possible files of a declared module, and whether the files of its children are beside
/// it.
fn files(
    sources: &Sources,
    item: &ItemMod,
    parent: &Path,
    is_folder: bool,
) -> Vec<(PathBuf, bool)> {
    let beside = parent.parent().expect("a file stands in a folder");
    let folder = if is_folder { beside.to_owned() } else { parent.with_extension("") };
    let name = item.ident.to_string();
    let fixed = item.attrs.iter().filter_map(|attribute| path_of(&attribute.meta));
    let on_condition = item.attrs.iter().flat_map(conditional).filter_map(|meta| path_of(&meta));
    let fixed: Vec<_> = fixed.map(|path| (beside.join(path), true)).collect();
    let mut files: Vec<_> = on_condition.map(|path| (beside.join(path), true)).collect();
    if fixed.is_empty() {
        let usual = [(format!("{name}.rs"), false), (format!("{name}/mod.rs"), true)];
        let usual = usual.map(|(path, is_folder)| (folder.join(path), is_folder));
        files.extend(usual.into_iter().filter(|(path, _)| sources.contains_key(path)));
    }
    files.extend(fixed);
    assert!(!files.is_empty(), "{} declares {name}, which has no file", parent.display());
    files
}

/// The path in `path = "..."`.
fn path_of(meta: &Meta) -> Option<String> {
    let Meta::NameValue(meta) = meta else { return None };
    match &meta.value {
        Expr::Lit(value) if meta.path.is_ident("path") => match &value.lit {
            Lit::Str(path) => Some(path.value()),
            _ => None,
        },
        _ => None,
    }
}

/// The attributes that `cfg_attr` adds on a condition.
fn conditional(attribute: &Attribute) -> Vec<Meta> {
    if !attribute.path().is_ident("cfg_attr") {
        return Vec::new();
    }
    let list = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    list.expect("a condition, and attributes").into_iter().skip(1).collect()
}
