/*!
The library behind the `layerlock` command: settings in, one report out.

```no_run
use layerlock::{Settings, Silent, build};

let report = build(&Settings::of_project("services/shop"), &Silent)?;
println!("{report}");
# Ok::<(), layerlock::Error>(())
```

Nothing here prints or exits. Each job takes one struct of settings and gives one
report, which is both [`Display`](std::fmt::Display) and
[`Serialize`](serde::Serialize), so that what people read and what programs read
cannot drift apart.
*/

mod build;
mod cache;
mod configuration;
mod error;
mod export;
mod findings;
mod last_run;
mod outputs;
mod patterns;
mod poetry_credentials;
mod publish;
mod report;
mod settings;

pub use build::{build, install};
pub use cache::{CacheRemoval, CacheReport, cache_folder, clean_cache};
pub use error::{Error, ErrorKind};
pub use export::{ExportFormat, ExportSettings, Exported, export};
pub use layerlock_export::{Choice, Extras, Groups, Place};
pub use layerlock_install::{FrontendKind, Reporter, Silent};
pub use layerlock_layer::{Compression, TemporariesLock, remove_temporaries};
pub use layerlock_target::{Architecture, Provider, RUNTIMES, Runtime, Target};
pub use publish::{PublishSettings, Publishing, publish};
pub use report::{
    ExcludedFiles, ExcludedPackage, Finding, LayerReport, PackageReport, Planned, PublishReport,
    Published, Report, Severity, ZipReport,
};
pub use settings::{CacheLocation, Settings};
