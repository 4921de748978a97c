//! The formats in which results are handed over.

use std::fmt;

/// The form in which the next step gets the results of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutputFormat {
    /// The ARNs, one a line.
    Text,
    /// The whole report.
    Json,
    /// `KEY=value` lines for a shell or a .env file.
    Env,
    /// Outputs of a step of GitHub Actions.
    GitHub,
    /// A member `layerlock` in cdk.context.json.
    Cdk,
    /// Variables of Terraform, in layerlock.auto.tfvars.json.
    Terraform,
    /// One line of parameters for `sam deploy --parameter-overrides`.
    Sam,
    /// The `layers:` lines of an s.yaml of Serverless Devs.
    ServerlessDevs,
}

impl OutputFormat {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Env => "env",
            Self::GitHub => "github",
            Self::Cdk => "cdk",
            Self::Terraform => "terraform",
            Self::Sam => "sam",
            Self::ServerlessDevs => "serverless-devs",
        }
    }
}

impl fmt::Display for OutputFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
