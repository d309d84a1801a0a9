"""The list of models as Codex wants it: how an agent is to work with each of them.

As of Codex 0.169 (Nov 2026); older versions need `base_instructions` and call it a fault when a
field is missing, newer ones read `model_messages`.
"""

from collections.abc import Iterable
from typing import Any

from grokdesk.domain.catalog import ModelSpec

_INSTRUCTIONS = """\
You are a coding agent in a terminal. You and the user share one folder of files, and you work on
the user's task with the tools that you are given until it is done.

- Look before you change: read the files that matter, and search with `rg` where you can.
- Make the smallest change that solves the problem, in the style of the code around it. Leave the
  changes of others alone, and never undo what you did not do.
- Edit files with the tool for patches where there is one; never print a whole file for one line.
- Run the tests or the program after a change, if that is possible, and mend what you broke.
- Do not commit, delete or install anything, nor leave the folder, unless the task says so.
- Read files named AGENTS.md: what they say holds for the folder that they are in.
- Call tools instead of describing what you would do. Say in one short sentence what comes next
  where it is not obvious.
- At the end tell briefly what you changed and what you checked, with paths as `path/file.py:12`.
  Do not claim what you have not verified.
"""
_EFFORTS = {
    "low": "Answers quickly, with little thinking",
    "medium": "Thinks as much as most tasks need",
    "high": "Thinks longer about hard problems",
}
_TRUNCATE_AT = 10_000
"""Tokens of a tool's output."""


def codex_models(models: Iterable[ModelSpec]) -> list[dict[str, Any]]:
    """The first one is what Codex proposes."""
    return [_entry(model, priority) for priority, model in enumerate(models, start=1)]


def _entry(model: ModelSpec, priority: int) -> dict[str, Any]:
    levels = _EFFORTS if model.reasoning else {}
    return {
        "slug": model.id,
        "display_name": model.display_name,
        "description": f"{model.display_name} on grok.com, through Grokdesk",
        "default_reasoning_level": "medium" if levels else None,
        "supported_reasoning_levels": [
            {"effort": effort, "description": told} for effort, told in levels.items()
        ],
        "shell_type": "shell_command",
        "visibility": "list",
        "minimal_client_version": "0.60.0",
        "supported_in_api": True,
        "availability_nux": None,
        "upgrade": None,
        "priority": priority,
        "base_instructions": _INSTRUCTIONS,
        "model_messages": {"instructions_template": _INSTRUCTIONS},
        "supports_reasoning_summaries": model.reasoning,
        "supports_reasoning_summary_parameter": model.reasoning,
        "default_reasoning_summary": "auto" if model.reasoning else "none",
        "support_verbosity": False,
        "default_verbosity": None,
        "apply_patch_tool_type": "freeform",
        "web_search_tool_type": "text",
        "truncation_policy": {"mode": "tokens", "limit": _TRUNCATE_AT},
        "supports_parallel_tool_calls": True,
        "supports_image_detail_original": False,
        "supports_search_tool": False,
        "context_window": model.context_window,
        "max_context_window": model.context_window,
        "auto_compact_token_limit": None,
        "effective_context_window_percent": 90,
        "experimental_supported_tools": [],
        "input_modalities": ["text", "image"],
        "prefer_websockets": False,
        "additional_speed_tiers": [],
        "service_tiers": [],
    }
