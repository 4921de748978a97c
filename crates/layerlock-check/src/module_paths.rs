//! Which modules files are, by their paths below site-packages.

/// The module that a file is which lies at the top, or that a package's `__init__.py` there
/// is the start of.
pub fn top_level_module(path: &str) -> Option<&str> {
    match path.split_once('/') {
        Some((package, "__init__.py")) => Some(package),
        Some(_) => None,
        None => path
            .split_once('.')
            .and_then(|(module, ending)| is_of_module(ending).then_some(module)),
    }
}

/// Whether a file is a module, or lies in it: also in a namespace (PEP 420), which has no
/// file of its own. `module` is a dotted name.
pub fn is_in_module(path: &str, module: &str) -> bool {
    let rest = path.strip_prefix(&module.replace('.', "/"));
    rest.is_some_and(|rest| {
        let ending = rest
            .strip_prefix('.')
            .filter(|ending| !ending.contains('/'));
        rest.starts_with('/') || ending.is_some_and(is_of_module)
    })
}

/// `py`, `so`, `cpython-312-x86_64-linux-gnu.so`
fn is_of_module(ending: &str) -> bool {
    ending == "py" || ending.rsplit('.').next() == Some("so")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_the_module_at_the_top() {
        for (path, module) in [
            ("six.py", Some("six")),
            ("six/__init__.py", Some("six")),
            ("six/part.py", None),
            ("six/deeper/__init__.py", None),
            ("_x.abi3.so", Some("_x")),
            ("_x.so", Some("_x")),
            ("six.pyi", None),
            ("six", None),
            ("six.libs/libz.so", None),
        ] {
            assert_eq!(top_level_module(path), module, "{path}");
        }
    }

    #[test]
    fn a_module_is_in_its_file_its_package_or_its_namespace() {
        let helpers = "google.cloud._helpers";
        for (path, module, expected) in [
            ("google/cloud/_helpers.py", helpers, true),
            ("google/cloud/_helpers/__init__.py", helpers, true),
            ("google/cloud/_helpers/deep.py", helpers, true),
            (
                "google/cloud/_helpers.cpython-312-x86_64-linux-gnu.so",
                helpers,
                true,
            ),
            ("google/cloud/_helpers.pyi", helpers, false),
            ("google/cloud/_helpers_too.py", helpers, false),
            ("google/cloud/storage.py", helpers, false),
            ("google/cloud/storage.py", "google", true),
            ("google.libs/libz.so", "google", false),
            ("google-1.0.dist-info/METADATA", "google", false),
            ("six.py", "six", true),
        ] {
            assert_eq!(is_in_module(path, module), expected, "{path} {module}");
        }
    }
}
