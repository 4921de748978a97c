/*!
The library behind the `layerlock` command: settings in, one result out.

```no_run
use layerlock::{Settings, Silent, build};

let built = build(&Settings::for_project("services/shop"), &Silent)?;
println!("{built}");
# Ok::<(), layerlock::Error>(())
```

Nothing here prints or exits. Each job takes one struct of settings. What builds,
publishes or cleans gives a result that is both [`Display`](std::fmt::Display) and
[`Serialize`](serde::Serialize), so that what people read and what programs read
cannot drift apart. An [`Error`] tells its exit code by its [kind](Error::kind), and
[`render_error`] gives it as the command prints it.
*/

mod build;
mod built;
mod bytes;
mod cache;
mod check;
mod check_configuration;
mod checked;
mod choose_file;
mod configuration;
mod default_runtime;
mod diff;
mod dist;
mod error;
mod error_report;
mod error_text;
mod exclude_files;
mod excluded_python;
mod export;
mod export_locked;
mod export_settings;
mod file_conflict;
mod file_plan;
mod findings;
mod git;
mod handover;
mod handover_error;
mod init;
mod kept_facts;
mod last_run;
mod lock;
mod misfits;
mod name_template;
mod output_format;
mod outputs;
mod package_table;
mod placeholders;
mod poetry_credentials;
mod publish;
mod publish_configuration;
mod report;
mod report_file;
mod runtime_fit;
mod settings;
mod size;
mod source_date_epoch;
mod sources;
mod templates;
mod upkeep;
mod why;
mod wording;

pub use build::{build, install, plan, plan_files};
pub use built::{
    Built, BuiltFolder, BuiltLayer, BuiltPackage, BuiltZip, ExcludedFiles, ExcludedPackage,
};
pub use cache::{CacheRemoval, CacheReport, cache_directory, clean_cache};
pub use check::{
    CheckReport, CheckSettings, CheckedFunction, FunctionList, ListedFunction, ListedLayer, check,
    list_functions,
};
pub use checked::{CheckedLayer, CheckedPackage, CheckedTarget, CheckedZip, Imported};
pub use diff::{
    Comparand, DiffReport, DiffSettings, DiffSide, PackageChange, PackageDiff, PackageState, diff,
};
pub use error::Error;
pub use error_report::{ErrorDetails, ErrorPlace, ErrorReport};
pub use error_text::{
    Style, render_error, render_finding, render_message, render_note, render_warning,
    render_with_hint,
};
pub use excluded_python::ExcludedPython;
pub use export::{Exported, export};
pub use export_settings::{ExportFormat, ExportSettings};
pub use file_conflict::FileConflict;
pub use file_plan::{FilePlan, LayerFiles, PackageFile};
pub use handover::{HandedOver, Handover, Results};
pub use handover_error::HandoverError;
pub use init::{Added, Diff, Initialised, init, plan_init};
pub use layerlock_check::{Code, Finding, Severity};
pub use layerlock_diagnostic::{
    Diagnose, EXIT_CHECK_FAILED, EXIT_SUCCESS, ErrorKind, Place, mask_user_info,
};
pub use layerlock_folders::Error as OwnFilesError;
pub use layerlock_install::{FrontendKind, Reporter, Silent};
pub use layerlock_layer::{Compression, TemporariesLock, remove_temporaries};
pub use layerlock_lock::{Choice, Extras, Groups};
pub use layerlock_publish::Change;
pub use layerlock_target::{
    Architecture, Language, Provider, Runtime, Target, TargetError, UnknownProvider, UnknownRuntime,
};
pub use misfits::Misfits;
pub use output_format::OutputFormat;
pub use package_table::{PackageOrder, TextLayout};
pub use publish::{
    AwsDestination, Outcome, Prebuilt, PublishReport, PublishReporter, PublishSettings, Published,
    Publishing, Upload, publish, publish_built, publish_prebuilt,
};
pub use report::{LayerReport, PackageReport, Report, ZipReport};
pub use settings::{CacheLocation, Conflicts, Settings};
pub use size::{
    Duplicate, FileSize, LayerSize, PackageSize, SizeReport, SizeSettings, Sizes, size,
};
pub use upkeep::{
    DeleteReport, DeleteSettings, LayerStatus, ListReport, PromoteReport, PromoteSettings,
    PruneReport, PruneSettings, StatusOutcome, StatusReport, UpkeepSettings, VersionOutcome,
    VersionReport, delete, list, promote, prune, status,
};
pub use why::{Presence, Step, WhyLayer, WhyReport, WhySettings, why};
