"""Makes .venv as the lock says, after the system packages that Debian still lacks; a no-op the second time.

Runs under whatever Python 3 the machine has, so it uses nothing that is newer than 3.7.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
STAMP = VENV / "turbodesk-env.txt"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
OLDEST, TOO_NEW = (3, 11), (3, 14)

TO_SHOW = (
    "ca-certificates fonts-dejavu-core fonts-inter fonts-jetbrains-mono libdbus-1-3 libegl1 libfontconfig1 "
    "libgl1 libglib2.0-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 "
    "libxcb-render-util0 libxcb-shape0 libxcb-xkb1 libxkbcommon-x11-0 libxkbcommon0"
)
# The last is what swaks needs to speak TLS.
TO_TEST = "xvfb xauth dbus gnome-keyring curl swaks libnet-ssleay-perl"
TO_BUNDLE = "binutils"


def main():
    python, version = find_python()
    missing = missing_packages(python, version)
    if missing and not install_packages(missing):
        tell("These system packages are missing; install them with this line:")
        tell("    " + line_to_run(missing))
    if (BIN / "python").exists() and STAMP.is_file() and STAMP.read_text("utf-8") == wanted_stamp():
        return
    make_venv(python, version)
    fill_venv()
    STAMP.write_text(wanted_stamp(), encoding="utf-8")
    tell(".venv is ready.")


def tell(text):
    print(text, file=sys.stderr, flush=True)


def find_python():
    """The first Python that fits, and its version: this one, then those on the PATH by name."""
    seen = []
    for name in (sys.executable, "python3.13", "python3.12", "python3.11"):
        path = shutil.which(name)
        if path is None:
            continue
        question = "import sys; print(*sys.version_info[:2])"
        said = subprocess.run([path, "-c", question], capture_output=True)
        version = tuple(int(part) for part in said.stdout.split())
        if OLDEST <= version < TOO_NEW:
            return path, version
        seen.append(".".join(map(str, version)) or path)
    found = ", ".join(dict.fromkeys(seen))
    sys.exit(f"Turbodesk needs Python 3.11, 3.12 or 3.13; here is only {found}. Install one, then try again.")


def missing_packages(python, version):
    """The Debian packages that are not installed, sorted; always empty on other systems."""
    if shutil.which("dpkg-query") is None or shutil.which("apt-get") is None:
        if sys.platform.startswith("linux") and not STAMP.exists():
            tell("This is not Debian: should the window not open, install Qt's xcb libraries and a font.")
        return []
    names = (TO_SHOW + " " + TO_TEST + " " + TO_BUNDLE).split()
    if Path(python).resolve().parent == Path("/usr/bin"):
        # PyInstaller packs the latter.
        names += [f"python{dotted(version)}-venv", f"libpython{dotted(version)}"]
    asked = ["dpkg-query", "-W", "-f=${Package} ${db:Status-Abbrev}\n"]
    asked += names + [name + "t64" for name in names]  # what several libraries are called since Debian 13
    said = subprocess.run(asked, capture_output=True, text=True)
    there = {line.split()[0] for line in said.stdout.splitlines() if line.split()[1:] == ["ii"]}
    return sorted(name for name in names if name not in there and name + "t64" not in there)


def install_packages(missing):
    """Installs them where that is allowed without asking; whether it was done."""
    before = may_install()
    if before is None:
        return False
    tell("Installing system packages: " + " ".join(missing))
    for words in (["update", "-qq"], install_words(missing)):
        line = [*before, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *words]
        done = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return done.returncode == 0


def may_install():
    """What stands before apt-get: nothing for root, sudo where it asks for no password; None: not allowed."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    asked = subprocess.run(["sudo", "-n", "true"], capture_output=True)
    return ["sudo", "-n"] if asked.returncode == 0 else None


def install_words(missing):
    return ["install", "-y", "--no-install-recommends", *missing]


def line_to_run(missing):
    return "sudo apt-get update && sudo apt-get " + " ".join(install_words(missing))


def dotted(version):
    return ".".join(map(str, version))


def wanted_stamp():
    """What .venv was made from; it is made again when any of it changes."""
    parts = [LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), str(ROOT).encode("utf-8")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest() + "\n"


def make_venv(python, version):
    if venv_version() == version:
        return
    tell(f"Making .venv with Python {dotted(version)}.")
    if subprocess.run([python, "-c", "import ensurepip"], capture_output=True).returncode != 0:
        line = line_to_run([f"python{dotted(version)}-venv"])
        sys.exit(f"Python here cannot make environments. On Debian this line mends it:\n    {line}")
    run([python, "-m", "venv", "--clear", str(VENV)])


def venv_version():
    """The version of the Python in .venv, None where there is none that runs."""
    try:
        question = "import sys, pip; print(*sys.version_info[:2])"
        said = subprocess.run([str(BIN / "python"), "-c", question], capture_output=True)
    except OSError:
        return None
    return tuple(int(part) for part in said.stdout.split()) or None


def fill_venv():
    """Installs uv by its hash, then all else with it, then the checkout itself, editable."""
    python = str(BIN / "python")
    with tempfile.TemporaryDirectory() as folder:
        only_uv = Path(folder) / "uv.txt"
        only_uv.write_text(locked("uv"), encoding="utf-8")
        run([python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(only_uv)])
    uv = [str(BIN / "uv"), "pip", "install", "--quiet", "--python", python]
    environment = dict(os.environ, **uv_settings(pip_settings(python), os.environ))
    run([*uv, "--require-hashes", "-r", str(LOCK)], environment)
    run([*uv, "--no-deps", "--no-build-isolation", "-e", str(ROOT)], environment)


def locked(name):
    """The lines of the lock for one package, with its hashes."""
    lines = LOCK.read_text(encoding="utf-8")
    return re.search(rf"^{re.escape(name)}==.*(\n    --hash=.*)*", lines, re.MULTILINE).group(0) + "\n"


def pip_settings(python):
    """What this machine has set for pip, in its files and its environment, by the option's name."""
    said = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True)
    settings = {}
    for line in said.stdout.splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.partition(".")
        if section in ("global", "install", ":env:"):
            settings[option] = " ".join(value.strip("'\"").replace("\\n", " ").split())
    return settings


def uv_settings(pip, environment):
    """The same for uv, which does not read pip's; what is set for uv itself is left alone."""
    settings = {}
    own = {"UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_CONFIG_FILE"}
    pairs = [("UV_FIND_LINKS", "find-links"), ("UV_INSECURE_HOST", "trusted-host"), ("SSL_CERT_FILE", "cert")]
    if own.isdisjoint(environment):
        pairs += [("UV_DEFAULT_INDEX", "index-url"), ("UV_INDEX", "extra-index-url")]
        # pip takes a version from whichever index has it; the hashes make that safe
        settings["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    wanted = [(name, pip.get(option)) for name, option in pairs if name not in environment]
    settings.update({name: value for name, value in wanted if value})
    if pip.get("no-index") in ("1", "true", "yes", "on"):
        settings["UV_NO_INDEX"] = "1"
    return settings


def run(line, environment=None):
    done = subprocess.run(line, stdin=subprocess.DEVNULL, env=environment, cwd=str(ROOT))
    if done.returncode != 0:
        sys.exit("This did not work: " + " ".join(line))


if __name__ == "__main__":
    main()
