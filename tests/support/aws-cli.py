"""Runs commands of the AWS CLI, each in a process forked from this one, which has read the CLI's modules once.

Reads a line of JSON per command, {"args": [...], "env": {...}}, and answers with one: {"code", "stdout", "stderr"}. What a command runs is the CLI's own
`main`, unmodified; only the interpreter's start is not repeated.
"""

import gc
import json
import os
import sys
import tempfile

import awscli.clidriver
import awscli.handlers  # noqa: F401  (the commands that are not in the models; read at each start otherwise)

# Left alone, the collector would touch, and so copy, every page in each fork.
gc.collect()
gc.freeze()
gc.disable()


def run(args, env, stdout, stderr):
    """In the fork: becomes the command, and ends."""
    code = 255
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        os.environ.update(env)
        sys.argv = ["aws", *args]
        code = awscli.clidriver.main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code or 0)


print(json.dumps({"version": awscli.__version__}), flush=True)
for line in sys.stdin:
    command = json.loads(line)
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        pid = os.fork()
        if pid == 0:
            run(command["args"], command["env"], stdout.fileno(), stderr.fileno())
        _, status = os.waitpid(pid, 0)
        stdout.seek(0)
        stderr.seek(0)
        answer = {
            "code": os.waitstatus_to_exitcode(status),
            "stdout": stdout.read().decode(),
            "stderr": stderr.read().decode(),
        }
    print(json.dumps(answer), flush=True)
