//! Values whose names shells complete, although their own types parse them: what those
//! say of another name tells more than clap would.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser, UnknownArgumentValueParser};
use clap::{Arg, Command, Error};
use layerlock::{Architecture, FrontendKind, Provider, Runtime, Target};

/// A parser, and the names that are completed.
#[derive(Clone)]
pub(super) struct Named<P> {
    parser: P,
    names: fn() -> Vec<&'static str>,
}

impl<P: TypedValueParser> TypedValueParser for Named<P> {
    type Value = P::Value;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, Error> {
        self.parser.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let names = (self.names)().into_iter();
        Some(Box::new(names.map(PossibleValue::new)))
    }
}

/// A runtime, parsed as the option needs it.
pub(super) fn runtime_parser<P: TypedValueParser>(parser: P) -> Named<P> {
    let names = || {
        let runtimes = Provider::ALL.into_iter().flat_map(Provider::all_runtimes);
        let mut names: Vec<_> = runtimes.map(Runtime::identifier).collect();
        names.sort_by_key(|name| name.starts_with("custom"));
        let mut seen = Vec::new();
        names.retain(|name| {
            !seen.contains(name) && {
                seen.push(*name);
                true
            }
        });
        names
    };
    Named { parser, names }
}

pub(super) fn provider_parser() -> impl TypedValueParser<Value = Provider> {
    Named {
        parser: |name: &str| name.parse::<Provider>(),
        names: || Provider::ALL.map(Provider::name).to_vec(),
    }
}

pub(super) fn architecture_parser() -> impl TypedValueParser<Value = Architecture> {
    Named {
        parser: |name: &str| name.parse::<Architecture>(),
        names: || Architecture::ALL.map(Architecture::name).to_vec(),
    }
}

/// A target. What pip calls so is a directory, and `install` has that too.
#[derive(Clone)]
pub(super) struct TargetParser;

impl TypedValueParser for TargetParser {
    type Value = Target;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Target, Error> {
        let text = value.to_string_lossy();
        if command.get_name() == "install" && !text.contains(':') {
            let tip = UnknownArgumentValueParser::suggest_arg("--to");
            tip.parse_ref(command, argument, value)?;
        }
        let parser = |text: &str| text.parse::<Target>();
        parser.parse_ref(command, argument, value)
    }
}

pub(super) fn frontend_parser() -> impl TypedValueParser<Value = FrontendKind> {
    Named {
        parser: |name: &str| name.parse::<FrontendKind>(),
        names: || {
            [FrontendKind::Uv, FrontendKind::Pip]
                .map(FrontendKind::name)
                .to_vec()
        },
    }
}
