"""Shows each finding of FINDINGS.md on the real server, in repositories of its own: `../.venv/bin/python findings.py`.

Fails where one can't be seen any more: then the page is to be mended, and perhaps the contract."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SERVER = Path(sys.executable).with_name("mcp-server-git")
# Nothing of this machine's own settings may count.
PLAIN = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
os.environ.update(PLAIN)


class Server:
    def __init__(self, *args, cwd="/", env=None):
        command = [str(SERVER), *map(str, args)]
        env = {**os.environ, **(env or {})}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(command, cwd=cwd, env=env, text=True, **pipes)
        self.id = 0
        client = {"name": "findings", "version": "1"}
        self.ask("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=client)
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def send(self, message):
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def ask(self, method, **params):
        self.id += 1
        self.send({"jsonrpc": "2.0", "id": self.id, "method": method, "params": params})
        for line in self.process.stdout:
            answer = json.loads(line)
            if answer.get("id") == self.id:
                return answer["result"]
        raise SystemExit("the server is gone")

    def call(self, tool, repo, **args):
        """Whether it says that it failed, and its words."""
        answer = self.ask("tools/call", name=tool, arguments={"repo_path": str(repo), **args})
        return bool(answer.get("isError")), "".join(part["text"] for part in answer["content"])


def sh(repo, command):
    done = subprocess.run(command, shell=True, cwd=repo, capture_output=True, text=True)
    return done.stdout.strip()


def repository(parent, name):
    repo = Path(parent) / name
    repo.mkdir()
    sh(repo, "git init -qb main; git config user.name A; git config user.email a@b.example; echo one > a.txt")
    old = "GIT_AUTHOR_DATE=2020-01-01T00:00:00Z GIT_COMMITTER_DATE=2020-01-01T00:00:00Z"
    sh(repo, f"echo '*.log' > .gitignore; git add .; {old} git commit -qm first; git tag v1; git branch other")
    return repo


def program(path, body):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + body + "\n")
    path.chmod(0o755)


def escape(home):
    inside, outside = repository(home, "inside"), repository(home, "outside")
    sh(outside, "git commit -q --allow-empty -m 'not for you'")
    with Server("--repository", inside, cwd=inside, env={"HOME": str(home), "PLACE": str(outside)}) as server:
        assert server.call("git_log", outside)[0], "the plain path is refused"
        for path in ("~/outside", "$PLACE"):
            failed, said = server.call("git_log", path)
            assert not failed and "not for you" in said, path
        (inside / "sub").mkdir()
        (inside / "sub/.git").write_text(f"gitdir: {outside}/.git\n")
        failed, said = server.call("git_log", inside / "sub")
        assert not failed and "not for you" in said


def merge(home):
    repo = repository(home, "merge")
    sh(repo, "git checkout -q other; echo theirs > t.txt; git add .; git commit -qm theirs; git checkout -q main")
    sh(repo, "echo ours > o.txt; git add .; git commit -qm ours; git merge --no-commit --no-ff other")
    with Server() as server:
        assert server.call("git_reset", repo) == (False, "All staged changes reset")
        failed, said = server.call("git_commit", repo, message="after the reset")
    assert not failed and "committed successfully" in said
    assert len(sh(repo, "git log -1 --format=%P").split()) == 2, "it counts as merged"
    assert "t.txt" not in sh(repo, "git ls-tree --name-only HEAD"), "and what was merged is not in it"


def failed_and_done(home):
    repo = repository(home, "hooks")
    with Server() as server:
        (repo / "new.txt").write_text("new")
        (repo / "x.log").write_text("ignored")
        failed, said = server.call("git_add", repo, files=["new.txt", "x.log"])
        assert failed and "are ignored by one of your .gitignore files" in said
        assert sh(repo, "git diff --cached --name-only") == "new.txt", "and yet it is staged"
        program(repo / ".git/hooks/post-commit", "exit 1")
        failed, said = server.call("git_commit", repo, message="second")
        assert failed and "post-commit" in said and sh(repo, "git log -1 --format=%s") == "second"
        program(repo / ".git/hooks/post-checkout", "exit 1")
        failed, said = server.call("git_checkout", repo, branch_name="other")
        assert failed and "Switched to branch" in said and sh(repo, "git branch --show-current") == "other"


def detached(home):
    repo = repository(home, "detached")
    with Server() as server:
        failed, said = server.call("git_checkout", repo, branch_name="v1")
        assert not failed and said.startswith("HEAD is now detached at ")
        (repo / "a.txt").write_text("lost\n")
        server.call("git_add", repo, files=["a.txt"])
        failed, said = server.call("git_commit", repo, message="lost")
    assert not failed and said.startswith("Changes committed successfully with hash ")
    assert sh(repo, "git for-each-ref --contains HEAD refs/heads") == "", "no branch has it"


def difference(home):
    repo = repository(home, "difference")
    (repo / "a.txt").write_text("not committed\n")
    with Server() as server:
        assert "+not committed" in server.call("git_diff", repo, target="other")[1]
        for target in ("main..other", "main...other"):
            failed, said = server.call("git_diff", repo, target=target)
            assert failed and "did not resolve to an object" in said


def only_reads(home):
    repo = repository(home, "reads")
    index, ran = repo / ".git/index", home / "ran"
    with Server() as server:
        for tool in ("git_status", "git_diff_unstaged"):
            os.utime(repo / "a.txt", (5, 5) if tool == "git_status" else (6, 6))
            before = index.read_bytes()
            server.call(tool, repo)
            assert index.read_bytes() != before, tool
        program(home / "run.sh", f"touch {ran}")
        (repo / "a.txt").write_text("two\n")
        for setting, tool in (("core.fsmonitor", "git_status"), ("diff.external", "git_diff_unstaged")):
            ran.unlink(missing_ok=True)
            sh(repo, f"git config {setting} {home}/run.sh")
            server.call(tool, repo)
            sh(repo, f"git config --unset {setting}")
            assert ran.exists(), setting


def more_and_less(home):
    repo = repository(home, "index")
    (repo / "secret").write_text("s")
    with Server() as server:
        server.call("git_add", repo, files=[":!a.txt"])
        assert "secret" in sh(repo, "git diff --cached --name-only")
        sh(repo, "git update-index --skip-worktree a.txt; git add -N new.txt; echo n > n.txt; git add -N n.txt")
        assert "S a.txt" in sh(repo, "git ls-files -v") and "n.txt" in sh(repo, "git ls-files")
        server.call("git_reset", repo)
        assert "H a.txt" in sh(repo, "git ls-files -v") and "n.txt" not in sh(repo, "git ls-files")


def names(home):
    repo = repository(home, "names")
    with Server() as server:
        for name in ("HEAD", "@", "refs/heads/main"):
            assert server.call("git_create_branch", repo, branch_name=name) == (
                False,
                f"Created branch '{name}' from 'main'",
            )
        branches = sh(repo, "git for-each-ref --format='%(refname)' refs/heads").split()
        assert branches == [f"refs/heads/{name}" for name in ("@", "HEAD", "main", "other")], "nothing for the third"
        sh(repo, "git branch foo; git pack-refs --all")
        failed, _ = server.call("git_create_branch", repo, branch_name="foo/bar")
        assert not failed and {"foo", "foo/bar"} <= set(sh(repo, "git branch").split())


def times(home):
    repo = repository(home, "times")
    with Server() as server:
        assert "first" in server.call("git_log", repo)[1]
        assert server.call("git_log", repo, start_timestamp="banana") == (False, "Commit history:\n")


def weaker_than_git(home):
    repo = repository(home, "weaker")
    with Server() as server:
        (repo / "a.txt").write_text("two\n")
        sh(repo, "git add a.txt")
        (repo / ".git/index.lock").touch()
        failed, _ = server.call("git_commit", repo, message="")
        assert not failed and sh(repo, "git log -1 --format='[%B]'") == "[]"


FINDINGS = [
    escape,
    merge,
    failed_and_done,
    detached,
    difference,
    only_reads,
    more_and_less,
    names,
    times,
    weaker_than_git,
]

if __name__ == "__main__":
    gone = 0
    for number, finding in enumerate(FINDINGS, 1):
        with tempfile.TemporaryDirectory() as home:
            try:
                finding(Path(home).resolve())
                print(number, "seen")
            except AssertionError as error:
                gone += 1
                print(number, "not seen:", finding.__name__, error)
    sys.exit(1 if gone else 0)
