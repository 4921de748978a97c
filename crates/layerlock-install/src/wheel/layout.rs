//! Where the files of a wheel land in a layer
//! ([installing a wheel](https://packaging.python.org/en/latest/specifications/binary-distribution-format/#installing-a-wheel-distribution-1-0-py32-none-any-whl)).

use std::collections::{BTreeMap, HashMap};

use layerlock_digest::Digest;
use layerlock_layer::archive::ArchiveProblem;
use layerlock_layer::{ArchiveId, Entry, EntrySource, LayerPath, Mode, OwnerId, PlanBuilder};
use layerlock_target::Target;

use super::contents::{Member, Wheel, WheelContents, in_data_directory};
use super::problem::WheelProblem;
use super::record;
use super::record_fit::RecordFit;

/// Adds the files of a wheel to a plan.
pub(crate) fn push_wheel(
    wheel: &Wheel,
    target: &Target,
    owner: OwnerId,
    keep: &mut dyn FnMut(&Entry) -> bool,
    builder: &mut PlanBuilder,
) -> Result<(), WheelProblem> {
    let mut layout = Layout {
        contents: &wheel.contents,
        target,
        owner,
        archive: builder.archive(&wheel.path),
        entries: Vec::with_capacity(wheel.contents.members.len()),
    };
    layout.spread(keep)?;
    for entry in layout.entries {
        builder.push(entry);
    }
    Ok(())
}

struct Layout<'a> {
    contents: &'a WheelContents,
    target: &'a Target,
    owner: OwnerId,
    archive: ArchiveId,
    entries: Vec<Entry>,
}

impl Layout<'_> {
    fn spread(&mut self, keep: &mut dyn FnMut(&Entry) -> bool) -> Result<(), WheelProblem> {
        let contents = self.contents;
        let site_packages = self.target.site_packages();
        let record = format!("{}/RECORD", contents.dist_info);

        let mut record_holds = contents.record == RecordFit::Exact;
        let mut own_record = None;
        for member in &contents.members {
            if let Some((key, rest)) = in_data_directory(&member.name) {
                record_holds = false;
                self.push_data(member, key, rest)?;
            } else if member.name == record {
                own_record = Some(member);
            } else {
                self.push_member(member, site_packages, &member.name)?;
            }
        }
        for script in &contents.scripts {
            record_holds = false;
            let text = script.text(&self.target.interpreter(), site_packages);
            let path = path(self.target.scripts(), &script.name)?;
            self.push(
                path,
                Mode::Executable,
                EntrySource::Bytes(text.into_bytes().into()),
            );
        }

        let spread = self.entries.len();
        self.entries.retain(|entry| keep(entry));
        self.refuse_two_for_one_place()?;
        record_holds &= self.entries.len() == spread;

        // Where every file lies where the wheel had it, its RECORD holds for the
        // layer too; else it is written anew with the installed paths.
        match own_record {
            Some(member) if record_holds => self.push_member(member, site_packages, &record),
            _ => {
                let bytes = self.installed_record(&record);
                let path = path(site_packages, &record)?;
                self.push(path, Mode::Regular, EntrySource::Bytes(bytes.into()));
                Ok(())
            }
        }
    }

    fn refuse_two_for_one_place(&self) -> Result<(), WheelProblem> {
        let mut seen: HashMap<&LayerPath, &EntrySource> =
            HashMap::with_capacity(self.entries.len());
        for Entry { path, source, .. } in &self.entries {
            if let Some(other) = seen.insert(path, source)
                && other.digest() != source.digest()
            {
                return Err(WheelProblem::TwoForOnePlace(path.to_string()));
            }
        }
        Ok(())
    }

    fn push_data(&mut self, member: &Member, key: &str, rest: &str) -> Result<(), WheelProblem> {
        let site_packages = self.target.site_packages();
        match key {
            // `data` goes to the prefix, for which `pip install --target` takes
            // the target directory itself.
            "purelib" | "platlib" | "data" => self.push_member(member, site_packages, rest),
            "headers" => {
                let dist_info = &self.contents.dist_info;
                let name = dist_info.split('-').next().unwrap_or(dist_info);
                let directory = format!("{site_packages}/include/python/{name}");
                self.push_member(member, &directory, rest)
            }
            "scripts" => self.push_script(member, rest),
            _ => Err(WheelProblem::UnknownScheme(member.name.clone())),
        }
    }

    fn push_script(&mut self, member: &Member, name: &str) -> Result<(), WheelProblem> {
        // A wrapper that an old builder made for a declared command: ours takes
        // its place.
        if self
            .contents
            .scripts
            .iter()
            .any(|script| script.name == name)
        {
            return Ok(());
        }
        let source = match &member.python_script {
            None => EntrySource::Member(self.archive, member.data),
            Some(rest) => {
                let mut text = format!("#!{}", self.target.interpreter()).into_bytes();
                text.extend_from_slice(rest);
                EntrySource::Bytes(text.into())
            }
        };
        let path = path(self.target.scripts(), name)?;
        self.push(path, Mode::Executable, source);
        Ok(())
    }

    fn push_member(
        &mut self,
        member: &Member,
        directory: &str,
        name: &str,
    ) -> Result<(), WheelProblem> {
        let mode = if member.executable {
            Mode::Executable
        } else {
            Mode::Regular
        };
        let source = EntrySource::Member(self.archive, member.data);
        self.push(path(directory, name)?, mode, source);
        Ok(())
    }

    fn push(&mut self, path: LayerPath, mode: Mode, source: EntrySource) {
        self.entries.push(Entry {
            path,
            mode,
            owner: self.owner,
            source,
        });
    }

    /// RECORD for the files as they lie in the layer: paths are relative to
    /// site-packages, as in every installation.
    fn installed_record(&self, record: &str) -> Vec<u8> {
        let site_packages = format!("{}/", self.target.site_packages());
        let mut rows: BTreeMap<String, Option<(Digest, u64)>> = self
            .entries
            .iter()
            .map(|entry| {
                let path = entry.path.as_str();
                let name = match path.strip_prefix(&site_packages) {
                    Some(inside) => inside.to_owned(),
                    None => format!("../{path}"),
                };
                (name, Some((entry.source.digest(), entry.source.size())))
            })
            .collect();
        rows.insert(record.to_owned(), None);
        record::write(&rows)
    }
}

fn path(directory: &str, name: &str) -> Result<LayerPath, WheelProblem> {
    LayerPath::new(format!("{directory}/{name}")).map_err(|reason| {
        let name = name.to_owned();
        ArchiveProblem::Name { name, reason }.into()
    })
}
