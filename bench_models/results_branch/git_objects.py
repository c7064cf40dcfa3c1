"""A git repository as a store of files: no index, no work tree, and no filter changes a byte."""

import base64
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench_models.errors import BenchModelsError
from bench_models.text import one_line

Tree = dict[str, str]
"""The files of a commit: their paths, and the names of their contents."""

_LONGEST_CAUSE = 500
_FILES = ("100644", "100755")
_AUTHOR = ("-c", "user.name=bench-models", "-c", "user.email=bench-models@users.noreply.github.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """A bare repository at ``path``; ``remote`` is where it fetches from and pushes to."""

    path: Path
    remote: str

    def prepare(self) -> None:
        """Make the repository, unless it is there."""
        if not (self.path / "HEAD").exists():
            self.path.mkdir(parents=True, exist_ok=True)
            self._must("init", "--quiet", "--bare")

    def fetch(self, branch: str) -> str | None:
        """Return the newest commit of a branch of the remote, or None when there is no such branch."""
        if not self._must("ls-remote", self.remote, f"refs/heads/{branch}"):
            return None
        self._must("fetch", "--quiet", "--no-tags", "--depth=1", self.remote, f"+refs/heads/{branch}:refs/theirs")
        return self.commit_at("refs/theirs")

    def push(self, commit: str, branch: str) -> str | None:
        """Push a commit; return None when the branch took it, else what git said."""
        done = self._git("push", "--quiet", self.remote, f"{commit}:refs/heads/{branch}")
        return None if done.returncode == 0 else _said(done)

    def commit_at(self, ref: str) -> str | None:
        """Return the commit that a ref names, or None."""
        done = self._git("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def remember(self, ref: str, commit: str) -> None:
        """Make a ref name a commit."""
        self._must("update-ref", ref, commit)

    def tree(self, commit: str | None) -> Tree:
        """Return the plain files of a commit, without symbolic links and submodules."""
        if commit is None:
            return {}
        entries = (line.partition("\t") for line in self._must("ls-tree", "-r", "-z", commit).split("\0") if line)
        return {path: head.split()[2] for head, _, path in entries if head.split()[0] in _FILES}

    def add(self, files: Iterable[Path]) -> list[str]:
        """Store the contents of files and return their names."""
        lines = "".join(f"{file.absolute()}\n" for file in files)
        return self._must("hash-object", "-w", "--no-filters", "--stdin-paths", given=lines.encode()).split()

    def add_content(self, content: bytes) -> str:
        """Store a content and return its name."""
        return self._must("hash-object", "-w", "--stdin", given=content)

    def contents(self, names: Iterable[str]) -> dict[str, bytes]:
        """Return contents by their names."""
        wanted = list(dict.fromkeys(names))
        answer = self._bytes("cat-file", "--batch", given="".join(f"{name}\n" for name in wanted).encode())
        found, start = {}, 0
        for name in wanted:  # the answer is a line that ends in the size, the content, and a line end
            begin = answer.index(b"\n", start) + 1
            end = begin + int(answer[start:begin].split()[-1])
            found[name], start = answer[begin:end], end + 1
        return found

    def commit(self, parent: str | None, changed: Mapping[str, str], gone: Iterable[str], message: str) -> str:
        """Return a new commit: its parent with some files changed and some gone."""
        index = self.path / f"index-{os.getpid()}"
        env = {"GIT_INDEX_FILE": str(index)}
        try:
            self._must("read-tree", parent or "--empty", env=env)
            lines = "".join(f"100644 {name}\t{path}\0" for path, name in changed.items())
            lines += "".join(f"0 {'0' * 40}\t{path}\0" for path in gone)
            self._must("update-index", "-z", "--index-info", given=lines.encode(), env=env)
            tree = self._must("write-tree", env=env)
        finally:
            index.unlink(missing_ok=True)
        onto = ("-p", parent) if parent else ()
        return self._must(*_AUTHOR, "commit-tree", *onto, "-m", message, tree)

    def _must(self, *arguments: str, given: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        return self._bytes(*arguments, given=given, env=env).decode(errors="surrogateescape").strip()

    def _bytes(self, *arguments: str, given: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
        done = self._git(*arguments, given=given, env=env)
        if done.returncode:
            raise BenchModelsError(f"`git {arguments[0]}` fails for the results branch at {self.remote}: {_said(done)}")
        return done.stdout

    def _git(
        self, *arguments: str, given: bytes = b"", env: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[bytes]":
        command = ["git", f"--git-dir={self.path}", *arguments]
        environment = {**os.environ, **_login(), **(env or {})}
        try:
            return subprocess.run(command, input=given, env=environment, capture_output=True, check=False)
        except FileNotFoundError as error:
            raise BenchModelsError("git is not installed or not on PATH: results are kept on a git branch") from error


def _said(done: "subprocess.CompletedProcess[bytes]") -> str:
    """Return why git failed, in one line."""
    return one_line(done.stderr.decode(errors="replace"), _LONGEST_CAUSE) or f"status {done.returncode}"


def _login() -> dict[str, str]:
    """Return what makes git use ``GITHUB_TOKEN``, which then is on no command line and in no file."""
    asks_nobody = {"GIT_TERMINAL_PROMPT": "0"}
    token = os.environ.get("GITHUB_TOKEN")
    if not token:
        return asks_nobody
    key = f"http.{os.environ.get('GITHUB_SERVER_URL', 'https://github.com')}/.extraheader"
    word = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    return asks_nobody | {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": key,
        "GIT_CONFIG_VALUE_0": "",  # forgets a login that a checkout left behind: two of them are refused
        "GIT_CONFIG_KEY_1": key,
        "GIT_CONFIG_VALUE_1": f"AUTHORIZATION: basic {word}",
    }
