"""What goes into a bundle and what stays out, for both specs."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from PyInstaller.building.api import COLLECT, EXE, PYZ
from PyInstaller.building.build_main import Analysis
from PyInstaller.depend.bindepend import get_imports
from PyInstaller.utils.hooks import copy_metadata

Entry = tuple[str, str, str]  # its place in the bundle, where it comes from, what kind it is

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PROGRAMS = {"turbodesk": "gui_entry", "turbodesk-cli": "cli_entry"}

# The vault, the sandbox's server, the self-check and pyqtgraph import these by name.
HIDDEN = [
    *(f"keyring.backends.{name}" for name in ("SecretService", "kwallet", "libsecret", "Windows", "macOS")),
    *("uvicorn.lifespan.off", "uvicorn.lifespan.on", "uvicorn.loops.asyncio"),
    "uvicorn.protocols.http.h11_impl",
    *("PySide6.QtOpenGL", "PySide6.QtOpenGLWidgets", "pyqtgraph"),
    *("python_multipart", "filelock", "platformdirs", "sniffio"),
]
LEFT_OUT = [
    *("tkinter", "lib2to3", "ensurepip", "idlelib", "pydoc_data", "turtledemo", "readline", "curses"),
    *("keyrings", "keyring.backends.chainer", "keyring.backends.null"),
    *("pytest", "_pytest", "hypothesis", "mypy", "mypyc", "PyInstaller", "setuptools", "pip", "uv"),
    *("rich", "pygments", "markdown_it", "grimp", "importlinter", "psutil", "hatchling"),
    *("sendpost_python_sdk", "pydantic", "urllib3"),
    *("numpy.f2py", "numpy.testing", "numpy.random", "pyqtgraph.examples", "pyqtgraph.opengl"),
    *("pyqtgraph.jupyter", "pyqtgraph.console", "pyqtgraph.flowchart", "PySide6.QtNetwork", "PySide6.QtQml"),
    *("PySide6.QtQuick", "PySide6.QtTest", "PySide6.QtSql", "PySide6.QtPrintSupport", "PySide6.QtXml"),
]
# Desktop themes through which the host's whole gtk stack would come along, and what nobody here calls.
PLUGINS_LEFT_OUT = re.compile(
    r"plugins/(platformthemes/libqgtk3|tls/|networkinformation/|sqldrivers/|qmltooling/|printsupport/"
    r"|egldeviceintegrations/|generic/|imageformats/libq(icns|tga|tiff|wbmp)"
    r"|platforms/libq(eglfs|linuxfb|minimal|minimalegl|vkkhrdisplay|vnc)\.)"
)
DATA_LEFT_OUT = re.compile(
    r"PySide6/(Qt/translations|Qt/qml|translations|typesystems|include)/|/tests/|pyqtgraph/icons/peegee"
)
LIBRARY = re.compile(r"\.so(\.\d+)*$")


def build(name: str) -> None:
    """Builds the folder `name`, with both programs in it."""
    analysis = Analysis(
        [str(HERE / f"{script}.py") for script in PROGRAMS.values()],
        pathex=[str(ROOT)],
        datas=[(str(ROOT / "resources"), "resources"), *copy_metadata("keyring")],
        hiddenimports=HIDDEN,
        excludes=LEFT_OUT,
        noarchive=False,
    )
    strip = sys.platform != "win32"
    code = PYZ(analysis.pure)
    programs = [
        EXE(
            code,
            [entry for entry in analysis.scripts if entry[0] not in PROGRAMS.values() or entry[0] == script],
            name=program,
            console=program != "turbodesk",
            exclude_binaries=True,
            strip=strip,
        )
        for program, script in PROGRAMS.items()
    ]
    binaries = reached(analysis.binaries)
    COLLECT(*programs, unstripped(binaries), useful(analysis.datas, binaries), name=name, strip=strip)


def unstripped(binaries: list[Entry]) -> list[Entry]:
    """The same, with what `strip` would break marked as data: libraries that patchelf has been over."""
    return [(*entry[:2], "DATA") if entry[0].startswith("numpy.libs/") else entry for entry in binaries]


def useful(datas: list[Entry], binaries: list[Entry]) -> list[Entry]:
    """Those of `datas` that somebody reads; links to libraries that are gone go too."""
    there = {entry[0] for entry in binaries}
    return [
        entry
        for entry in datas
        if not DATA_LEFT_OUT.search(entry[0]) and (entry[2] != "SYMLINK" or entry[1] in there)
    ]


def reached(binaries: list[Entry]) -> list[Entry]:
    """Those of `binaries` that are still needed once the plug-ins that we leave out are gone."""
    kept = [entry for entry in binaries if not PLUGINS_LEFT_OUT.search(entry[0])]
    if not sys.platform.startswith("linux"):
        return kept
    # What Python or Qt open by themselves: extension modules, plug-ins, the interpreter's own library.
    opened = [
        entry
        for entry in kept
        if entry[2] == "EXTENSION" or "/plugins/" in entry[0] or entry[0].startswith("libpython")
    ]
    names = {Path(entry[0]).name for entry in opened}
    for _, source, _ in opened:
        names |= {Path(library).name for library, _ in get_imports(source)}
    return [entry for entry in kept if Path(entry[0]).name in names or not LIBRARY.search(entry[0])]
