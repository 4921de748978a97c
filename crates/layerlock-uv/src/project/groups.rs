//! `[dependency-groups]` (PEP 735): groups may include each other.

use std::collections::BTreeMap;

use layerlock_lock::normalize_name;
use toml::de::DeTable;

use super::requirement::Requirement;
use crate::Error;
use crate::document::{Document, Value};

pub(super) struct Groups<'d, 't> {
    pub(super) document: &'d Document,
    pub(super) table: Option<&'t DeTable<'t>>,
}

impl<'t> Groups<'_, 't> {
    /// Every group with all that it includes.
    pub(super) fn resolve(&self) -> Result<BTreeMap<String, Vec<Requirement>>, Error> {
        let mut resolved = BTreeMap::new();
        for (name, value) in self.table.into_iter().flatten() {
            let name = normalize_name(name.get_ref());
            let mut group = Vec::new();
            self.collect(&name, value, &mut vec![name.clone()], &mut group)?;
            resolved.insert(name, group);
        }
        Ok(resolved)
    }

    /// Whether one includes another.
    pub(super) fn include(&self) -> bool {
        let groups = self.table.into_iter().flatten();
        let mut items = groups.filter_map(|(_, value)| value.get_ref().as_array());
        items.any(|items| items.iter().any(|item| item.get_ref().is_table()))
    }

    fn collect(
        &self,
        name: &str,
        value: &'t Value<'t>,
        within: &mut Vec<String>,
        group: &mut Vec<Requirement>,
    ) -> Result<(), Error> {
        let document = self.document;
        for item in document.array(value, &format!("`{name}`"))? {
            if let Some(text) = item.get_ref().as_str() {
                group.push(Requirement {
                    text: text.to_owned(),
                    span: item.span(),
                });
                continue;
            }
            let included = document.required(item, "include-group", "an item of a group")?;
            let included_name = normalize_name(document.string(included, "`include-group`")?);
            if within.contains(&included_name) {
                let message = format!("the group `{included_name}` includes itself");
                return Err(document.invalid(included.span(), message));
            }
            let value = self.find(&included_name).ok_or_else(|| {
                let message = format!(
                    "the group `{name}` includes `{included_name}`, which the project does not have"
                );
                document.invalid(included.span(), message)
            })?;
            within.push(included_name.clone());
            self.collect(&included_name, value, within, group)?;
            within.pop();
        }
        Ok(())
    }

    fn find(&self, name: &str) -> Option<&'t Value<'t>> {
        let groups = self.table.into_iter().flatten();
        let mut named = groups.filter(|(key, _)| normalize_name(key.get_ref()) == name);
        named.next().map(|(_, value)| value)
    }
}
