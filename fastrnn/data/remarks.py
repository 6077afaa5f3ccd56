"""Checks the first bytes of a text: is it only a pointer to a text, or markup?

Only the start of the file counts: a text may mention such things.
"""

import re

from .guesses import seven_bit

LOOK = 4096  # bytes that are searched for markup
MAX_POINTER = 1 << 15  # maximum bytes of a pointer
POINTERS = (  # pattern, what it is, how to get the text
    (rb'version https://(git-lfs|hawser)\.github\.com/spec/[^\n]*\n', 'a git-LFS pointer', 'type: git lfs pull'),
    (rb'\S*/annex/objects/[^\n]+\n*\Z', 'a git-annex pointer', 'type: git annex get'),
    (rb'(md5: [^\n]*\n|frozen: [^\n]*\n|deps:|#[^\n]*\n)*outs:\n- ', 'a DVC pointer', 'type: dvc pull'),
    (rb'\[InternetShortcut\]\r?\n', 'a link to a web page', 'save the text itself'),
)
# what may come before the first element; possessive, else 22 comments take minutes
BEFORE = rb'(?:\xef\xbb\xbf)?\s*+(?:<\?xml[^>]*+>\s*+|(?><!--.*?-->)\s*+)*+'
PLAIN = 'save it as plain text, unless the model should learn the markup'
AGAIN = 'probably not the text you wanted: download it again'
MARKUP = (
    (rb'HTTP/\d(\.\d)? \d{3}', 'an HTTP response with its header', AGAIN),
    (rb'\s*[45]\d\d:? [A-Z][A-Za-z ]{3,30}\s*\Z', "a web server's error", AGAIN),
    (BEFORE + rb'<Error>\s*<Code>', "a web server's error", AGAIN),
    (BEFORE + rb'<(!doctype\s+)?html\b.*?<title>\s*(error\s*)?[45]\d\d\b', "a web server's error page", AGAIN),
    (BEFORE + rb'<(!doctype\s+html|html|head|body)\b', 'a web page (HTML)', PLAIN),
    (rb'(?:\xef\xbb\xbf)?\s*<\?xml\s', 'XML', PLAIN),
    (rb'(From: [^\n]*\n)?(Subject: [^\n]*\n|Date: [^\n]*\n|Snapshot-Content-Location: [^\n]*\n)*MIME-Version: [^\n]*\n'
     rb'Content-Type: multipart/related', 'a saved web page (MHTML)', PLAIN),
    (rb'\s*\{\\rtf\d?', 'an RTF document', PLAIN),
    (rb'%!PS', 'PostScript', 'extract its text first, e.g. with ps2ascii'),
    (rb'-----BEGIN [A-Z0-9 ]*(KEY|CERTIFICATE|MESSAGE)-----', 'a key or certificate (PEM)', 'name a text file'),
)  # fmt: skip


def pointer(head: bytes) -> str:
    """What pointer the file is, and what to do, in words; '' for a text."""
    found = (f'{kind}, not the text itself; {cure}' for start, kind, cure in POINTERS if re.match(start, head))
    return next(found, '') if len(head) < MAX_POINTER else ''


def markup(head: bytes) -> str:
    """What markup the text is, and what to do, in words; '' for plain text."""
    head = _in_ascii(head[:LOOK])
    found = (f'is {kind}; {cure}' for start, kind, cure in MARKUP if re.match(start, head, re.DOTALL | re.IGNORECASE))
    return next(found, '')


def _in_ascii(head: bytes) -> bytes:
    """UTF-16 with a mark as ASCII; else unchanged."""
    return head[2:].replace(b'\0', b'') if head[:2] in (b'\xff\xfe', b'\xfe\xff') else head


def unread_encoding(head: bytes, encoding: str) -> str:
    """A warning, in words, if all bytes are ASCII but in another encoding than the named one; else ''."""
    if not head.isascii() or not (name := seven_bit(head)):
        return ''
    try:
        if head.decode(encoding) != head.decode('ascii'):
            return ''
    except UnicodeError:
        return ''
    return f'is probably {name}, whose bytes are ASCII: add --encoding {name}'
