"""Addresses from the web, made safe for Markdown."""

import re

LINK_LIMIT = 4096
"""Characters; nothing longer is an address that anyone meant to be followed."""

_ESCAPES = str.maketrans({character: f"%{ord(character):02X}" for character in '()<>"\\^`{|} '})
_WEB = re.compile(r"https?://[^\s\x00-\x1f\x7f]+", re.IGNORECASE)


def web_link(url: str) -> str:
    """The address so that no character ends a Markdown link; empty if it is not http(s)."""
    if len(url) > LINK_LIMIT:
        return ""
    link = url.translate(_ESCAPES)
    return link if _WEB.fullmatch(link) else ""


def linked_image(picture: str, title: str, page: str) -> str:
    """Markdown; empty when there is no picture."""
    source, target = web_link(picture), web_link(page)
    if not source:
        return ""
    image = f"![{_label(title)}]({source})"
    return f"[{image}]({target})" if target else image


def _label(text: str) -> str:
    return re.sub(r"[\[\]\\\s]+", " ", text).strip()
