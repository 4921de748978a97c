"""Run by `cargo xtask e2e --part install`."""

import contextlib
import io
import os
import shutil
import tempfile
import unittest
from unittest import mock

from layerlock import _locks, github
from layerlock._report import LayerlockError, parse


def annotation(*arguments, **named):
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        github._annotate(*arguments, **named)
    return written.getvalue()


class Annotations(unittest.TestCase):
    def test_nothing_in_a_text_can_end_the_command_or_begin_another(self):
        text = annotation("error", "100%\r\n::warning::no", title="a: b, c")
        self.assertEqual(text, "::error title=a%3A b%2C c::100%25%0D%0A::warning::no\n")

    def test_a_place_is_written_as_far_as_it_is_known(self):
        place = {"file": "poetry.lock", "line": 3, "column": None}
        text = annotation("warning", "old", title="t", place=place)
        self.assertEqual(text, "::warning file=poetry.lock,line=3,title=t::old\n")

    def test_findings_of_several_layers_are_told_once(self):
        finding = {"severity": "warning", "code": "yanked", "package": "idna", "message": "m"}
        other = {**finding, "message": "n"}
        layers = [{"findings": [finding]}, {"findings": [finding, other]}]
        self.assertEqual(github._findings(layers), [finding, other])


#: Each kind of lock with the package `Zope.Event`, and its line.
LOCKS = {
    "poetry.lock": ('[[package]]\nname = "idna"\n\n[[package]]\nname = "Zope.Event"\n', 5),
    "uv.lock": ('version = 1\n\n[[package]]\nname = "zope-event"\n', 4),
    "pylock.toml": ('[[packages]]\nname = "zope-event"\nversion = "1"\n', 2),
    "pylock.web.toml": ('[[packages]]\nname = "zope-event"\n', 2),
    "requirements.txt": ("# by hand\nzope.event[x]==1 \\\n    --hash=sha256:0\n", 2),
    "requirements-prod.txt": ("zope_event @ https://packages.example.com/z.whl\n", 1),
    "npm-shrinkwrap.json": ('{"packages": {\n  "node_modules/zope.event": {\n', 2),
    "package-lock.json": ('{\n "packages": {\n  "node_modules/zope.event": {\n', 3),
}


def write(*path, text="x"):
    path = os.path.join(*path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Locks(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.checkout = os.path.realpath(directory.name)
        self.project = os.path.join(self.checkout, "services", "shop")
        os.makedirs(self.project)
        variables = mock.patch.dict(os.environ, {"GITHUB_WORKSPACE": self.checkout})
        variables.start()
        self.addCleanup(variables.stop)

    def digest(self, project=None):
        return _locks.digest(project or self.project, self.checkout)

    def test_a_package_is_found_in_each_lock_and_named_from_the_checkout(self):
        for name, (text, line) in LOCKS.items():
            path = os.path.join(self.project, name)
            write(path, text=text)
            places = github._locked(self.project)
            self.assertEqual(
                places.get("zope-event"), {"file": f"services/shop/{name}", "line": line}
            )
            self.assertIsNone(places.get("absent"))
            os.remove(path)

    def test_a_project_is_found_by_a_file_in_it(self):
        write(self.project, "pyproject.toml")
        write(self.project, "uv.lock", text=LOCKS["uv.lock"][0])
        by_file = os.path.join(self.project, "pyproject.toml")
        self.assertEqual(github._locked(by_file), github._locked(self.project))
        self.assertEqual(self.digest(by_file), self.digest())

    def test_the_first_lock_in_layerlocks_order_counts(self):
        for name in ("uv.lock", "poetry.lock"):
            write(self.project, name, text=LOCKS[name][0])
        place = github._locked(self.project).get("zope-event")
        self.assertEqual(place, {"file": "services/shop/poetry.lock", "line": 5})

    def test_the_lock_of_a_workspace_is_above(self):
        write(self.checkout, "uv.lock", text=LOCKS["uv.lock"][0])
        place = github._locked(self.project).get("zope-event")
        self.assertEqual(place, {"file": "uv.lock", "line": 4})

    def test_without_a_lock_there_is_no_digest(self):
        write(self.project, "pyproject.toml")
        self.assertIsNone(self.digest())

    def test_each_lock_changes_the_digest(self):
        places = [(self.project, name) for name in (*LOCKS, "lockfile.json")]
        places += [(self.project, "web", "package-lock.json"), (self.checkout, "uv.lock")]
        seen = {self.digest()}
        for place in places:
            for text in ("one", "other"):
                write(*place, text=text)
                seen.add(self.digest())
        self.assertEqual(len(seen), 1 + 2 * len(places))

    def test_only_locks_of_the_project_change_the_digest(self):
        write(self.project, "poetry.lock")
        before = self.digest()
        for place in (
            (self.project, "pyproject.toml"),
            (self.project, "node_modules", "uuid", "package-lock.json"),
            (self.project, ".git", "poetry.lock"),
            (self.project, "env", "lib", "poetry.lock"),
            (self.project, "env", "pyvenv.cfg"),
            (self.checkout, "services", "cart", "poetry.lock"),
            (os.path.dirname(self.checkout), f"{os.path.basename(self.checkout)}-2", "uv.lock"),
        ):
            write(*place)
        self.addCleanup(shutil.rmtree, self.checkout + "-2")
        self.assertEqual(self.digest(), before)

    def test_a_digest_is_of_one_project_wherever_its_checkout_is(self):
        for project in (self.project, os.path.join(self.checkout, "services", "cart")):
            write(project, "poetry.lock")
        other = os.path.join(self.checkout, "services", "cart")
        self.assertNotEqual(self.digest(), self.digest(other))
        moved = os.path.join(self.checkout, "elsewhere")
        other = os.path.join(moved, "services", "shop")
        write(other, "poetry.lock")
        self.assertEqual(_locks.digest(other, moved), self.digest())


class Checks(unittest.TestCase):
    def test_layers_and_functions_are_checked_if_that_is_wanted(self):
        report = {"layers": [{"findings": [1]}], "functions": [{"findings": [2]}]}
        usage = LayerlockError({"code": 2, "kind": "usage", "message": "no such option"})
        for given, answers, count, checked in (
            ("false", [], 0, []),
            ("true", [report], 1, [{"findings": [1]}, {"findings": [2]}]),
            # What only a build takes says nothing to a check.
            ("true", [usage, report], 2, [{"findings": [1]}, {"findings": [2]}]),
        ):
            variables = {
                "LAYERLOCK_ACTION_CHECK": given,
                "LAYERLOCK_ACTION_ARGUMENTS": "--rebuild",
            }
            with mock.patch.dict(os.environ, variables), \
                    mock.patch.object(github, "run", side_effect=answers) as ran:
                self.assertEqual(github._checked("shop"), checked)
            self.assertEqual(ran.call_count, count)

    def test_a_check_that_fails_is_told_and_stops_nothing(self):
        failed = LayerlockError({"code": 5, "kind": "network", "message": "no index"})
        written = io.StringIO()
        with mock.patch.dict(os.environ, {"LAYERLOCK_ACTION_CHECK": "true"}), \
                mock.patch.object(github, "run", side_effect=[failed]), \
                contextlib.redirect_stdout(written):
            self.assertEqual(github._checked("shop"), [])
        self.assertIn("the layers are not checked: no index", written.getvalue())


class Inputs(unittest.TestCase):
    def test_a_quotation_mark_that_is_not_closed_is_an_error_of_usage(self):
        for given, named in (
            ({"ARGUMENTS": "--layer 'web"}, "arguments"),
            ({"PUBLISH": "true", "PUBLISH_ARGUMENTS": '--name "x'}, "publish-arguments"),
        ):
            variables = {f"LAYERLOCK_ACTION_{name}": value for name, value in given.items()}
            written = io.StringIO()
            with mock.patch.dict(os.environ, variables), \
                    mock.patch.object(github, "run", side_effect=AssertionError("it builds")), \
                    contextlib.redirect_stdout(written):
                self.assertEqual(github.main(["run"]), 2)
            self.assertIn(f"::error title=layerlock::the input `{named}` ", written.getvalue())


class Summary(unittest.TestCase):
    def test_no_text_is_markup(self):
        self.assertEqual(github._markdown("a|b <c>\n`*d_`"), r"a\|b \<c\> \`\*d\_\`")

    def test_sizes_read_as_in_layerlocks_own_report(self):
        sizes = [(999, "999 B"), (1000, "1.0 kB"), (671752, "671.8 kB"), (999_960, "1.0 MB"),
                 (2_031_409, "2.0 MB"), (2_500_000_000, "2.5 GB")]
        for size, text in sizes:
            self.assertEqual(github._size(size), text)

    def test_an_output_may_have_any_lines(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "output")
            with mock.patch.dict(os.environ, {"GITHUB_OUTPUT": path}):
                github._output("zips", "a.zip\nb.zip")
            with open(path, encoding="utf-8") as file:
                first, *lines, last = file.read().splitlines()
        self.assertEqual(lines, ["a.zip", "b.zip"])
        self.assertEqual(first, "zips<<" + last)


class Report(unittest.TestCase):
    def test_an_error_tells_its_place_and_hint(self):
        place = b'{"file": "poetry.lock", "line": 465, "column": 16}'
        stdout = b'{"error": {"code": 3, "message": "m", "hint": "h", "place": ' + place + b"}}"
        with self.assertRaises(LayerlockError) as raised:
            parse(stdout, 3)
        self.assertEqual(str(raised.exception), "m (poetry.lock:465:16)\nhint: h")
        self.assertEqual(raised.exception.code, 3)

    def test_an_end_without_a_report_is_an_error(self):
        with self.assertRaisesRegex(LayerlockError, "ended with signal 9, and without a report"):
            parse(b"", -9)

    def test_a_report_with_findings_is_one_whatever_the_exit_code(self):
        self.assertEqual(parse(b'{"layers": []}', 1), {"layers": []})


if __name__ == "__main__":
    unittest.main()
