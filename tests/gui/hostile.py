"""Mail HTML that wants what it must not get: files, other hosts, scripts. `DIR` stands for a folder on disk."""

from __future__ import annotations

import random
from pathlib import Path

FRAGMENTS = {
    "file url": "<img src=file://DIR/c.png>",
    "absolute path": '<img src="DIR/c.png" width=20 height=20>',
    "relative path": '<img src="../c.png">',
    "parent path": '<img src="....//c.png">',
    "other host by slashes": '<img src="//evil.example.com/s/c.png">',
    "other host by backslashes": r"<img src='\\evil.example.com\s\c.png'>",
    "Qt's own files": "<img src='qrc:/c.png'><img src=':/c.png'>",
    "remote image": '<img src="http://evil.example.com/p.gif" width=1 height=1>',
    "srcset": '<img srcset="DIR/c.png 2x" src="DIR/c.png">',
    "svg as data": "<img src='data:image/svg+xml,<svg><image href=\"file://DIR/c.png\"/></svg>'>",
    "table background": '<table background="DIR/c.png"><tr><td background="file://DIR/c.png">x</td></tr></table>',
    "style url": '<p style="background:url(DIR/c.png)">x</p>',
    "style url quoted": "<p style=\"background-image: u\\rl('file://DIR/c.png')\">x</p>",
    "style escaped": '<p style="background:&#117;rl(DIR/c.png)">x</p>',
    "style import": "<style>@import url(file://DIR/c.css);</style><p>x</p>",
    "style sheet rule": "<style>body{background:url(file://DIR/c.png)}</style><p>x</p>",
    "list image": '<ul style="list-style-image:url(file://DIR/c.png)"><li>x</ul>',
    "content": '<p style="content:url(file://DIR/c.png)">x</p>',
    "script": "<script>fetch('file://DIR/c.png')</script>",
    "onload": "<body onload=alert(1)><p onclick=alert(1)>x</p>",
    "svg onload": "<svg onload=alert(1)><image href='DIR/c.png'/></svg>",
    "svg foreign": "<svg><foreignObject><img src=DIR/c.png></foreignObject></svg>",
    "math style": "<math><mtext><table><mglyph><style><img src=file://DIR/c.png></style></mglyph></table></mtext></math>",
    "noscript title": '<noscript><p title="</noscript><img src=DIR/c.png>"></noscript>',
    "template": "<template><img src=DIR/c.png></template>",
    "textarea": "<textarea></textarea><img src=DIR/c.png></textarea>",
    "xmp": "<xmp><img src=DIR/c.png></xmp>",
    "comment": "<!--><img src=DIR/c.png>--><!-- <img src=DIR/c.png> --!><img src=DIR/c.png>",
    "cdata": "<![CDATA[><img src=DIR/c.png>]]>",
    "meta refresh": '<meta http-equiv=refresh content="0;url=file://DIR/c.html">',
    "base": '<base href="file://DIR/"><img src=c.png>',
    "link": '<link rel=stylesheet href="file://DIR/c.css"><p>x</p>',
    "form": "<form action=file://DIR/c><input type=image src=DIR/c.png></form>",
    "iframe": "<iframe src=file://DIR/c.html srcdoc='<img src=DIR/c.png>'></iframe>",
    "object": "<object data=file://DIR/c.png><img src=DIR/c.png></object>",
    "embed": "<embed src=file://DIR/c.png>",
    "video": "<video poster=file://DIR/c.png src=DIR/c.png></video>",
    "audio": "<audio src=file://DIR/c.png></audio>",
    "old body": "<body background=file://DIR/c.png><p>x</p></body>",
    "unquoted": "<img/src=DIR/c.png>",
    "broken tag": "<img src=DIR/c.png <b>x</b>",
    "upper case": "<IMG SRC=FILE://DIR/c.png>",
    "entities": "<img src='&#x66;ile://DIR/c.png'>",
    "tabs": "<img src='fi\tle://DIR/c.png'>",
    "cid with a path": "<img src='cid:../../DIR/c.png'>",
    "cid unknown": "<img src='cid:nobody'>",
    "dynsrc": "<img dynsrc=DIR/c.png lowsrc=DIR/c.png>",
    "style attribute break": "<p style='color:red\"><img src=DIR/c.png>'>x</p>",
    "attribute break": "<img alt='\"><img src=DIR/c.png>' src=x>",
    "face": "<font face=\"x'><img src=DIR/c.png>\">x</font>",
}

LINKS = (
    "javascript:alert(1)",
    " java\tscript:alert(1)",
    "file:///etc/passwd",
    "smb://evil.example.com/share",
    "ms-msdt:/id",
    "//evil.example.com/share",
    "/etc/passwd",
    "data:text/html,<b>x</b>",
    "vbscript:x",
    "http:evil.example.com",
    "http:/\\evil.example.com",
    "https://",
    "https:///path",
    "mailto:",
    "cid:logo",
    "https://a b.example.com/",
)

WRAPS = (
    "<div>{}</div>", "<table><tr><td>{}</td></tr></table>", "<p>{}", "<a href='https://example.com'>{}</a>",
    "<b>{}", "<svg>{}</svg>", "<math><mi>{}</mi></math>", "<style>{}</style>", "<!--{}-->", "<ul><li>{}</ul>",
    "<select>{}</select>", "<noscript>{}</noscript>", "<title>{}</title>", "<font size=9>{}", "{}",
)  # fmt: skip


def hostile(seed: int, folder: Path) -> str:
    """One of endlessly many: fragments one after another, wrapped in each other, sometimes damaged."""
    chance = random.Random(seed)
    pieces = []
    for _ in range(chance.randint(1, 3)):
        piece = chance.choice(list(FRAGMENTS.values()))
        for _ in range(chance.randint(0, 2)):
            piece = chance.choice(WRAPS).replace("{}", piece)
        pieces.append(piece)
    html = "".join(pieces).replace("DIR", str(folder))
    for _ in range(chance.choice((0, 0, 0, 1, 2))):
        at = chance.randrange(len(html))
        html = html[:at] + chance.choice("<>\"'&/= \x00\\;") + html[at + chance.randint(0, 2) :]
    return html
