"""What the command line can ask for about accounts that grok.com has to answer."""

from typing import Any

from grokdesk.app.commands_accounts import described, find_account, parse_tier
from grokdesk.app.control_client import Progress
from grokdesk.app.reaching import Reaching
from grokdesk.services.checking import worst
from grokdesk.services.checks_accounts import results
from grokdesk.services.import_formats import ImportEntry


async def import_accounts(
    reaching: Reaching, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """`text`, `tier` (auto or a tier's name), `probe`."""
    preview = reaching.importer.preview(str(arguments.get("text", "")))

    def on_saved(account_id: str, entry: ImportEntry) -> None:
        progress({"saved": account_id, "hint": entry.hint, "line": entry.line})

    result = await reaching.importer.run(
        preview,
        tier=parse_tier(arguments.get("tier", "auto")),
        probe=bool(arguments.get("probe", True)),
        on_saved=on_saved,
    )
    return {
        "saved": list(result.saved),
        "probed": result.probed,
        "restored": list(result.restored),
        "duplicates": [{"line": e.line, "reason": e.reason} for e in preview.duplicates],
        "malformed": [{"line": e.line, "reason": e.reason} for e in preview.malformed],
        "failed": [{"hint": hint, "reason": reason} for hint, reason in result.failed],
    }


async def test_accounts(
    reaching: Reaching, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """`names` as for removal, or `all`."""
    if arguments.get("all"):
        chosen = [account for account in reaching.stored.accounts.snapshot() if not account.demo]
    else:
        chosen = [
            find_account(reaching.stored.accounts, str(name)) for name in arguments.get("names", [])
        ]
    tested = await reaching.diagnostics.test_accounts(
        list(dict.fromkeys(account.id for account in chosen)),
        lambda account: progress({"tested": account.id, "label": account.label}),
    )
    shown = await results(tested)
    now = reaching.stored.clock.now()
    return {
        "status": worst(result.status for result in shown).value,
        "accounts": [
            {
                **described(one.account, now),
                "status": result.status.value,
                "verdict": result.details.get("verdict"),
                "sentence": result.sentence,
                "action": result.action,
            }
            for one, result in zip(tested, shown, strict=True)
        ],
    }
