use layerlock::{Choice, Error, ErrorKind, Groups, Settings, Silent};
use layerlock_testkit::{LockedPackage, ProjectBuilder};

use crate::helpers::{Shop, build_one, wheels};

/// The error for these tables, and the text of the line that it points at.
fn refusal(toml: &str) -> (Error, String) {
    let shop = Shop::configured(toml);
    let error = layerlock::build(&shop.settings(), &Silent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Project, "{error:?}");
    let place = error.place().unwrap();
    assert_eq!(place.path, shop.project.pyproject());
    let text = fs_err::read_to_string(&place.path).unwrap();
    let line = text.lines().nth(place.line - 1).unwrap().to_owned();
    (error, line)
}

#[test]
fn settings_in_pyproject_take_effect() {
    let shop = Shop::configured(
        "[tool.layerlock]\nruntime = \"python3.12\"\narchitecture = \"arm64\"\n\
         staging = \"lambda_dependencies\"\noutput = \"zips\"\n",
    );
    let layer = shop.build();
    assert_eq!(layer.target.to_string(), "python3.12 arm64");
    assert_eq!(layer.staging.unwrap(), shop.path("lambda_dependencies"));
    assert_eq!(
        layer.zip.unwrap().path,
        shop.path("zips/shop-python3.12-arm64.zip")
    );
    assert!(layer.findings.is_empty(), "{:?}", layer.findings);
}

#[test]
fn options_win_over_a_layers_table_and_that_over_the_defaults() {
    let shop = Shop::configured(
        "[tool.layerlock]\nruntime = \"python3.13\"\narchitecture = \"x86_64\"\nstaging = \"all\"\n\
         [tool.layerlock.layers.web]\nruntime = \"python3.12\"\narchitecture = \"arm64\"\n\
         staging = \"web\"\n",
    );
    let layer = shop.build();
    assert_eq!(layer.name, "web");
    assert_eq!(layer.target.to_string(), "python3.12 arm64");
    assert_eq!(layer.staging.unwrap(), shop.path("web"));

    let layer = build_one(&Settings {
        architectures: vec!["x86_64".parse().unwrap()],
        staging: Some(shop.path("named")),
        output: Some(shop.path("out")),
        ..shop.settings()
    });
    assert_eq!(layer.target.to_string(), "python3.12 x86_64");
    assert_eq!(layer.staging.unwrap(), shop.path("named"));
    assert_eq!(
        layer.zip.unwrap().path,
        shop.path("out/web-python3.12-x86_64.zip")
    );
}

#[test]
fn groups_and_extras_come_from_the_table_unless_options_name_some() {
    let [pure, native, _] = wheels();
    let more = layerlock_testkit::WheelBuilder::new("more", "1.0").build();
    let project = ProjectBuilder::new("shop")
        .requires_python(">=3.12,<3.13")
        .package(&pure)
        .package(LockedPackage::from(&native).groups(&["web"]))
        .package(LockedPackage::from(&more).extra("all"))
        .pyproject("[tool.layerlock]\ngroups = [\"main\", \"web\"]\nextras = [\"all\"]\n");
    let shop = Shop::new(&project, [&pure, &native, &more]);
    let names = |choice: Option<Choice>| -> Vec<String> {
        let layer = build_one(&Settings {
            choice,
            ..shop.settings()
        });
        layer.packages.into_iter().map(|p| p.name).collect()
    };
    assert_eq!(names(None), ["more", "native", "pure"]);
    assert_eq!(names(Some(Choice::default())), ["pure"]);
    let web = Groups {
        only: vec!["web".to_owned()],
        ..Groups::default()
    };
    let choice = Choice {
        groups: web,
        ..Choice::default()
    };
    assert_eq!(names(Some(choice)), ["native"]);
}

#[test]
fn an_unknown_key_is_pointed_at() {
    for toml in [
        "[tool.layerlock]\nruntim = \"python3.12\"\n",
        "[tool.layerlock.layers.web]\nruntim = \"python3.12\"\n",
    ] {
        let (error, line) = refusal(toml);
        assert!(error.to_string().contains("runtim"), "{error}");
        assert_eq!(line, "runtim = \"python3.12\"");
    }
}

#[test]
fn a_value_that_means_nothing_is_pointed_at() {
    for (key, value, told) in [
        ("runtime", "\"python2.7\"", "python3.12"),
        ("architecture", "\"mips\"", "arm64"),
        ("runtime", "3.12", "string"),
        ("runtime", "[\"python3.12\", 3.13]", "list of strings"),
        ("architecture", "[\"arm64\", \"mips\"]", "mips"),
        ("architecture", "[]", "nothing to build for"),
        ("groups", "\"web\"", "sequence"),
        ("groups", "[]", "nothing for the layer"),
        (
            "groups",
            "[\"main\", \"wbe\"]",
            "no group `wbe`: there is main",
        ),
        ("extras", "[\"redis\"]", "no extra `redis`: there are none"),
    ] {
        for table in ["tool.layerlock", "tool.layerlock.layers.web"] {
            let setting = format!("{key} = {value}");
            let (error, line) = refusal(&format!("[{table}]\n{setting}\n"));
            assert!(error.to_string().contains(told), "{error}");
            assert_eq!(line, setting);
        }
    }
}

#[test]
fn a_layers_name_that_is_a_path_is_pointed_at() {
    for name in ["../web", "a/b", "", "web.1"] {
        let header = format!("[tool.layerlock.layers.\"{name}\"]");
        let (error, line) = refusal(&format!("{header}\n"));
        assert_eq!(error.kind(), ErrorKind::Project);
        assert_eq!(line, header);
    }
}

#[test]
fn a_python_that_no_runtime_has_is_pointed_at() {
    let shop = Shop::new(&ProjectBuilder::new("shop").requires_python(">=4"), []);
    let error = layerlock::build(&shop.settings(), &Silent).unwrap_err();
    assert!(matches!(&error, Error::NoRuntime { constraint, .. } if constraint == ">=4"));
    assert_eq!(error.kind(), ErrorKind::Project);
    assert_eq!(error.place().unwrap().path, shop.project.pyproject());
}

/// What cannot be done is not recommended.
#[test]
fn a_runtime_is_recommended_where_there_is_one_that_the_project_allows() {
    for (python, message, hint) in [
        (
            ">=3.7,<3.8",
            "no runtime has a Python that `>=3.7,<3.8` allows",
            "widen the project's Python constraint and run `poetry lock`: the runtimes are \
             python3.8, python3.9, python3.10, python3.11, python3.12, python3.13, python3.14, \
             python3.15",
        ),
        (
            ">=3.15,<4",
            "no runtime has a Python that `>=3.15,<4` allows, but for the preview python3.15",
            "name it with --runtime python3.15, or widen the project's Python constraint and run \
             `poetry lock`",
        ),
    ] {
        let shop = Shop::new(&ProjectBuilder::new("shop").requires_python(python), []);
        let error = layerlock::build(&shop.settings(), &Silent).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(error.hint().unwrap(), hint);
    }
}

#[test]
fn two_layers_with_one_staging_directory_are_named() {
    let web = "[tool.layerlock.layers.web]\nstaging = \"ly/a\"\n";
    let data = "[tool.layerlock.layers.data]\nstaging = \"./ly/b/../a\"\n";
    let shop = Shop::configured(&format!("{web}{data}"));
    fs_err::create_dir_all(shop.path("ly/b")).unwrap();
    let error = layerlock::build(&shop.settings(), &Silent).unwrap_err();
    let directory = shop.path("ly/a");
    assert_eq!(
        error.to_string(),
        format!(
            "the layers data and web have the same staging directory, {}",
            directory.display()
        )
    );
    assert_eq!(error.kind(), ErrorKind::Project);
    assert!(error.hint().is_some());
}

#[test]
fn layers_whose_names_differ_in_case_alone_are_refused() {
    let (error, line) = refusal("[tool.layerlock.layers.Web]\n[tool.layerlock.layers.web]\n");
    assert_eq!(line, "[tool.layerlock.layers.web]");
    let told = "the layers `Web` and `web` differ in upper and lower case alone";
    assert!(error.to_string().starts_with(told), "{error}");
}

#[test]
fn a_layer_that_is_not_there_is_told_with_those_that_are() {
    for (toml, known) in [
        ("", "there is shop"),
        (
            "[tool.layerlock.layers.a]\n[tool.layerlock.layers.b]\n",
            "there are a, b",
        ),
    ] {
        let shop = Shop::configured(toml);
        let settings = Settings {
            layers: vec!["web".to_owned()],
            ..shop.settings()
        };
        let error = layerlock::build(&settings, &Silent).unwrap_err();
        assert_eq!(error.to_string(), format!("unknown layer `web`: {known}"));
        assert_eq!(error.kind(), ErrorKind::Usage);
    }
}

#[test]
fn what_a_layer_cannot_be_called_is_told() {
    let (error, _) = refusal("[tool.layerlock.layers.\"my web\"]\n");
    assert_eq!(
        error.to_string(),
        "invalid layer name \"my web\": a layer's name is 1 to 140 characters of a-z, A-Z, 0-9, - \
         and _"
    );
    let (error, _) = refusal("[tool.layerlock.layers]\nweb = \"main\"\n");
    assert!(error.to_string().ends_with("expected a table"), "{error}");
}
