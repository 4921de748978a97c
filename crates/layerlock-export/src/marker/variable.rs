//! What markers ask for, and how they compare.

use pep508_rs::MarkerEnvironment;

/// What a marker can ask of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Variable {
    ImplementationName,
    ImplementationVersion,
    OsName,
    PlatformMachine,
    PlatformPythonImplementation,
    PlatformRelease,
    PlatformSystem,
    PlatformVersion,
    PythonFullVersion,
    PythonVersion,
    SysPlatform,
    Extra,
}

/// How a marker compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Operator {
    Equal,
    Identical,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Compatible,
    In,
    NotIn,
}

impl Variable {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ImplementationName => "implementation_name",
            Self::ImplementationVersion => "implementation_version",
            Self::OsName => "os_name",
            Self::PlatformMachine => "platform_machine",
            Self::PlatformPythonImplementation => "platform_python_implementation",
            Self::PlatformRelease => "platform_release",
            Self::PlatformSystem => "platform_system",
            Self::PlatformVersion => "platform_version",
            Self::PythonFullVersion => "python_full_version",
            Self::PythonVersion => "python_version",
            Self::SysPlatform => "sys_platform",
            Self::Extra => "extra",
        }
    }

    /// Whether the variable is about the version of Python.
    pub(crate) const fn is_python(self) -> bool {
        matches!(self, Self::PythonVersion | Self::PythonFullVersion)
    }

    /// Its value in an environment.
    pub(super) fn value_in(self, environment: &MarkerEnvironment) -> &str {
        match self {
            Self::ImplementationName => environment.implementation_name(),
            Self::ImplementationVersion => &environment.implementation_version().string,
            Self::OsName => environment.os_name(),
            Self::PlatformMachine => environment.platform_machine(),
            Self::PlatformPythonImplementation => environment.platform_python_implementation(),
            Self::PlatformRelease => environment.platform_release(),
            Self::PlatformSystem => environment.platform_system(),
            Self::PlatformVersion => environment.platform_version(),
            Self::PythonFullVersion => &environment.python_full_version().string,
            Self::PythonVersion => &environment.python_version().string,
            Self::SysPlatform => environment.sys_platform(),
            Self::Extra => "",
        }
    }
}

impl Operator {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::Identical => "===",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Compatible => "~=",
            Self::In => "in",
            Self::NotIn => "not in",
        }
    }
}
