"""Tools that Anthropic's models know by their type alone, spelled out for one that does not.

They run on the client's side, so a client that offers them relies on their being called. The
fields are those of Anthropic's documentation, August 2026.
"""

from grokdesk.domain.tools import Tool

_BASH = (
    "Run a command in a bash session that lives on between calls.",
    '{"type":"object","properties":{"command":{"type":"string","description":"not needed with '
    'restart"},"restart":{"type":"boolean","description":"true restarts the session"}}}',
)
_EDITOR = (
    "View, create and edit text files. command view: show a file or list a folder; create: write "
    "file_text to a new file; str_replace: replace old_str, which must occur exactly once, by "
    "new_str; insert: put insert_text (or new_str) behind line insert_line.",
    '{"type":"object","properties":{"command":{"type":"string","enum":["view","create",'
    '"str_replace","insert"]},"path":{"type":"string"},"view_range":{"type":"array","items":'
    '{"type":"integer"}},"file_text":{"type":"string"},"old_str":{"type":"string"},"new_str":'
    '{"type":"string"},"insert_line":{"type":"integer"},"insert_text":{"type":"string"}},'
    '"required":["command","path"]}',
)
_KNOWN = {"bash": _BASH, "text_editor": _EDITOR}


def known_tool(kind: str, name: str) -> Tool | None:
    """None for a type that is not among them; `kind` is like `bash_20250124`."""
    prefix, _, version = kind.rpartition("_")
    if prefix not in _KNOWN or not version.isdigit() or not name:
        return None
    description, parameters = _KNOWN[prefix]
    return Tool(name, description, parameters)
