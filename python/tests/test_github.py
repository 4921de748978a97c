"""Run by `cargo xtask e2e --part install`."""

import contextlib
import io
import os
import tempfile
import unittest
from unittest import mock

from layerlock import github
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

    def test_a_package_is_found_in_the_lock_and_named_from_the_checkout(self):
        with tempfile.TemporaryDirectory() as checkout:
            project = os.path.join(checkout, "services", "shop")
            os.makedirs(project)
            with open(os.path.join(project, "poetry.lock"), "w", encoding="utf-8") as lock:
                lock.write('[[package]]\nname = "idna"\n\n[[package]]\nname = "Zope.Event"\n')
            with mock.patch.dict(os.environ, {"GITHUB_WORKSPACE": checkout}):
                places = github._locked(project)
            place = {"file": "services/shop/poetry.lock", "line": 5}
            self.assertEqual(places.get("zope-event"), place)
            self.assertIsNone(places.get("absent"))

    def test_findings_of_several_layers_are_told_once(self):
        finding = {"severity": "warning", "code": "yanked", "package": "idna", "message": "m"}
        other = {**finding, "message": "n"}
        layers = [{"findings": [finding]}, {"findings": [finding, other]}]
        self.assertEqual(github._findings(layers), [finding, other])


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
