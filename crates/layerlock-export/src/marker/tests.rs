//! Markers keep their meaning, whatever is done to their text.

use std::collections::BTreeSet;

use pep508_rs::{ExtraName, MarkerEnvironment, MarkerEnvironmentBuilder, MarkerTree};
use proptest::prelude::*;

use super::{Algebra, Dialect, Marker, parse, parse_locked};

/// Environments that differ in whatever the markers below ask for.
fn environments() -> Vec<MarkerEnvironment> {
    let mut environments = Vec::new();
    for full in ["3.8.0", "3.9.0", "3.9.7", "3.10.2", "3.11.0", "3.12.1"] {
        for (sys_platform, platform_system, os_name) in [
            ("linux", "Linux", "posix"),
            ("win32", "Windows", "nt"),
            ("darwin", "Darwin", "posix"),
        ] {
            for platform_machine in ["x86_64", "aarch64"] {
                let python_version = full.rsplit_once('.').unwrap().0;
                let environment = MarkerEnvironmentBuilder {
                    implementation_name: "cpython",
                    implementation_version: full,
                    os_name,
                    platform_machine,
                    platform_python_implementation: "CPython",
                    platform_release: "5.10",
                    platform_system,
                    platform_version: "#1 tegra",
                    python_full_version: full,
                    python_version,
                    sys_platform,
                };
                environments.push(environment.try_into().unwrap());
            }
        }
    }
    environments
}

fn comparison() -> impl Strategy<Value = String> {
    let order = || prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]);
    let equal = || prop::sample::select(vec!["==", "!="]);
    let minor = prop::sample::select(vec!["3.7", "3.8", "3.9", "3.10", "3.11", "3.12"]);
    let full = prop::sample::select(vec!["3.8.0", "3.9.7", "3.10.0", "3.10.2", "3.12.0"]);
    let text = prop::sample::select(vec![
        ("sys_platform", "linux"),
        ("sys_platform", "win32"),
        ("sys_platform", "darwin"),
        ("platform_machine", "x86_64"),
        ("platform_machine", "aarch64"),
        ("os_name", "nt"),
        ("implementation_name", "pypy"),
        ("extra", "a"),
        ("extra", "b"),
    ]);
    prop_oneof![
        (order(), minor)
            .prop_map(|(operator, value)| format!("python_version {operator} '{value}'")),
        (order(), full)
            .prop_map(|(operator, value)| format!("python_full_version {operator} '{value}'")),
        (text, equal())
            .prop_map(|((variable, value), operator)| format!("{variable} {operator} '{value}'")),
    ]
}

fn marker() -> impl Strategy<Value = String> {
    comparison().prop_recursive(3, 8, 3, |inner| {
        (
            prop::collection::vec(inner, 2..4),
            prop::sample::select(vec![" and ", " or "]),
        )
            .prop_map(|(parts, glue)| format!("({})", parts.join(glue)))
    })
}

fn extras() -> impl Strategy<Value = BTreeSet<String>> {
    prop::collection::btree_set(
        prop::sample::select(vec!["a".to_owned(), "b".to_owned()]),
        0..3,
    )
}

/// Where the marker holds.
fn meaning(marker: &Marker, extras: &BTreeSet<String>) -> Vec<bool> {
    environments()
        .iter()
        .map(|environment| marker.evaluate(environment, extras))
        .collect()
}

proptest! {
    #[test]
    fn evaluation_agrees_with_pep508_rs(text in marker(), extras in extras()) {
        let expected: MarkerTree = text.parse().unwrap();
        let names: Vec<ExtraName> = extras.iter().map(|name| name.parse().unwrap()).collect();
        let ours = parse(&text).unwrap();
        for environment in environments() {
            prop_assert_eq!(
                ours.evaluate(&environment, &extras),
                expected.evaluate(&environment, &names),
                "{:?}", environment
            );
        }
    }

    #[test]
    fn joining_keeps_the_meaning(
        a in marker(),
        b in marker(),
        extras in extras(),
        dialect in prop::sample::select(vec![Dialect::One, Dialect::Two]),
    ) {
        let (a, b) = (parse(&a).unwrap(), parse(&b).unwrap());
        let mut algebra = Algebra::new(dialect);
        let simple = algebra.simplify(&a);
        prop_assert_eq!(meaning(&simple, &extras), meaning(&a, &extras), "{}", simple);
        let (ours, theirs) = (meaning(&a, &extras), meaning(&b, &extras));
        let b = algebra.simplify(&b);

        let both = algebra.intersect(&simple, &b);
        let expected: Vec<_> = ours.iter().zip(&theirs).map(|(a, b)| *a && *b).collect();
        prop_assert_eq!(meaning(&both, &extras), expected.clone(), "{}", both);
        let rejoined = algebra.rejoin(&both);
        prop_assert_eq!(meaning(&rejoined, &extras), expected, "{}", rejoined);

        let either = algebra.union(&simple, &b);
        let expected: Vec<_> = ours.iter().zip(&theirs).map(|(a, b)| *a || *b).collect();
        prop_assert_eq!(meaning(&either, &extras), expected, "{}", either);
    }

    #[test]
    fn applied_extras_are_gone(text in marker(), extras in extras()) {
        let marker = parse(&text).unwrap();
        let mut algebra = Algebra::default();
        let simple = algebra.simplify(&marker);
        let applied = algebra.apply_extras(&simple, &extras);
        prop_assert!(!applied.to_string().contains("extra"));
        prop_assert_eq!(meaning(&applied, &BTreeSet::new()), meaning(&marker, &extras));
    }

    #[test]
    fn printed_markers_are_read_back(text in marker(), extras in extras()) {
        let simple = Algebra::default().simplify(&parse(&text).unwrap());
        let again = parse(&simple.to_string()).unwrap();
        prop_assert_eq!(meaning(&again, &extras), meaning(&simple, &extras));
    }

    #[test]
    fn no_text_is_too_odd(
        text in "(python_version|extra|in|not|and|or|[()'\"<>=!~ ]|'3.8'|\"a b\"|\\PC){0,12}",
    ) {
        if let Ok(marker) = parse_locked(&text) {
            prop_assert_eq!(Ok(marker), parse(&text));
        }
        if let Ok(marker) = parse(&text) {
            let simple = Algebra::default().simplify(&marker);
            prop_assert_eq!(
                meaning(&simple, &BTreeSet::new()),
                meaning(&marker, &BTreeSet::new())
            );
        }
    }
}

#[test]
fn lists_of_versions_hold_whole_minor_versions() {
    let holds = |text: &str| {
        let marker = parse(text).unwrap();
        let versions: BTreeSet<_> = environments()
            .into_iter()
            .filter(|environment| marker.evaluate(environment, &BTreeSet::new()))
            .map(|environment| environment.python_full_version().to_string())
            .collect();
        Vec::from_iter(versions).join(" ")
    };
    assert_eq!(holds("python_version in '3.8, 3.9'"), "3.8.0 3.9.0 3.9.7");
    assert_eq!(holds("python_full_version in '3.9.7 3.10'"), "3.10.2 3.9.7");
    assert_eq!(
        holds("python_version not in '3.8 3.9 3.10'"),
        "3.11.0 3.12.1"
    );
    assert_eq!(holds("python_version ~= '3.10'"), "3.10.2 3.11.0 3.12.1");
    assert_eq!(holds("'3.11' <= python_version"), "3.11.0 3.12.1");
}

#[test]
fn texts_are_looked_for_within_others() {
    let holds = |text: &str| {
        parse(text)
            .unwrap()
            .evaluate(&environments()[0], &BTreeSet::new())
    };
    assert!(holds("'tegra' in platform_version"));
    assert!(!holds("'tegra' not in platform_version"));
    assert!(holds("sys_platform in 'win32, linux'"));
    assert!(!holds("sys_platform not in 'win32, linux'"));
    assert!(holds("platform_release >= '5.9'"));
    assert!(holds(
        "os.name == 'posix' and python_implementation == 'CPython'"
    ));
}

#[test]
fn what_is_no_marker() {
    for text in [
        "python_version",
        "python_version = '3'",
        "python_version >= 3",
        "python_version >= 'three'",
        "python >= '3'",
        "extra in 'a b'",
        "sys_platform == 'linux",
        "(sys_platform == 'linux'",
        "sys_platform == 'linux')",
        "sys_platform == 'linux' xor os_name == 'nt'",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn deep_parentheses_are_refused() {
    let nested = |depth: usize| {
        let (open, close) = ("(".repeat(depth), ")".repeat(depth));
        parse(&format!("{open}os_name == 'nt'{close}"))
    };
    nested(60).unwrap();
    nested(100_000).unwrap_err();
}

#[test]
fn a_marker_too_large_to_simplify_is_joined_as_it_is() {
    // The disjunctive normal form of this has 3^16 parts.
    let clauses: Vec<_> = (0..16)
        .map(|n| {
            format!(
                "(platform_version == 'a{n}' or platform_machine == 'b{n}' or os_name == 'c{n}')"
            )
        })
        .collect();
    let marker = parse(&clauses.join(" and ")).unwrap();
    let mut algebra = Algebra::default();
    let simple = algebra.simplify(&marker);
    let joined = algebra.intersect(&simple, &parse("python_version >= '3.9'").unwrap());
    assert!(joined.to_string().contains("platform_machine == \"b15\""));
    assert!(!meaning(&joined, &BTreeSet::new()).contains(&true));
}
