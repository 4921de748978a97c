use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use layerlock::{BuiltLayer, CacheLocation, Settings, Silent};
use layerlock_testkit::{
    LockedPackage, LoopbackIndex, ProjectBuilder, SharedLibrary, TestProject, Wheel, WheelBuilder,
    sha256_hex,
};
use tempfile::TempDir;

/// A configured staging directory.
pub(crate) const STAGED: &str = "[tool.layerlock]\nstaging = \"lambda_dependencies\"\n";

/// A project, the index that has its wheels, and an empty cache.
pub(crate) struct Shop {
    pub(crate) project: TestProject,
    pub(crate) index: LoopbackIndex,
    pub(crate) cache: TempDir,
}

impl Shop {
    pub(crate) fn new<'a>(
        project: &ProjectBuilder,
        wheels: impl IntoIterator<Item = &'a Wheel>,
    ) -> Self {
        Self {
            project: project.write(),
            index: LoopbackIndex::with_wheels(wheels),
            cache: TempDir::new().unwrap(),
        }
    }

    /// A project with [`wheels`] and these tables in pyproject.toml.
    pub(crate) fn configured(toml: &str) -> Self {
        let wheels = wheels();
        Self::new(&project_of(&wheels).pyproject(toml), &wheels)
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            index_url: Some(self.index.url()),
            cache: CacheLocation::At(self.cache.path().to_owned()),
            ..Settings::for_project(self.project.path())
        }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.project.path().join(below)
    }

    /// Builds the one layer.
    pub(crate) fn build(&self) -> BuiltLayer {
        build_one(&self.settings())
    }
}

pub(crate) fn build_one(settings: &Settings) -> BuiltLayer {
    let report = layerlock::build(settings, &Silent).unwrap();
    let [layer] = report.layers.try_into().unwrap();
    layer
}

/// How ELF files number a processor.
pub(crate) fn elf_machine(machine: &str) -> u16 {
    match machine {
        "x86_64" => 62,
        "aarch64" => 183,
        other => panic!("no number for {other}"),
    }
}

/// A pure wheel with a command, and one for each of two platforms.
pub(crate) fn wheels() -> [Wheel; 3] {
    let native = |machine: &str| {
        let core = SharedLibrary::new(elf_machine(machine)).exports(&["PyInit_core"]);
        WheelBuilder::new("native", "2.0")
            .tag(&format!("cp312-cp312-manylinux_2_28_{machine}"))
            .file("native/__init__.py", "")
            .executable("native/core.so", core.padded(8000).build())
            .build()
    };
    let pure = WheelBuilder::new("pure", "1.0")
        .file("pure/__init__.py", "VALUE = 1\n".repeat(100))
        .entry_point("console_scripts", "pure", "pure:main")
        .stored()
        .build();
    [pure, native("x86_64"), native("aarch64")]
}

/// The project `shop` for python3.12 that locks [`wheels`].
pub(crate) fn project_of([pure, x86_64, aarch64]: &[Wheel; 3]) -> ProjectBuilder {
    let native = layerlock_testkit::LockedPackage::from(x86_64).wheel(aarch64);
    ProjectBuilder::new("shop")
        .requires_python(">=3.12,<3.13")
        .package(pure)
        .package(native)
}

/// Everything below a directory: directories, and files with their permissions and
/// bytes (as a hash).
pub(crate) fn tree(directory: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        let Ok(entries) = fs_err::read_dir(&next) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(directory).unwrap().to_str().unwrap();
            let metadata = fs_err::symlink_metadata(&path).unwrap();
            let fact = if metadata.is_dir() {
                directories.push(path.clone());
                "directory".to_owned()
            } else {
                let bytes = fs_err::read(&path).unwrap();
                format!("{:?} {}", metadata.permissions(), sha256_hex(&bytes))
            };
            found.insert(name.replace('\\', "/"), fact);
        }
    }
    found
}

/// The files below a directory and their bytes.
pub(crate) fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    tree(directory)
        .into_iter()
        .filter(|(_, fact)| fact != "directory")
        .map(|(name, _)| {
            let bytes = fs_err::read(directory.join(&name)).unwrap();
            (name, bytes)
        })
        .collect()
}

/// A wheel of `name` for some Python on x86_64.
pub(crate) fn native(name: &str, minor: u8) -> Wheel {
    WheelBuilder::new(name, "1.0")
        .tag(&format!("cp3{minor}-cp3{minor}-manylinux_2_17_x86_64"))
        .build()
}

/// A project whose packages have wheels for these minor releases of Python.
pub(crate) fn shop_of_natives(
    requires_python: &str,
    packages: &[(&str, &[u8])],
    configuration: &str,
) -> Shop {
    let mut project = ProjectBuilder::new("shop")
        .requires_python(requires_python)
        .pyproject(configuration);
    let mut served = Vec::new();
    for (name, minors) in packages {
        let wheels: Vec<Wheel> = minors.iter().map(|minor| native(name, *minor)).collect();
        let mut package = LockedPackage::from(&wheels[0]);
        for wheel in &wheels[1..] {
            package = package.wheel(wheel);
        }
        project = project.package(&package);
        served.extend(wheels);
    }
    Shop::new(&project, &served)
}

/// A member of a zip: bytes and permission bits.
pub(crate) type Member = (Vec<u8>, u32);

pub(crate) fn unzipped(zip: &Path) -> BTreeMap<String, Member> {
    let mut archive = zip::ZipArchive::new(fs_err::File::open(zip).unwrap()).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut member = archive.by_index(index).unwrap();
            let mut bytes = Vec::new();
            // Reading to the end checks the CRC.
            member.read_to_end(&mut bytes).unwrap();
            // 1980-01-01: nothing tells when it was built.
            assert_eq!(member.last_modified(), Some(zip::DateTime::default()));
            let mode = member.unix_mode().unwrap() & 0o777;
            (member.name().unwrap().to_string(), (bytes, mode))
        })
        .collect()
}
