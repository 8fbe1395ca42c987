#!/usr/bin/env python3
"""A small agent that tells of itself over the socket of its recorder, with
nothing but the standard library:

    lazytrace run -- python3 testdata/examples/python/agent.py

Its model is a function of this file. What comes behind its name is a command
that it starts as a sub-agent; recorded by lazytrace run as well, that becomes a
session below this one.
"""

import json
import os
import socket
import subprocess
import sys
import time
import uuid


class Recorder:
    """One line of JSON is one event. It is answered once it is stored."""

    def __init__(self):
        self.lines = None
        path = os.environ.get("LAZYTRACE_SOCKET")
        if path:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.connect(path)
            self.lines = connection.makefile("rw", encoding="utf-8", newline="\n")

    def emit(self, run, agent, event_type, parent=None, **payload):
        if self.lines is None:
            return  # without a recorder the agent works all the same
        event = {"id": str(uuid.uuid4()), "run_id": run, "parent_run_id": parent, "agent": agent,
                 "event_type": event_type, "ts": time.time(), "payload": payload}
        try:
            self.lines.write(json.dumps(event) + "\n")
            self.lines.flush()
            answer = json.loads(self.lines.readline() or "{}")
        except OSError as error:
            answer = {"error": str(error)}
        if "ack" not in answer:
            print(f"{agent}: {event_type} was not recorded: {answer}", file=sys.stderr)


class Run:
    """One agent at work on one task. It ends as its block does."""

    def __init__(self, recorder, agent, task, parent=None, call=None):
        self.recorder, self.agent, self.id = recorder, agent, str(uuid.uuid4())
        self.calls = 0
        self.result = None
        start = {"task": task}
        if call:
            start["call_id"] = call
        self.emit("agent_start", parent=parent, **start)

    def emit(self, event_type, parent=None, **payload):
        self.recorder.emit(self.id, self.agent, event_type, parent, **payload)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.emit("agent_finish", **({"error": str(error)} if error else {"payload": self.result}))

    def model(self, prompt, tokens_in, tokens_out, cost):
        self.calls += 1
        call = f"m{self.calls}"
        self.emit("model_request", provider="scripted", model="scripted-small", call_id=call)
        text = f"I will {prompt}."
        self.emit("model_response", provider="scripted", model="scripted-small", call_id=call, content=text,
                  input_tokens=tokens_in, output_tokens=tokens_out, cost_usd=cost)
        return text

    def tool(self, name, function, *args):
        """Calls function(call, *args) and returns None when it fails."""
        self.calls += 1
        call = f"t{self.calls}"
        self.emit("tool_call", tool=name, tool_use_id=call, arguments={"args": args})
        try:
            result = function(call, *args)
        except (OSError, subprocess.SubprocessError) as error:
            self.emit("tool_error", tool=name, tool_use_id=call, error=str(error), type=type(error).__name__)
            return None
        self.emit("tool_result", tool=name, tool_use_id=call, result=result)
        return result


def list_files(_call, path):
    return sorted(os.listdir(path))


def read_file(_call, path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def main():
    recorder = Recorder()
    with Run(recorder, "python-agent", "look around", os.environ.get("LAZYTRACE_PARENT_RUN")) as run:
        run.model("look at the folder", 200, 20, 0.002)
        files = run.tool("list_files", list_files, ".")
        run.tool("read_file", read_file, "/no/such/file")

        def count(call, task):
            with Run(recorder, "py-counter", task, run.id, call) as counter:
                counter.model("count", 40, 4, 0.0004)
                counter.result = str(len(files))
            return counter.result

        run.tool("count", count, "count the files")

        def delegate(_call, *command):
            # A recorder in there finds this run in its environment.
            subprocess.run(command, check=True, env=dict(os.environ, LAZYTRACE_PARENT_RUN=run.id))
            return "done"

        if len(sys.argv) > 1:
            run.tool("delegate", delegate, *sys.argv[1:])
        run.result = f"there are {len(files)} files"
    print(f"python-agent: {run.result}")


if __name__ == "__main__":
    main()
