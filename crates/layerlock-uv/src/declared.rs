//! What a project declares and its lock repeats, in the same words.

use std::collections::BTreeSet;
use std::ops::Range;

use layerlock_lock::normalize_name;
use toml::de::DeTable;

use crate::Error;
use crate::document::Document;

/// What may not be chosen together with others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ConflictItem {
    pub(crate) package: String,
    pub(crate) extra: Option<String>,
    pub(crate) group: Option<String>,
}

/// A set of conflicts, in order, and where it stands.
pub(crate) type Conflicts = (Vec<ConflictItem>, Range<usize>);

/// The sets of conflicts of a table. `own` is what those without a package are of.
pub(crate) fn conflicts(
    document: &Document,
    table: &DeTable<'_>,
    own: Option<&str>,
) -> Result<Vec<Conflicts>, Error> {
    let mut sets = Vec::new();
    for set in document.array_at(table, "conflicts")? {
        let mut items = Vec::new();
        for value in document.array(set, "a set of conflicts")? {
            let table = document.table(value, "a conflict")?;
            let text = |key| Ok::<_, Error>(document.text_at(table, key)?.map(normalize_name));
            let package = match (text("package")?, own) {
                (Some(package), _) => package,
                (None, Some(own)) => own.to_owned(),
                (None, None) => {
                    let package = document.required(value, "package", "a conflict")?;
                    normalize_name(document.string(package, "`package`")?)
                }
            };
            items.push(ConflictItem {
                package,
                extra: text("extra")?,
                group: text("group")?,
            });
        }
        items.sort();
        sets.push((items, document.in_file(set.span())));
    }
    Ok(sets)
}

/// The groups that go with a project's own dependencies where nobody says otherwise.
#[derive(Debug, Default)]
pub(crate) enum DefaultGroups {
    /// uv's own are `dev`. A layer is no development environment.
    #[default]
    Unset,
    All,
    Named(Vec<(String, Range<usize>)>),
}

impl DefaultGroups {
    /// Reads `default-groups` of a table.
    pub(crate) fn read(document: &Document, table: &DeTable<'_>) -> Result<Self, Error> {
        let Some(value) = table.get("default-groups") else {
            return Ok(Self::Unset);
        };
        match value.get_ref().as_str() {
            Some("all") => Ok(Self::All),
            Some(_) => {
                Err(document.invalid(value.span(), "`default-groups` is a list, or \"all\""))
            }
            None => {
                let values = document.array(value, "`default-groups`")?.iter();
                let named = values.map(|value| {
                    let name = normalize_name(document.string(value, "a group")?);
                    Ok((name, document.in_file(value.span())))
                });
                Ok(Self::Named(named.collect::<Result<_, Error>>()?))
            }
        }
    }

    /// Whether both mean the same for uv.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let names = |one: &Self| match one {
            Self::Unset => Some(BTreeSet::from(["dev".to_owned()])),
            Self::All => None,
            Self::Named(named) => Some(named.iter().map(|(name, _)| name.clone()).collect()),
        };
        names(self) == names(other)
    }
}
