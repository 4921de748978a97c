//! The names of Python's standard library, of which a layer's modules hide what they
//! share: layers come before it on `sys.path`.
//!
//! Names are those of `sys.stdlib_module_names` (3.10 to 3.13; before and after from the
//! "What's New" pages), without those that start with `_`, are for Windows alone, or are
//! built into the interpreter, which nothing can hide.

/// Whether Python 3.`minor` has a module of this name.
pub(crate) fn has(name: &str, minor: u8) -> bool {
    let sometimes = SOMETIMES.iter();
    ALWAYS.binary_search(&name).is_ok()
        || sometimes
            .filter(|(module, ..)| *module == name)
            .any(|(_, since, until)| (*since..*until).contains(&minor))
}

/// From 3.8 to this day, sorted.
#[rustfmt::skip]
const ALWAYS: &[&str] = &[
    "abc", "argparse", "array", "ast", "asyncio", "base64", "bdb", "binascii", "bisect",
    "bz2", "cProfile", "calendar", "cmath", "cmd", "code", "codecs", "codeop", "collections",
    "colorsys", "compileall", "concurrent", "configparser", "contextlib", "contextvars",
    "copy", "copyreg", "csv", "ctypes", "curses", "dataclasses", "datetime", "dbm", "decimal",
    "difflib", "dis", "doctest", "email", "encodings", "ensurepip", "enum", "fcntl",
    "filecmp", "fileinput", "fnmatch", "fractions", "ftplib", "functools", "genericpath",
    "getopt", "getpass", "gettext", "glob", "grp", "gzip", "hashlib", "heapq", "hmac", "html",
    "http", "imaplib", "importlib", "inspect", "io", "ipaddress", "json", "keyword",
    "linecache", "locale", "logging", "lzma", "mailbox", "math", "mimetypes", "mmap",
    "modulefinder", "multiprocessing", "netrc", "ntpath", "numbers", "opcode", "operator",
    "optparse", "os", "pathlib", "pdb", "pickle", "pickletools", "pkgutil", "platform",
    "plistlib", "poplib", "posixpath", "pprint", "profile", "pstats", "pty", "py_compile",
    "pyclbr", "pydoc", "pydoc_data", "pyexpat", "queue", "quopri", "random", "re", "readline",
    "reprlib", "resource", "rlcompleter", "runpy", "sched", "secrets", "select", "selectors",
    "shelve", "shlex", "shutil", "site", "smtplib", "socket", "socketserver", "sqlite3",
    "sre_compile", "sre_constants", "sre_parse", "ssl", "stat", "statistics", "string",
    "stringprep", "struct", "subprocess", "symtable", "sysconfig", "syslog", "tabnanny",
    "tarfile", "tempfile", "termios", "textwrap", "threading", "timeit", "tkinter", "token",
    "tokenize", "trace", "traceback", "tracemalloc", "tty", "turtle", "types", "typing",
    "unicodedata", "unittest", "urllib", "uuid", "venv", "warnings", "wave", "weakref",
    "webbrowser", "wsgiref", "xml", "xmlrpc", "zipapp", "zipfile", "zipimport", "zlib",
];

/// With the first minor version that has it, and the first after it that does not.
const SOMETIMES: &[(&str, u8, u8)] = &[
    ("aifc", 0, 13),
    ("annotationlib", 14, u8::MAX),
    ("asynchat", 0, 12),
    ("asyncore", 0, 12),
    ("audioop", 0, 13),
    ("binhex", 0, 11),
    ("cgi", 0, 13),
    ("cgitb", 0, 13),
    ("chunk", 0, 13),
    ("compression", 14, u8::MAX),
    ("crypt", 0, 13),
    ("distutils", 0, 12),
    ("dummy_threading", 0, 10),
    ("formatter", 0, 10),
    ("graphlib", 9, u8::MAX),
    ("imghdr", 0, 13),
    ("imp", 0, 12),
    ("lib2to3", 0, 13),
    ("mailcap", 0, 13),
    ("nis", 0, 13),
    ("nntplib", 0, 13),
    ("ossaudiodev", 0, 13),
    ("parser", 0, 10),
    ("pipes", 0, 13),
    ("smtpd", 0, 12),
    ("sndhdr", 0, 13),
    ("spwd", 0, 13),
    ("sunau", 0, 13),
    ("symbol", 0, 10),
    ("telnetlib", 0, 13),
    ("tomllib", 11, u8::MAX),
    ("uu", 0, 13),
    ("xdrlib", 0, 13),
    ("zoneinfo", 9, u8::MAX),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_come_and_go_with_the_minor_version() {
        assert!(ALWAYS.is_sorted());
        for (name, minors) in [
            ("uuid", 8..16),
            ("tomllib", 11..16),
            ("asyncore", 8..12),
            ("cgi", 8..13),
            ("requests", 0..0),
            ("sys", 0..0),
        ] {
            for minor in 8..16 {
                assert_eq!(has(name, minor), minors.contains(&minor), "{name} {minor}");
            }
        }
    }
}
