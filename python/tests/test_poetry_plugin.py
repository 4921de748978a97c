"""Run by `cargo xtask e2e --part install`, with the Python of each Poetry."""

import unittest

from layerlock.poetry_plugin import translate


class Translate(unittest.TestCase):
    def test_what_follows_layer_is_handed_on_as_it_is(self):
        for words in (
            ["build"],
            ["build", "--json", "--layer", "web", "-E", "redis"],
            ["build", "-q"],
            ["--help"],
            ["build", "-h"],
            ["-V"],
            ["export", "-f", "requirements.txt", "--", "x"],
            ["list", "layer"],
            [],
        ):
            for moved in (True, False):
                self.assertEqual(translate(["layer", *words], changed_directory=moved), words)

    def test_other_commands_are_poetrys(self):
        for words in ([], ["build"], ["-q"], ["run", "layer", "build"], ["help"], ["-P", "layer"],
                      ["-Player"], ["--project=x", "lock"], ["layers"], ["-C"]):
            self.assertIsNone(translate(words, changed_directory=True), words)

    def test_options_before_layer_are_translated(self):
        for words, expected in (
            (["-q"], ["--quiet"]),
            (["-vv", "--no-ansi"], ["--verbose", "--color=never"]),
            (["-v", "--verbose"], ["--verbose"]),
            (["--ansi"], ["--color=always"]),
            (["-n", "--no-interaction"], []),
            (["-nq"], ["--quiet"]),
            (["-P", "shop"], ["-P", "shop"]),
            (["-Pshop"], ["-P", "shop"]),
            (["--project=shop"], ["-P", "shop"]),
            (["--project", "layer"], ["-P", "layer"]),
            (["-P", "a", "-P", "b"], ["-P", "b"]),
        ):
            translated = translate([*words, "layer", "build"], changed_directory=True)
            self.assertEqual(translated, [*expected, "build"], words)

    def test_the_directory_counts_once(self):
        for words in (["-C", "shop", "layer", "build"], ["layer", "build", "-C", "shop"],
                      ["layer", "--directory=shop", "build"], ["layer", "-Cshop", "build"]):
            self.assertEqual(translate(words, changed_directory=True), ["build"], words)
        words = ["-C", "shop", "layer", "build"]
        self.assertEqual(translate(words, changed_directory=False), ["-C", "shop", "build"])

    def test_an_option_after_layer_wins(self):
        words = ["-P", "a", "layer", "build", "-P", "b"]
        self.assertEqual(translate(words, changed_directory=True), ["build", "-P", "b"])

    def test_no_cache_goes_to_the_commands_that_have_it(self):
        for rest, expected in (
            (["build"], ["build", "--no-cache"]),
            (["-P", "shop", "publish"], ["-P", "shop", "publish", "--no-cache"]),
            (["build", "--no-cache"], ["build", "--no-cache"]),
            (["cache", "dir"], ["cache", "dir"]),
            (["--help"], ["--help"]),
        ):
            words = ["--no-cache", "layer", *rest]
            self.assertEqual(translate(words, changed_directory=True), expected)

    def test_help_is_layerlocks(self):
        self.assertEqual(translate(["help", "layer"], changed_directory=True), ["--help"])
        words = ["help", "layer", "build"]
        self.assertEqual(translate(words, changed_directory=True), ["build", "--help"])


class Application(unittest.TestCase):
    """A program that runs Poetry's application by itself, with another command line."""

    def test_the_command_is_listed_and_described(self):
        from cleo.testers.application_tester import ApplicationTester
        from poetry.console.application import Application

        tester = ApplicationTester(Application())
        self.assertEqual(tester.execute("list"), 0)
        self.assertIn("serverless layers from the lock", tester.io.fetch_output())


if __name__ == "__main__":
    unittest.main()
