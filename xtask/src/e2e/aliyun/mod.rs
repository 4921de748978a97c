//! Publishing to Function Compute: on a server that the official SDKs are run against too,
//! so that it is no friend of ours.

mod broken;
mod import;
mod killed;
mod run;
mod sdk;

use crate::checks::Checks;
use crate::e2e::subject::Subject;
use crate::tools::Tools;

/// All checks. The layer of any fixture will do.
pub(crate) fn prove(checks: &mut Checks, subject: &Subject, tools: &Tools) {
    checks.check("the official SDKs are accepted", || sdk::accepted(tools));
    checks.check("signatures are those of the official SDKs", || {
        sdk::recorded(tools)
    });
    checks.check("requests, numpy and pandas import on python3.10", || {
        import::prove(subject, tools)
    });
    checks.check("one list call where nothing changed", || {
        run::unchanged(subject)
    });
    checks.check("list, status, prune, delete, promote and share", || {
        run::upkeep(subject)
    });
    checks.check("120 MB through the temporary bucket and one's own", || {
        run::large(subject)
    });
    checks.check("one version, whatever becomes of requests (aliyun)", || {
        broken::prove(subject)
    });
    checks.check("one version of two runs at once (aliyun)", || {
        killed::at_once(subject)
    });
    checks.check("one version after a kill (aliyun)", || {
        killed::killed(subject)
    });
}
