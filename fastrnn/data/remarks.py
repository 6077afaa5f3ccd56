"""What the first bytes of a text show before it is used: that it is only a pointer to one, or what its markup is.

Text that merely mentions such a thing is text: only how a file begins counts.
"""

import re

from .guesses import seven_bit

LOOK = 4096  # bytes in which a file shows that it is markup
MAX_POINTER = 1 << 15  # bytes that a pointer may have
POINTERS = (  # how it begins, what it is, how to get the text
    (rb'version https://(git-lfs|hawser)\.github\.com/spec/[^\n]*\n', 'a git-LFS pointer', 'type: git lfs pull'),
    (rb'\S*/annex/objects/[^\n]+\n*\Z', 'a git-annex pointer', 'type: git annex get'),
    (rb'(md5: [^\n]*\n|frozen: [^\n]*\n|deps:|#[^\n]*\n)*outs:\n- ', 'a DVC pointer', 'type: dvc pull'),
    (rb'\[InternetShortcut\]\r?\n', 'a link to a web page', 'save the text itself'),
)
# what may come before the first element; without possessive parts, 22 comments would take minutes
BEFORE = rb'(?:\xef\xbb\xbf)?\s*+(?:<\?xml[^>]*+>\s*+|(?><!--.*?-->)\s*+)*+'
PLAIN = 'save it as plain text, unless the model is to learn the markup too'
AGAIN = 'it is probably not the text that was asked for: get it anew'
MARKUP = (
    (rb'HTTP/\d(\.\d)? \d{3}', "a web server's answer with its header", AGAIN),
    (rb'\s*[45]\d\d:? [A-Z][A-Za-z ]{3,30}\s*\Z', "a web server's error", AGAIN),
    (BEFORE + rb'<Error>\s*<Code>', "a web server's error", AGAIN),
    (BEFORE + rb'<(!doctype\s+)?html\b.*?<title>\s*(error\s*)?[45]\d\d\b', "a web server's error page", AGAIN),
    (BEFORE + rb'<(!doctype\s+html|html|head|body)\b', 'a web page (HTML)', PLAIN),
    (rb'(?:\xef\xbb\xbf)?\s*<\?xml\s', 'XML', PLAIN),
    (rb'(From: [^\n]*\n)?(Subject: [^\n]*\n|Date: [^\n]*\n|Snapshot-Content-Location: [^\n]*\n)*MIME-Version: [^\n]*\n'
     rb'Content-Type: multipart/related', 'a saved web page (MHTML)', PLAIN),
    (rb'\s*\{\\rtf\d?', 'an RTF document', PLAIN),
    (rb'%!PS', 'PostScript', 'take its text out first, as ps2ascii does'),
    (rb'-----BEGIN [A-Z0-9 ]*(KEY|CERTIFICATE|MESSAGE)-----', 'a key or certificate (PEM)', 'name a text file'),
)  # fmt: skip


def pointer(head: bytes) -> str:
    """What a file is that only says where the text is, and what to do, in words; '' if it is a text."""
    found = (f'{kind}, not the text itself; {cure}' for start, kind, cure in POINTERS if re.match(start, head))
    return next(found, '') if len(head) < MAX_POINTER else ''


def markup(head: bytes) -> str:
    """What a text is besides its words, and what to do; '' if it is plain."""
    head = _in_ascii(head[:LOOK])
    found = (f'is {kind}; {cure}' for start, kind, cure in MARKUP if re.match(start, head, re.DOTALL | re.IGNORECASE))
    return next(found, '')


def _in_ascii(head: bytes) -> bytes:
    """Of UTF-16 with a mark."""
    return head[2:].replace(b'\0', b'') if head[:2] in (b'\xff\xfe', b'\xfe\xff') else head


def unread_encoding(head: bytes, encoding: str) -> str:
    """An encoding of bytes that are all ASCII, in words, where it is not the one named; '' if there is none."""
    if not head.isascii() or not (name := seven_bit(head)):
        return ''
    try:
        if head.decode(encoding) != head.decode('ascii'):
            return ''
    except UnicodeError:
        return ''
    return f'is probably {name}, whose bytes are ASCII: add --encoding {name}'
