"""One engine in a process of its own: one JSON document per line each way, tensors in .npz files.

    python <this folder> ENGINE [folder that holds the package ingot]

Requests: {"do": "probe"}; {"do": "inputs", "model"}; {"do": "load", "model", "device", "precision", "threads", "feeds", "torch"};
{"do": "save", "out"}; {"do": "time", "seconds", "least"}; {"do": "facts"}. An answer is an object; a request that
failed answers {"error": text}. What an engine prints goes to standard error.

This folder is run, not imported: the interpreter need not have Ingot installed, and nothing but the engine is loaded.
"""

import json
import os
import sys

from engines import ENGINES
from served import Served
from unavailable import Unavailable


def serve(name, package_folder):
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    served = Served(ENGINES[name](package_folder))
    for line in sys.stdin:
        try:
            request = json.loads(line)
            answer = getattr(served, "do_" + request.pop("do"))(**request)
        except Unavailable as error:
            answer = {"error": str(error)}
        except Exception as error:  # the other side decides what a failure means
            answer = {"error": "%s: %s" % (type(error).__name__, str(error).strip() or "no message")}
        print(json.dumps(answer), file=channel, flush=True)


serve(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
