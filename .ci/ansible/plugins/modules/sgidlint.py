#!/usr/bin/python
# SPDX-License-Identifier: MIT
"""Checks and fixes directory trees by calling sgidlint, and tells Ansible what it said."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sgidlint
short_description: Check or fix groups, setgid bits and permissions of shared directories
description:
  - Calls sgidlint, which compares directory trees with a policy, and repairs them where that is asked for.
  - Every repair is on record on the host, and C(sgidlint undo) takes it back to the bit.
requirements:
  - sgidlint 0.2.0 or later on the host
options:
  policy:
    description:
      - Built-in policies by name, or policy files of the host by absolute path.
      - Without this and O(content), all files in C(/etc/sgidlint) hold.
    type: list
    elements: str
  content:
    description:
      - The text of a policy file, which then needs not be on the host.
    type: str
  params:
    description:
      - Values of the policy's params.
    type: dict
    default: {}
  paths:
    description:
      - Limits the run to what is at or below these absolute paths. A policy without roots is bound to them.
    type: list
    elements: path
    default: []
  state:
    description:
      - V(checked) changes nothing, and fails where O(fail_on) says so.
      - V(fixed) repairs what can be repaired, and fails for what is left then.
    type: str
    choices: [checked, fixed]
    default: checked
  unsafe_fixes:
    description:
      - Lints of which the unsafe fixes are made too, or V(all).
      - An unsafe fix could break a program, open what its owner closed, take from whom an ACL names, or not be undone.
    type: list
    elements: str
    default: []
  max_changes:
    description:
      - Refuses to fix where more entries than this would change, a count or a share (V(5%)) of the entries seen.
      - A limit that the policy sets holds where this is not given.
    type: str
  fail_on:
    description:
      - The lowest level of findings that fails the task. V(never) lets no finding fail it.
      - A refused policy, and what could not be read or changed, always fail it.
    type: str
    choices: [deny, warn, never]
    default: deny
  max_diff:
    description:
      - How many entries a diff lists at most. Of the others it has the number.
    type: int
    default: 1000
  state_dir:
    description:
      - Where runs are on record. Root's default is C(/var/lib/sgidlint).
    type: path
  executable:
    description:
      - The program, by its absolute path or by its name.
    type: path
    default: sgidlint
attributes:
  check_mode:
    description: Changes nothing, and tells what would be changed and what would be left.
    support: full
  diff_mode:
    description: With O(state=fixed), shows a line for each entry, as C(ls -l) does, before and after.
    support: full
  platform:
    description: Linux, as sgidlint.
    support: full
    platforms: linux
author:
  - The authors of sgidlint (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Hold the share of sales to a built-in policy
  sgidlint.sgidlint.sgidlint:
    policy: samba-share
    params:
      group: sales
    paths: /srv/sales
    state: fixed
    max_changes: 5%

- name: Check what the host's own policies say, and gather instead of failing
  sgidlint.sgidlint.sgidlint:
    fail_on: never
  register: trees

- name: Fail for hosts where somebody outside the group could write
  ansible.builtin.assert:
    that: "'world-writable' not in trees.lints"

- name: Bring the policy along
  sgidlint.sgidlint.sgidlint:
    content: |
      format = 1
      name = "site"

      [[tree]]
      root = "/srv/www"
      group = "www-data"
      dir-mode = "2755"
      file-mode = "0644"
    state: fixed
"""

RETURN = r"""
changes:
  description:
    - How many entries were changed. In check mode, and with O(state=checked), how many would be.
  returned: always
  type: int
  sample: 2
entries:
  description: How many entries were seen.
  returned: always
  type: int
  sample: 3
findings:
  description: How many findings there were, before any fix.
  returned: always
  type: int
  sample: 4
left:
  description: How many findings are left. In check mode, how many would be.
  returned: always
  type: int
  sample: 0
lints:
  description: How many findings each lint had, before any fix.
  returned: always
  type: dict
  sample: {foreign-group: 1, missing-permission: 2, spreading-group: 1}
errors:
  description: How many things could not be read or done.
  returned: always
  type: int
  sample: 0
exit_status:
  description:
    - The exit status of sgidlint, 0 where all is well, 1 for findings, 2 for a refusal, 3 where something was left undone.
  returned: always
  type: int
  sample: 0
run:
  description: The run that was put on record, which C(sgidlint undo) takes. Empty where nothing was changed.
  returned: always
  type: str
  sample: 20261128T1850200
"""

import base64
import json
import os
import tempfile
from collections import deque
from subprocess import DEVNULL, PIPE, Popen  # run_command would hold every line in memory, and there can be millions
from threading import Thread

from ansible.module_utils.basic import AnsibleModule

# How many findings and errors a message names, and how much of a path: others choose both.
NAMED = 10
LONGEST = 1024

ARGUMENTS = {
    "policy": {"type": "list", "elements": "str"},
    "content": {"type": "str"},
    "params": {"type": "dict", "default": {}},
    "paths": {"type": "list", "elements": "path", "default": []},
    "state": {"type": "str", "choices": ["checked", "fixed"], "default": "checked"},
    "unsafe_fixes": {"type": "list", "elements": "str", "default": []},
    "max_changes": {"type": "str"},
    "fail_on": {"type": "str", "choices": ["deny", "warn", "never"], "default": "deny"},
    "max_diff": {"type": "int", "default": 1000},
    "state_dir": {"type": "path"},
    "executable": {"type": "path", "default": "sgidlint"},
}


def main():
    module = AnsibleModule(ARGUMENTS, mutually_exclusive=[("policy", "content")], supports_check_mode=True)
    for name in ["paths", "policy"]:
        for path in module.params[name] or []:
            is_file = name == "paths" or "/" in path or path.endswith(".toml")
            if is_file and not os.path.isabs(path):
                module.fail_json(msg=f"{name}: {path} is a relative path; write it from / on")
    with tempfile.TemporaryDirectory(dir=module.tmpdir) as folder:
        policies = module.params["policy"] or []
        if module.params["content"] is not None:
            policies = [os.path.join(folder, "content.toml")]
            with open(policies[0], "w", encoding="utf-8") as file:
                file.write(module.params["content"])
        report = Report(0 if module.params["state"] == "checked" or not module._diff else module.params["max_diff"])
        try:
            status, said = run(command(module, policies), report)
        except OSError as error:
            module.fail_json(msg=f"sgidlint can't be run: {error}")
        report.hide(folder + "/")
        finish(module, report, status, said.replace(folder + "/", ""))


def command(module, policies):
    """The command line that does what the task asks for."""
    params = module.params
    words = [module.get_bin_path(params["executable"], required=True, opt_dirs=["/usr/local/bin"])]
    if params["state"] == "checked":
        words.append("check")
    else:
        words += ["fix", "--dry-run" if module.check_mode else "--yes"]
        if "all" in params["unsafe_fixes"]:
            words.append("--unsafe-fixes")
        else:
            words += [f"--unsafe-fixes={lint}" for lint in params["unsafe_fixes"]]
        if params["max_changes"] is not None:
            words.append(f"--max-changes={params['max_changes']}")
    words += ["--format=json", "--progress=never"]
    words += [f"--policy={policy}" for policy in policies]
    words += [f"--set={name}={value}" for name, value in params["params"].items()]
    if params["fail_on"] == "warn":
        words.append("--strict")
    if params["state_dir"] is not None:
        words.append(f"--state-dir={params['state_dir']}")
    return words + ["--"] + params["paths"]


def run(words, report):
    """Runs it, and reads each line as it comes; its exit status, and the last that it said to people."""
    said = deque(maxlen=NAMED)
    # From /, so that no sgidlint.toml of the folder that the connection begins in is taken for the host's policy.
    with Popen(words, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, cwd="/") as process:
        drain = Thread(target=said.extend, args=(process.stderr,))
        drain.start()
        for line in process.stdout:
            try:
                report.read(json.loads(line))
            except (ValueError, AttributeError):  # another program's, or torn
                said.append(line)
        drain.join()
    return process.returncode, b"".join(said).decode("utf-8", "replace")


class Report:
    """What the lines of a report come to, in memory that doesn't grow with them."""

    def __init__(self, max_diff):
        self.max_diff = max_diff
        self.lints = {}
        self.lasting = {"deny": 0, "warn": 0}  # findings that a fix leaves, by level
        self.lasting_named = []
        self.found_named = []
        self.errors = []
        self.warnings = []
        self.listed = {}  # (root, path) -> [kind, state before, state after]
        self.directories = {}
        self.end = {}

    def read(self, line):
        """Takes one line; those of types that it doesn't know are passed over."""
        read = getattr(self, f"read_{line.get('type')}", None)
        if read is not None:
            read(line)

    def read_directory(self, line):
        self.directories[line["directory"]] = self.path(line["path"])

    def read_warning(self, line):
        remember(self.warnings, line["message"])

    def read_problem(self, line):
        place = ":".join(str(line[part]) for part in ["file", "line", "column"] if part in line)
        text = f"{place}: {line['message']}" if place else line["message"]
        remember(self.errors, f"{text} ({line['hint']})" if "hint" in line else text)

    def read_error(self, line):
        remember(self.errors, self.where(line) + line["message"])

    def read_finding(self, line):
        self.lints[line["lint"]] = self.lints.get(line["lint"], 0) + 1
        text = f"{self.where(line)}{line['level']}: {line['message']} [{line['lint']}]"
        remember(self.found_named, (line["level"], text))
        if line["fix"] != "safe" and not line.get("planned", False):
            self.lasting[line["level"]] += 1
            remember(self.lasting_named, (line["level"], text))
        before, after = line.get("actual"), line.get("desired")
        if after is not None and before != after and len(self.listed) < self.max_diff:
            self.listed[self.key(line)] = [line["kind"], before, after]

    def read_outcome(self, line):
        if line["outcome"] not in ["applied", "already"]:
            remember(self.errors, f"{self.where(line)}{line['outcome']}: {line.get('message', 'not changed')}")
        entry = self.listed.get(self.key(line))
        if entry is not None:
            unchanged = entry[2] if line["outcome"] in ["applied", "already"] else entry[1]
            entry[2] = line.get("state", unchanged)

    def read_end(self, line):
        self.end = line

    def key(self, line):
        return self.path(line["root"]), self.path(line["path"])

    def where(self, line):
        """The entry that a line is about, as the beginning of a message."""
        if "path" not in line:
            return ""
        root, path = self.key(line)
        return f"{root}: " if path == "." else f"{root.rstrip('/')}/{path}: "

    def path(self, path):
        """A path as text of a line that nobody can forge another line in."""
        if "below" in path:
            above = self.directories.get(path["below"]["directory"], "?")
            text = f"{above}/{self.path(path['below']['path'])}"
        elif "bytes" in path:
            text = printable(base64.b64decode(path["bytes"]).decode("utf-8", "surrogateescape"))
        else:
            text = printable(path["text"])
        if len(text) > LONGEST:
            text = f"{text[:LONGEST // 2]}[...]{text[-LONGEST // 2:]}"
        return text

    def hide(self, folder):
        """Leaves out the folder of a policy that the task brought along."""
        self.errors = [text.replace(folder, "") for text in self.errors]
        self.warnings = [text.replace(folder, "") for text in self.warnings]

    def diff(self, changes):
        """The entries that change, before and after, as Ansible shows them."""
        rest = changes - len(self.listed)
        more = f"[{rest} more]\n" if rest > 0 else ""
        sides = {}
        for side, number in [("before", 1), ("after", 2)]:
            lines = [listing(entry[0], entry[number], *key) for key, entry in self.listed.items()]
            sides[side] = "".join(lines) + more
        return sides


def remember(named, text):
    """Keeps it with the first ones."""
    if len(named) < NAMED:
        named.append(text)


def printable(text):
    """A name without what a terminal would obey, as the name of a file may have it."""
    def escaped(char):
        if 0xDC80 <= ord(char) <= 0xDCFF:  # a byte that isn't UTF-8, as surrogateescape keeps it
            return f"\\x{ord(char) - 0xDC00:02x}"
        return char if char.isprintable() and char != "\\" else char.encode("unicode_escape").decode()

    return "".join(escaped(char) for char in text)


def listing(kind, state, root, path):
    """An entry's line, as ls -l has it."""
    mode = int(state["mode"], 8)
    letters = {"dir": "d", "file": "-", "symlink": "l", "fifo": "p", "socket": "s", "block": "b", "char": "c"}[kind]
    for shift, special, letter in [(6, 0o4000, "s"), (3, 0o2000, "s"), (0, 0o1000, "t")]:
        bits = mode >> shift & 7
        runs = bits & 1
        last = (letter if runs else letter.upper()) if mode & special else ("x" if runs else "-")
        letters += ("r" if bits & 4 else "-") + ("w" if bits & 2 else "-") + last
    owner, group = state.get("owner", state["uid"]), state.get("group", state["gid"])
    slash = "/" if kind == "dir" else ""
    whole = root if path == "." else f"{root.rstrip('/')}/{path}"
    return f"{letters} {owner} {group} {whole.rstrip('/')}{slash}\n"


def finish(module, report, status, said):
    """Tells Ansible how it went."""
    params, end = module.params, report.end
    fixes = params["state"] == "fixed"
    changes = end.get("changes", 0)
    foreseen = fixes and module.check_mode
    found = end.get("findings", 0)
    left = sum(report.lasting.values()) if foreseen else end.get("left", found)
    result = {
        "changed": fixes and changes > 0,
        "changes": changes,
        "entries": end.get("entries", 0),
        "findings": found,
        "left": left,
        "lints": report.lints,
        "errors": end.get("errors", 0),
        "exit_status": status,
        "run": end.get("run", ""),
    }
    if fixes and module._diff and changes > 0:
        result["diff"] = report.diff(changes)
    for text in report.warnings:
        module.warn(text)
    if status not in [0, 1] or not end:
        told = "\n".join(report.errors) or said or "it said nothing"
        module.fail_json(msg=f"sgidlint ended with exit status {status}: {told}", **result)
    levels = {"deny": ["deny"], "warn": ["deny", "warn"], "never": []}[params["fail_on"]]
    fails = any(report.lasting[level] for level in levels) if foreseen else status == 1 and params["fail_on"] != "never"
    if fails:
        named = report.lasting_named if fixes else report.found_named
        lines = [text for level, text in named if level in levels]
        msg = f"{left} findings {'would be ' if foreseen else ''}left in {result['entries']} entries"
        module.fail_json(msg="\n".join([msg] + lines), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
