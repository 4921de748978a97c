//! A project with a lock, npm's cache and ours.

use std::collections::BTreeMap;
use std::path::PathBuf;

use data_encoding::BASE64;
use fs_err as fs;
use layerlock_digest::{Algorithm, Digest, Hasher};
use layerlock_layer::{LayerPlan, PlanBuilder, StagingDirectory};
use layerlock_npm::{Error, Layout, Npm, NpmProject, Omit, Store, check_native, push};
use layerlock_target::{Architecture, Provider, Target};
use tempfile::TempDir;

/// A project, npm's cache and ours.
pub(crate) struct Shop {
    pub(crate) root: TempDir,
    pub(crate) packages: BTreeMap<String, serde_json::Value>,
    /// What package.json asks for.
    pub(crate) dependencies: BTreeMap<String, String>,
    /// Where they lie in the layer, and whether package.json and the lock do so too.
    pub(crate) folder: &'static str,
    pub(crate) has_manifests: bool,
}

pub(crate) type File<'f> = (&'f str, &'f [u8], u32);

impl Shop {
    pub(crate) fn new() -> Self {
        Self {
            root: TempDir::new().unwrap(),
            packages: BTreeMap::new(),
            dependencies: BTreeMap::new(),
            folder: "nodejs",
            has_manifests: false,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Locks a package whose tarball is in npm's cache.
    pub(crate) fn package(self, name: &str, files: &[File<'_>], more: &serde_json::Value) -> Self {
        let tarball = tarball(files);
        self.with_tarball(&format!("node_modules/{name}"), &tarball, more)
    }

    pub(crate) fn with_tarball(
        mut self,
        place: &str,
        tarball: &[u8],
        more: &serde_json::Value,
    ) -> Self {
        let digest = sha512(tarball);
        let hex = digest.hex();
        let content = format!(
            "npm/_cacache/content-v2/sha512/{}/{}",
            &hex[..2],
            &hex[2..4]
        );
        fs::create_dir_all(self.path(&content)).unwrap();
        fs::write(self.path(&content).join(&hex[4..]), tarball).unwrap();
        let mut entry = serde_json::json!({
            "version": "1.0.0",
            "integrity": Self::integrity(tarball),
        });
        let object = entry.as_object_mut().unwrap();
        object.extend(more.as_object().unwrap().clone());
        if place.starts_with("node_modules/") && place.matches("node_modules/").count() == 1 {
            let name = place.trim_start_matches("node_modules/").to_owned();
            self.dependencies.insert(name, "1.0.0".to_owned());
        }
        self.packages.insert(place.to_owned(), entry);
        self
    }

    /// The integrity of a tarball, as a lock has it.
    pub(crate) fn integrity(tarball: &[u8]) -> String {
        format!("sha512-{}", BASE64.encode(sha512(tarball).bytes()))
    }

    pub(crate) fn project(&self) -> NpmProject {
        let directory = self.path("project");
        fs::create_dir_all(&directory).unwrap();
        let manifest = serde_json::json!({"dependencies": self.dependencies});
        let mut packages = self.packages.clone();
        packages.insert(String::new(), manifest.clone());
        let lock = serde_json::json!({"lockfileVersion": 3, "packages": packages});
        fs::write(directory.join("package.json"), manifest.to_string()).unwrap();
        fs::write(directory.join("package-lock.json"), lock.to_string()).unwrap();
        NpmProject::read(&directory).unwrap()
    }

    pub(crate) fn plan(&self, target: &Target) -> Result<LayerPlan, Error> {
        let project = self.project();
        let selected = project.select(&[Omit::Dev], target)?;
        let npm = Npm::with_cache(project.directory(), self.path("npm"));
        let store = Store::at(self.path("cache/npm-v2"));
        let packages = store.get(&selected.packages, &npm, &|_| {})?;
        check_native(&selected.packages, &packages, target)?;
        let mut builder = PlanBuilder::default();
        let layout = Layout {
            project: &project,
            packages: &selected.packages,
            store: &packages,
            folder: self.folder,
            has_manifests: self.has_manifests,
            outputs: &[],
        };
        push(&layout, 0, &mut |_| true, &mut builder)?;
        Ok(builder.finish()?)
    }

    /// Path, mode and bytes of each file.
    pub(crate) fn files(&self) -> Vec<(String, u32, Vec<u8>)> {
        let plan = self.plan(&target("nodejs22")).unwrap();
        let staging = self.path("staging");
        let claimed = StagingDirectory::claim(&staging, &plan, |_| true).unwrap();
        claimed
            .prepare(&plan, false)
            .unwrap()
            .put_in_place()
            .unwrap();
        let files = plan.entries().iter().map(|entry| {
            let bytes = fs::read(staging.join(entry.path.as_str())).unwrap();
            (entry.path.to_string(), entry.mode.bits(), bytes)
        });
        files.collect()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.files().into_iter().map(|(name, ..)| name).collect()
    }

    pub(crate) fn fails(&self) -> Error {
        self.plan(&target("nodejs22")).unwrap_err()
    }
}

fn sha512(bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new(Algorithm::Sha512);
    hasher.update(bytes);
    hasher.finish()
}

pub(crate) fn target(runtime: &str) -> Target {
    Target::new(
        Provider::Aws.runtime(runtime).unwrap(),
        Architecture::X86_64,
    )
}

pub(crate) fn tarball(files: &[File<'_>]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes, mode) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(*mode);
        let path = format!("package/{name}");
        builder.append_data(&mut header, path, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

pub(crate) fn none() -> serde_json::Value {
    serde_json::json!({})
}
