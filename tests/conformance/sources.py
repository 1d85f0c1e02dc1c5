"""The suites as Debian's source packages, built in a cache folder outside the repository.

Fetching needs neither root nor a change of the machine's package lists: apt works on lists of its own, and checks Debian's signatures.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

GIT_NEEDS = {"make": "make", "cc": "gcc", "perl": "perl", "/usr/include/zlib.h": "zlib1g-dev", "dpkg-source": "dpkg-dev"}
LFS_NEEDS = {
    "/usr/lib/go-1.19/bin/go": "golang-1.19-go",
    "/usr/share/gocode/src/github.com/git-lfs/git-lfs": "golang-github-git-lfs-git-lfs-dev",
    "dpkg-source": "dpkg-dev",
}
_LFS_IMPORT = Path("src/github.com/git-lfs/git-lfs")


class NotPossible(Exception):
    """This machine cannot run the suites; the text says what to do about it."""


def cache_folder() -> Path:
    """Where downloads and builds are kept: `hubpilot/conformance` in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "hubpilot" / "conformance"


def git_suites(cache: Path) -> Path:
    """The folder of git's tests `t/`, of the version of the installed git, with the helper program they need."""
    require(GIT_NEEDS)
    source = _source(cache, "git")
    options = ["NO_OPENSSL=1", "NO_GETTEXT=1", "NO_TCLTK=1", "NO_PYTHON=1"]
    if not (source / "built").exists():
        # Only the helper is built: what is tested is the hub with the installed git.
        run(["nice", "make", "-C", source, "CFLAGS=-O1", *options, "t/helper/test-tool", "GIT-BUILD-OPTIONS"])
        run(["make", "-C", source / "templates", "SHELL_PATH=/bin/sh", "PERL_PATH=/usr/bin/perl"])
        (source / "built").touch()
    return source / "t"


def lfs_server_test(cache: Path) -> Path:
    """The program `git-lfs-test-server-api`."""
    require(LFS_NEEDS)
    source = lfs_source(cache)
    program = source / "bin" / "git-lfs-test-server-api"
    if not program.exists():
        paths = {"GOPATH": f"{source.parents[3]}:/usr/share/gocode", "GOCACHE": str(cache / "go-build"), "GO111MODULE": "off"}
        package = str(_LFS_IMPORT.relative_to("src") / "t" / "git-lfs-test-server-api")
        run(["nice", "/usr/lib/go-1.19/bin/go", "build", "-p", "1", "-o", program, package], environment=paths)
    return program


def lfs_source(cache: Path) -> Path:
    """The source of git-lfs, where Go finds it under the name by which it imports itself."""
    require({"git-lfs": "git-lfs"})
    place = cache / f"go-{installed_version('git-lfs')}" / _LFS_IMPORT
    if not place.exists():
        source = _source(cache, "git-lfs")
        place.parent.mkdir(parents=True, exist_ok=True)
        source.rename(place)
    return place


def require(programs_or_files: Mapping[str, str]) -> None:
    """Raise `NotPossible`, naming the Debian packages to install, unless everything is there."""
    lacking = [package for name, package in programs_or_files.items() if not (shutil.which(name) or Path(name).exists())]
    if lacking:
        raise NotPossible(f"Install what is missing: apt-get install {' '.join(lacking)}")


def run(command: Sequence[str | Path], *, folder: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
    """Run a program to its end and return what it wrote; raises `NotPossible` with the end of its complaints."""
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False,
    )
    if done.returncode:
        raise NotPossible(f"{Path(command[0]).name} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def installed_version(package: str) -> str:
    """The version of an installed Debian package."""
    return run(["dpkg-query", "--show", "--showformat=${Version}", package])


def _source(cache: Path, package: str) -> Path:
    """The unpacked, patched source of `package`; of the installed revision or, where Debian has it no more, of its nearest."""
    require({"apt-get": "apt", "dpkg-query": "dpkg"})
    version = installed_version(package)
    upstream = version.rpartition(":")[2].rpartition("-")[0]
    folder = cache / f"{package}-{version.replace(':', '_')}"
    source = folder / f"{package}-{upstream}"
    if not source.exists():
        folder.mkdir(parents=True, exist_ok=True)
        options = _apt_lists(cache)
        shown = run(["apt-cache", *options, "showsrc", "--only-source", package])
        offered = [line.partition(": ")[2] for line in shown.splitlines() if line.startswith("Version: ")]
        wanted = [version, *(other for other in reversed(offered) if other != version and upstream in other)]
        _fetch(package, [one for one in wanted if one in offered], options, folder)
    return source


def _fetch(package: str, versions: Sequence[str], options: Sequence[str], folder: Path) -> None:
    failure = NotPossible(f"Debian's mirror offers no source of {package} in the version installed here.")
    for version in versions:
        try:
            run(["apt-get", *options, "source", "--quiet", f"{package}={version}"], folder=folder)
        except NotPossible as error:
            failure = error
        else:
            return
    raise failure


def _apt_lists(cache: Path) -> list[str]:
    """Options that make apt use lists of Debian's source packages under `cache`, which are brought up to date."""
    targets = run(
        ["apt-get", "indextargets", "--format", "deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages", "Origin: Debian"]
    )
    if not targets:
        raise NotPossible("This machine takes no packages from Debian, so there is nothing to take the suites from.")
    lists = cache / "apt"
    (lists / "state" / "partial").mkdir(parents=True, exist_ok=True)
    (lists / "sources.list").write_text("".join(f"{line}\n" for line in sorted(set(targets.splitlines()))))
    options = {
        "Dir::Etc::SourceList": lists / "sources.list", "Dir::Etc::SourceParts": "-", "Dir::State::Lists": lists / "state",
        "Dir::Cache": lists / "cache", "APT::Sandbox::User": "root",
    }
    arguments = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    run(["apt-get", *arguments, "update", "--quiet"])
    return arguments
