import asyncio
from pathlib import Path

import pytest
from desk import Desk, button, click
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from stand_in import account

from grokdesk.domain.account import Tier
from grokdesk.domain.errors import (
    InvalidRequestError,
    TokenRejectedError,
    UpstreamTimeoutError,
    VaultLockedError,
)
from grokdesk.services.importer import ImportResult
from grokdesk.ui.dialogs.import_accounts import ImportDialog
from grokdesk.ui.models.import_entries import EntryColumn
from grokdesk.ui.presenters.import_run import ImportSummary, summary_of
from grokdesk.ui.presenters.import_source import LARGEST_BYTES, read_file

ONE, TWO, THREE = (f"token-number-{name}-0123456789-{name}" for name in ("one", "two", "three"))


class Import:
    """The open dialog and what it reported at its end."""

    def __init__(self, desk: Desk) -> None:
        self.ends: list[ImportSummary] = []
        self.parent = desk.show(QWidget())
        self.dialog = ImportDialog(self.parent, desk.kit, self.ends.append)
        self.dialog.open()

    def column(self, column: EntryColumn) -> list[str]:
        model = self.dialog.model
        return [str(model.index(row, column).data()) for row in range(model.rowCount())]

    async def paste(self, desk: Desk, text: str, entries: int) -> None:
        self.dialog.drop.edit.setPlainText(text)
        await desk.until(lambda: self.dialog.model.rowCount() == entries)


def accounts(desk: Desk) -> int:
    return len(desk.services.accounts.snapshot())


async def test_the_preview_names_new_doubled_and_unusable_lines(bare: Desk) -> None:
    run = Import(bare)
    await run.paste(bare, f"{ONE}\n{ONE}\nshort\n{TWO}", 4)
    assert run.column(EntryColumn.LINE) == ["1", "2", "3", "4"]
    assert run.column(EntryColumn.KIND) == ["New", "Already here", "Not usable", "New"]
    assert run.dialog.counts.text() == "2 new,  1 already here,  1 not usable"
    assert run.dialog.confirm.text() == "Import 2 accounts"
    assert run.column(EntryColumn.REASON)[2] != ""


async def test_tokens_are_masked_in_the_preview(bare: Desk) -> None:
    run = Import(bare)
    await run.paste(bare, ONE, 1)
    cells = [cell for column in EntryColumn for cell in run.column(column)]
    assert not any(ONE[:8] in cell for cell in cells)
    assert run.column(EntryColumn.TOKEN)[0].endswith(ONE[-4:])


async def test_nothing_is_saved_before_import_is_pressed(bare: Desk) -> None:
    run = Import(bare)
    await run.paste(bare, f"{ONE}\n{TWO}", 2)
    run.dialog.reject()
    await asyncio.sleep(0.05)
    assert accounts(bare) == 0


async def test_importing_saves_checks_and_sums_up(bare: Desk) -> None:
    run = Import(bare)
    await run.paste(bare, f"{ONE}\n{TWO}", 2)
    click(run.dialog.confirm)
    await bare.until(lambda: run.ends)
    assert run.ends == [ImportSummary("2 accounts imported.", "ok")]
    assert accounts(bare) == 2
    assert len(bare.stage.upstream.probed) == 2


async def test_the_pasted_tokens_leave_the_field_when_the_import_begins(bare: Desk) -> None:
    run = Import(bare)
    await run.paste(bare, ONE, 1)
    bare.stage.upstream.probe_pause = 0.2
    click(run.dialog.confirm)
    assert run.dialog.drop.edit.toPlainText() == ""
    await bare.until(lambda: run.ends)


async def test_a_chosen_tier_is_pinned_and_the_check_can_be_left_out(bare: Desk) -> None:
    run = Import(bare)
    await run.paste(bare, ONE, 1)
    run.dialog.tier.setCurrentIndex(run.dialog.tier.findText("Heavy"))
    run.dialog.check.setChecked(False)
    click(run.dialog.confirm)
    await bare.until(lambda: run.ends)
    saved = bare.services.accounts.snapshot()[0]
    assert (saved.tier, saved.tier_pinned) == (Tier.HEAVY, True)
    assert bare.stage.upstream.probed == []


async def test_progress_is_counted_and_stop_keeps_what_is_saved(bare: Desk) -> None:
    run = Import(bare)
    await run.paste(bare, "\n".join([ONE, TWO, THREE]), 3)
    bare.stage.upstream.probe_pause = 30.0
    click(run.dialog.confirm)
    await bare.until(lambda: accounts(bare) == 3)
    assert run.dialog._words.text() == "Importing 0 of 3"
    click(button(run.dialog, "Stop"))
    await bare.until(lambda: run.ends)
    assert run.ends == [ImportSummary("Stopped. 3 accounts imported before that.", "warn")]


async def test_closing_the_dialog_leaves_the_import_running(bare: Desk) -> None:
    run = Import(bare)
    await run.paste(bare, f"{ONE}\n{TWO}", 2)
    bare.stage.upstream.probe_pause = 0.1
    click(run.dialog.confirm)
    QTest.keyClick(run.dialog, Qt.Key.Key_Escape)
    await bare.until(lambda: run.ends)
    assert accounts(bare) == 2
    assert run.ends[0].tone == "ok"


async def test_a_failed_check_is_told_by_the_end_of_its_token(bare: Desk) -> None:
    run = Import(bare)

    async def fail(*_: object) -> None:
        raise UpstreamTimeoutError("grok.com said nothing.")

    bare.stage.upstream.probe = fail  # type: ignore[method-assign,assignment]
    await run.paste(bare, ONE, 1)
    click(run.dialog.confirm)
    await bare.until(lambda: run.ends)
    assert run.ends[0].tone == "warn"
    assert ONE[-4:] in run.ends[0].sentence
    assert "grok.com said nothing" in run.ends[0].sentence


async def test_a_token_that_is_refused_comes_with_what_can_be_done(bare: Desk) -> None:
    run = Import(bare)

    async def refuse(*_: object) -> None:
        raise TokenRejectedError("grok.com rejected the token.", status=401)

    bare.stage.upstream.probe = refuse  # type: ignore[method-assign,assignment]
    await run.paste(bare, ONE, 1)
    click(run.dialog.confirm)
    await bare.until(lambda: run.ends)
    assert run.ends[0].sentence == (
        f"1 account imported. …{ONE[-4:]}: grok.com rejected the token. "
        "Sign in at grok.com with this account and import the new token."
    )


async def test_a_file_is_previewed_without_showing_its_content(bare: Desk, tmp_path: Path) -> None:
    run = Import(bare)
    file = tmp_path / "tokens.txt"
    file.write_text(f"{ONE}\r\n{TWO}\r\n")
    run.dialog.use_file(file)
    await bare.until(lambda: run.dialog.model.rowCount() == 2)
    assert run.dialog._file.text() == "tokens.txt  ·  3 lines"
    assert run.dialog.drop.edit.toPlainText() == ""
    click(button(run.dialog, "Remove"))
    await bare.until(lambda: run.dialog.model.rowCount() == 0)


async def test_foreign_files_are_refused_in_words(bare: Desk, tmp_path: Path) -> None:
    run = Import(bare)
    (tmp_path / "tokens.exe").write_bytes(b"MZ")
    run.dialog.use_file(tmp_path / "tokens.exe")
    await bare.until(lambda: "is not a .txt, .json, .jsonl or .csv" in run.dialog.info.sentence)


async def test_the_drop_zone_lights_up_and_takes_a_file(bare: Desk, tmp_path: Path) -> None:
    run = Import(bare)
    file = tmp_path / "tokens.csv"
    file.write_text(ONE)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    enter = QDragEnterEvent(
        QPointF(5, 5).toPoint(), Qt.DropAction.CopyAction, data,
        Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(run.dialog.drop, enter)
    assert run.dialog.drop.property("active") == "true"
    QApplication.sendEvent(run.dialog.drop, QDragLeaveEvent())
    assert run.dialog.drop.property("active") == "false"
    run.dialog.drop.take(data)
    await bare.until(lambda: run.dialog.model.rowCount() == 1)


async def test_dropping_two_files_or_a_web_address_is_refused_in_words(bare: Desk) -> None:
    run = Import(bare)
    data = QMimeData()
    data.setUrls([QUrl("file:///a.txt"), QUrl("file:///b.txt")])
    run.dialog.drop.take(data)
    assert run.dialog.info.sentence == "Please drop one file at a time."
    data.setUrls([QUrl("https://example.org/tokens.txt")])
    run.dialog.drop.take(data)
    assert run.dialog.info.sentence == "Only files of this computer can be dropped here."


async def test_a_huge_paste_does_not_go_through_the_text_field(bare: Desk) -> None:
    run = Import(bare)
    data = QMimeData()
    data.setText("\n".join(f"token-{n:06}-abcdefghijklmnop" for n in range(9_000)))
    run.dialog.drop.edit.insertFromMimeData(data)
    await bare.until(lambda: run.dialog.model.rowCount() == 9_000)
    assert run.dialog.drop.edit.toPlainText() == ""
    assert run.dialog.confirm.text() == "Import 9,000 accounts"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"\x00\x01\x02binary", "not a text file"),
        ("a.txt", b"\xff\xfa\xfb", "not a text file"),
        ("a.png", b"x", "is not a .txt"),
        ("missing.txt", None, "could not be read: No such file"),
    ],
)
async def test_files_that_cannot_be_tokens_are_refused_in_words(
    bare: Desk, tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidRequestError, match=words):
        await read_file(tmp_path / name)


async def test_a_file_over_the_limit_is_refused(bare: Desk, tmp_path: Path) -> None:
    with (tmp_path / "big.txt").open("wb") as file:
        file.truncate(LARGEST_BYTES + 1)
    with pytest.raises(InvalidRequestError, match="larger than 50 MB"):
        await read_file(tmp_path / "big.txt")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_text_files_of_windows_are_read(bare: Desk, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.TXT").write_bytes("tökén".encode(encoding))
    assert (await read_file(tmp_path / "a.TXT")).text == "tökén"


async def test_an_account_whose_token_was_lost_gets_it_back(bare: Desk) -> None:
    from grokdesk.domain.account import Token

    lost = account("Lost", fingerprint=Token(ONE).fingerprint)
    await bare.services.accounts.add(lost)
    run = Import(bare)
    await run.paste(bare, ONE, 1)
    assert run.dialog.confirm.text() == "Restore lost tokens"
    click(run.dialog.confirm)
    await bare.until(lambda: run.ends)
    assert run.ends == [ImportSummary("1 account has a token again.", "ok")]


async def test_an_import_that_cannot_begin_says_why(bare: Desk) -> None:
    run = Import(bare)

    async def no_room(_accounts: int) -> None:
        raise VaultLockedError("The keyring is locked.")

    bare.services.importer._make_room = no_room
    await run.paste(bare, ONE, 1)
    click(run.dialog.confirm)
    await bare.until(lambda: run.ends)
    assert run.ends[0].tone == "bad"
    assert run.ends[0].sentence.startswith("The keyring is locked.")


def test_a_summary_names_the_first_problem_and_counts_the_rest() -> None:
    result = ImportResult(("a", "b"), 0, (("…9f3a", "It failed."), ("…1111", "x")))
    assert summary_of(result) == ImportSummary(
        "2 accounts imported. …9f3a: It failed. 1 more had problems.", "warn"
    )
