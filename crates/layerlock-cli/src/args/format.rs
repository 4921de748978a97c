//! In which format results are handed over, and where to.

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum};
use layerlock::OutputFormat;

use super::misuse::Misuse;

/// Options of every command whose results the next step reads.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Output")]
pub(crate) struct HandoverArgs {
    /// What the next step reads: ARNs of `publish`, zips of `build` (all but cdk, sam
    /// and serverless-devs)
    /// [default: text]
    #[arg(long, value_name = "FORMAT")]
    output_format: Option<OutputFormatArg>,
    /// File for that, - for standard output [default: the format's own]
    #[arg(long, value_name = "FILE")]
    output_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormatArg {
    /// The report for people, and ARNs one a line
    Text,
    /// One JSON object, as with --json
    Json,
    /// `LAYERLOCK_BASE_ARN=...` lines, for shells and .env files
    Env,
    /// Outputs of a GitHub Actions step, added to `$GITHUB_OUTPUT`
    Github,
    /// Context of a CDK app, in cdk.context.json of the project
    Cdk,
    /// Variables of Terraform, in layerlock.auto.tfvars.json of the project
    Terraform,
    /// One line for `sam deploy --parameter-overrides`
    Sam,
    /// The `layers:` lines of an s.yaml (Serverless Devs)
    ServerlessDevs,
}

/// What is asked for besides the report.
pub(crate) struct Asked {
    pub(crate) format: OutputFormat,
    pub(crate) file: Option<PathBuf>,
}

impl HandoverArgs {
    /// The format and the file, where they are not what standard output gets anyway.
    pub(crate) fn asked(&self, json: bool) -> Option<Asked> {
        let format = match self.output_format {
            None if json => OutputFormat::Json,
            None | Some(OutputFormatArg::Text) => OutputFormat::Text,
            Some(OutputFormatArg::Json) => OutputFormat::Json,
            Some(OutputFormatArg::Env) => OutputFormat::Env,
            Some(OutputFormatArg::Github) => OutputFormat::GitHub,
            Some(OutputFormatArg::Cdk) => OutputFormat::Cdk,
            Some(OutputFormatArg::Terraform) => OutputFormat::Terraform,
            Some(OutputFormatArg::Sam) => OutputFormat::Sam,
            Some(OutputFormatArg::ServerlessDevs) => OutputFormat::ServerlessDevs,
        };
        let is_plain = matches!(format, OutputFormat::Text | OutputFormat::Json);
        let file = self.file().map(Path::to_owned);
        (!is_plain || file.is_some()).then_some(Asked { format, file })
    }

    /// The file, where it is not what a format without one has anyway.
    fn file(&self) -> Option<&Path> {
        let file = self.output_file.as_deref()?;
        let is_line = matches!(
            self.output_format,
            None | Some(OutputFormatArg::Text | OutputFormatArg::Json)
        );
        (!is_line || file != Path::new("-")).then_some(file)
    }

    /// Whether standard output is for one JSON object.
    pub(super) fn prints_json(&self, json: bool) -> bool {
        json || self.output_format == Some(OutputFormatArg::Json)
    }

    pub(super) fn check(&self, command: &str, json: bool) -> Result<(), Misuse> {
        match self.output_format {
            Some(format) if json && format != OutputFormatArg::Json => {
                let value = format.to_possible_value();
                let name = value.as_ref().map_or("another", |value| value.get_name());
                let message = format!(
                    "--json means --output-format json and cannot be used with --output-format {name}"
                );
                Err(Misuse::conflict(message))
            }
            Some(OutputFormatArg::ServerlessDevs) if command == "build" => {
                let message = "--output-format serverless-devs is for the ARNs of `layerlock \
                               publish`: build publishes nothing";
                Err(Misuse::conflict(message))
            }
            Some(OutputFormatArg::Cdk | OutputFormatArg::Sam) if command == "build" => {
                let message = "--output-format cdk and sam are for the ARNs of `layerlock publish`: \
                               build publishes nothing";
                Err(Misuse::conflict(message))
            }
            // The zip itself goes to --output.
            None if self.output_file.is_some() && command == "build" && !json => {
                let message = "--output-file is for what --output-format names; the directory for \
                               zips is --output";
                Err(Misuse::conflict(message))
            }
            _ => Ok(()),
        }
    }
}
