//! The grammar of PEP 508 markers.

use super::constraint::Constraint;
use super::tree::{Marker, Single};
use super::variable::{Operator, Variable};

/// Parentheses within parentheses: more than any marker has, few enough for
/// every stack.
const MAX_DEPTH: usize = 64;

/// Reads a marker as it is, without any simplification. An empty text and `*`
/// are always true, `<empty>` is never: so Poetry writes them.
pub(crate) fn parse(text: &str) -> Result<Marker, String> {
    read(text, true)
}

/// Reads a marker of a lock of version 2.1. Poetry 2 refuses a text on the left
/// there, but for `in` and `not in`, and never writes one.
pub(crate) fn parse_locked(text: &str) -> Result<Marker, String> {
    read(text, false)
}

fn read(text: &str, flips: bool) -> Result<Marker, String> {
    match text.trim() {
        "" | "*" => return Ok(Marker::Any),
        "<empty>" => return Ok(Marker::Empty),
        _ => {}
    }
    let mut parser = Parser { rest: text, flips };
    let marker = parser.alternatives(0)?;
    match parser.rest.trim_start() {
        "" => Ok(marker),
        rest => Err(format!("expected `and` or `or`, found `{}`", excerpt(rest))),
    }
}

struct Parser<'t> {
    rest: &'t str,
    /// Whether a comparison may have its text on the left.
    flips: bool,
}

impl<'t> Parser<'t> {
    fn alternatives(&mut self, depth: usize) -> Result<Marker, String> {
        let mut parts = vec![self.conjunction(depth)?];
        while self.word("or") {
            parts.push(self.conjunction(depth)?);
        }
        Ok(one_or(parts, Marker::Or))
    }

    fn conjunction(&mut self, depth: usize) -> Result<Marker, String> {
        let mut parts = vec![self.atom(depth)?];
        while self.word("and") {
            parts.push(self.atom(depth)?);
        }
        Ok(one_or(parts, Marker::And))
    }

    fn atom(&mut self, depth: usize) -> Result<Marker, String> {
        if self.symbol("(") {
            if depth == MAX_DEPTH {
                return Err(format!("more than {MAX_DEPTH} parentheses deep"));
            }
            // Parentheses around one part stay visible as an `or` of one.
            let marker = match self.alternatives(depth + 1)? {
                Marker::Or(parts) => Marker::Or(parts),
                one => Marker::Or(vec![one]),
            };
            if !self.symbol(")") {
                return Err(format!("expected `)`, found `{}`", excerpt(self.rest)));
            }
            return Ok(marker);
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Marker, String> {
        let single = if let Some(value) = self.quoted()? {
            let operator = self.operator()?;
            let variable = self.variable()?;
            let (operator, swapped) = match flip(operator) {
                Some(_) if !self.flips => {
                    return Err(format!(
                        "`{}` has to come before the text `{value}`",
                        variable.as_str()
                    ));
                }
                Some(flipped) => (flipped, false),
                None => (operator, true),
            };
            Single::new(variable, operator, value, swapped)
        } else {
            let variable = self.variable()?;
            let operator = self.operator()?;
            match self.quoted()? {
                Some(value) => Single::new(variable, operator, value, false),
                None => {
                    return Err(format!(
                        "expected a text in quotes, found `{}`",
                        excerpt(self.rest)
                    ));
                }
            }
        };
        single.map(Marker::Single)
    }

    fn quoted(&mut self) -> Result<Option<&'t str>, String> {
        let text = self.rest.trim_start();
        let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return Ok(None);
        };
        let (value, rest) = text[1..]
            .split_once(quote)
            .ok_or_else(|| format!("no end to the text `{}`", excerpt(text)))?;
        self.rest = rest;
        Ok(Some(value))
    }

    fn variable(&mut self) -> Result<Variable, String> {
        let text = self.rest.trim_start();
        let end = text
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.')))
            .unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let variable = match name {
            "implementation_name" => Variable::ImplementationName,
            "implementation_version" => Variable::ImplementationVersion,
            "os_name" | "os.name" => Variable::OsName,
            "platform_machine" | "platform.machine" => Variable::PlatformMachine,
            "platform_python_implementation"
            | "platform.python_implementation"
            | "python_implementation" => Variable::PlatformPythonImplementation,
            "platform_release" => Variable::PlatformRelease,
            "platform_system" => Variable::PlatformSystem,
            "platform_version" | "platform.version" => Variable::PlatformVersion,
            "python_full_version" => Variable::PythonFullVersion,
            "python_version" => Variable::PythonVersion,
            "sys_platform" | "sys.platform" => Variable::SysPlatform,
            "extra" => Variable::Extra,
            _ => return Err(format!("`{}` is not a marker", excerpt(text))),
        };
        self.rest = rest;
        Ok(variable)
    }

    fn operator(&mut self) -> Result<Operator, String> {
        const SYMBOLS: [Operator; 8] = [
            Operator::Identical,
            Operator::Equal,
            Operator::NotEqual,
            Operator::LessOrEqual,
            Operator::GreaterOrEqual,
            Operator::Compatible,
            Operator::Less,
            Operator::Greater,
        ];
        if let Some(operator) = SYMBOLS.into_iter().find(|one| self.symbol(one.as_str())) {
            return Ok(operator);
        }
        if self.word("in") {
            return Ok(Operator::In);
        }
        if self.word("not") && self.word("in") {
            return Ok(Operator::NotIn);
        }
        Err(format!(
            "expected an operator, found `{}`",
            excerpt(self.rest)
        ))
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        match self.rest.trim_start().strip_prefix(symbol) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self, word: &str) -> bool {
        match self.rest.trim_start().strip_prefix(word) {
            Some(rest) if !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }
}

impl Single {
    pub(crate) fn new(
        variable: Variable,
        operator: Operator,
        value: &str,
        swapped: bool,
    ) -> Result<Self, String> {
        let mut value = value.to_owned();
        // python_full_version has three numbers.
        if variable == Variable::PythonFullVersion
            && !matches!(operator, Operator::In | Operator::NotIn)
        {
            let dots = value.matches('.').count();
            if dots < 2 && !value.ends_with('*') {
                value.push_str(&".0".repeat(2 - dots));
            }
        }
        let constraint = Constraint::new(variable, operator, &value, swapped).ok_or_else(|| {
            format!(
                "`{} {} \"{value}\"` makes no sense",
                variable.as_str(),
                operator.as_str()
            )
        })?;
        Ok(Self {
            variable,
            operator,
            value,
            swapped,
            constraint,
        })
    }
}

/// The operator with its sides exchanged, `None` where that is no operator.
fn flip(operator: Operator) -> Option<Operator> {
    Some(match operator {
        Operator::Less => Operator::Greater,
        Operator::LessOrEqual => Operator::GreaterOrEqual,
        Operator::Greater => Operator::Less,
        Operator::GreaterOrEqual => Operator::LessOrEqual,
        Operator::Equal | Operator::Identical | Operator::NotEqual | Operator::Compatible => {
            operator
        }
        Operator::In | Operator::NotIn => return None,
    })
}

fn one_or(mut parts: Vec<Marker>, many: impl FnOnce(Vec<Marker>) -> Marker) -> Marker {
    if parts.len() == 1 {
        parts.remove(0)
    } else {
        many(parts)
    }
}

fn excerpt(text: &str) -> String {
    text.trim_start().chars().take(30).collect()
}
