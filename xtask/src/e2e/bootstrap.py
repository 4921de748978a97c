"""Starts Lambda's runtime client with Lambda's own sys.path.

The order is that of AWS: the function, the two Python directories of the layers, the
standard library, the runtime's own packages. The first three are site directories, so
that their .pth files count. Run with -I -S: nothing of the host is on the path.
"""

import os
import site
import sys

layer, task, runtime = sys.argv[1:]
minor = "python{}.{}".format(*sys.version_info)
directories = [
    task,
    os.path.join(layer, "python", "lib", minor, "site-packages"),
    os.path.join(layer, "python"),
]
sys.path[:0] = directories
for directory in directories:
    site.addsitedir(directory)
sys.path.append(runtime)

from awslambdaric.__main__ import main

main(["awslambdaric", os.environ["_HANDLER"]])
