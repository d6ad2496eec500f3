"""Builds a bundle, starts what it built in an empty environment, and fails on any miss."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SPECS = {"standard": "turbodesk", "lite": "turbodesk-lite"}
SUFFIX = ".exe" if sys.platform == "win32" else ""
BUILD_TIMEOUT_S = 900
START_TIMEOUT_S = 300
# Neither the host's desktop, nor our tools, nor a keyring that writes plain files may come along.
STRANGERS = re.compile(
    r"(^|/)(libgtk|libgdk|libQt6(Network|Qml|Quick|WebEngine|Sql)|keyrings|tkinter|_tkinter|pytest|hypothesis|mypy"
    r"|PyInstaller|setuptools|uv)\b",
)


def main() -> int:
    """Builds and checks one bundle; 0 where all of it holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spec", choices=SPECS, default="standard")
    parser.add_argument("--built", action="store_true", help="check what is in dist/ already")
    asked = parser.parse_args()
    name = SPECS[asked.spec]
    if not asked.built:
        build(name)
    bundle = ROOT / "dist" / name
    misses = [*strangers(bundle), *started(bundle)]
    show_sizes(bundle)
    for miss in misses:
        print(f"MISS  {miss}")
    print(f"{name}: {len(misses)} misses." if misses else f"{name}: everything is there and starts.")
    return 1 if misses else 0


def build(name: str) -> None:
    """Builds one spec into dist/."""
    line = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN"]
    line += ["--distpath", str(ROOT / "dist"), "--workpath", str(ROOT / "build" / name)]
    print(f"Building {name}.", flush=True)
    subprocess.run(
        [*line, str(ROOT / "packaging" / f"{name}.spec")], cwd=ROOT, check=True, timeout=BUILD_TIMEOUT_S
    )


def strangers(bundle: Path) -> list[str]:
    """Files and packed modules that do not belong into a bundle."""
    from PyInstaller.archive.readers import CArchiveReader

    names = [path.relative_to(bundle).as_posix() for path in bundle.rglob("*")]
    code = CArchiveReader(str(bundle / f"turbodesk{SUFFIX}")).open_embedded_archive("PYZ.pyz")
    names += [module.replace(".", "/") for module in code.toc]
    return [f"{name} does not belong into the bundle" for name in names if STRANGERS.search(name)]


def started(bundle: Path) -> list[str]:
    """What went wrong when both programs looked at themselves and the window showed itself."""
    misses = []
    with tempfile.TemporaryDirectory(prefix="turbodesk-") as folder, display() as shown:
        home = Path(folder)
        pictures = home / "pictures"
        for words in (
            ["turbodesk-cli", "--self-check"],
            ["turbodesk", "--self-check"],
            ["turbodesk", "--tour", str(pictures)],
        ):
            print("Starting " + " ".join(words[:2]) + " in an empty environment.", flush=True)
            misses += trouble_with(bundle, words, home, shown)
        seen = [picture for picture in sorted(pictures.glob("*.png")) if picture.stat().st_size > 1_000]
        print(f"The tour took {len(seen)} pictures.")
        if not seen:
            misses.append("the window was started and took no picture")
    return misses


def trouble_with(bundle: Path, words: list[str], home: Path, shown: dict[str, str]) -> list[str]:
    """Runs one program of the bundle with nothing but a display and a home; at most one sentence."""
    program, *rest = words
    runtime = home / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    bare = {"HOME": str(home), "XDG_RUNTIME_DIR": str(runtime), "LANG": "C.UTF-8", **shown}
    if sys.platform == "win32":
        bare |= {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP") if name in os.environ}
    line = [str(bundle / f"{program}{SUFFIX}"), "--config-dir", str(home / "config"), *rest]
    try:
        done = subprocess.run(
            line,
            env=bare,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=START_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        return [f"{' '.join(words[:2])} did not end within {START_TIMEOUT_S} s"]
    print(done.stdout.decode("utf-8", "replace"), end="")
    return [f"{' '.join(words[:2])} ended with {done.returncode}"] if done.returncode else []


@contextmanager
def display() -> Iterator[dict[str, str]]:
    """An X server of our own on a free display, as the variable naming it; nothing where none is needed."""
    if not sys.platform.startswith("linux"):
        yield {}
        return
    program = shutil.which("Xvfb")
    if program is None:
        raise SystemExit("Xvfb is missing; `make env` installs it.")
    ours, its = os.pipe()
    line = [program, "-displayfd", str(its), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    server = subprocess.Popen(line, pass_fds=[its], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(its)
    try:
        with os.fdopen(ours) as number:  # it writes the number once it listens, or nothing when it ends
            said = number.readline().strip()
        if not said:
            raise SystemExit("Xvfb did not start.")
        yield {"DISPLAY": f":{said}"}
    finally:
        server.terminate()
        server.wait(timeout=20)


def show_sizes(bundle: Path) -> None:
    """Prints the size of the whole and of its largest files."""
    files = [path for path in bundle.rglob("*") if path.is_file() and not path.is_symlink()]
    sizes = {path: path.stat().st_size for path in files}
    print(f"{bundle.name}: {sum(sizes.values()) / 1e6:.1f} MB in {len(sizes)} files; the largest:")
    for path, size in sorted(sizes.items(), key=lambda item: -item[1])[:8]:
        print(f"  {size / 1e6:6.1f} MB  {path.relative_to(bundle)}")


if __name__ == "__main__":
    sys.exit(main())
