import socket
from pathlib import Path

from desk import Desk, button, click
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from stand_in import NOW

from grokdesk.domain.errors import VaultLockedError
from grokdesk.services.egress import EgressSnapshot
from grokdesk.services.secrets import SecretName
from grokdesk.simulator.flaresolverr import USER_AGENT, FakeFlareSolverr
from grokdesk.ui.pages.connection import ConnectionPage
from grokdesk.ui.presenters import connection as words
from grokdesk.ui.text import local_date
from grokdesk.ui.widgets.paste_form import PasteForm
from grokdesk.ui.widgets.proxy_editor import ProxyEditor

COOKIE = "CanaryClearance-0123456789abcdef"
STATSIG = "Q2FuYXJ5U3RhdHNpZw=="


def opened(desk: Desk) -> ConnectionPage:
    return desk.show(ConnectionPage(desk.kit), 1000, 900)


def choose(page: ConnectionPage, editor: ProxyEditor, name: str) -> None:
    editor.choice.setCurrentIndex(editor.choice.findText(name))
    editor.choice.activated.emit(editor.choice.currentIndex())


def mode(page: ConnectionPage, value: str) -> None:
    choice = page.clearance.choice
    choice.setCurrentIndex(choice.findData(value))
    choice.activated.emit(choice.currentIndex())


def paste(form: PasteForm, **values: str) -> None:
    for name, value in values.items():
        field = form.fields[name].editor
        assert isinstance(field, QLineEdit)
        field.setText(value)


def fields_of(form: PasteForm) -> list[str]:
    return [f.editor.text() for f in form.fields.values() if isinstance(f.editor, QLineEdit)]


async def test_a_working_connection_is_told_with_its_way(linked: Desk) -> None:
    page = opened(linked)
    assert page.test.words.startswith("Not tested yet")
    click(button(page, "Test connection"))
    await linked.until(lambda: page.test.words.startswith("Connection works"))
    assert "grok.com can be reached directly." in page.test.words
    assert page.test.facts.value("Way to grok.com") == "directly"
    assert page.test.facts.value("Looks like").startswith("Chrome ")


async def test_a_test_that_fails_says_why_and_what_to_do(linked: Desk) -> None:
    assert linked.stage.simulator is not None
    linked.stage.simulator.script.clearances = {}
    page = opened(linked)
    click(button(page, "Test connection"))
    await linked.until(lambda: page.test.words.startswith("Connection does not work"))
    assert "Cloudflare, which guards grok.com, wants to check the browser." in page.test.words
    assert "paste the cookie cf_clearance" in page.test.words


async def test_where_nobody_answers_the_test_ends_with_a_sentence(bare: Desk) -> None:
    page = opened(bare)
    click(button(page, "Test connection"))
    await bare.until(lambda: page.test.words.startswith("Connection does not work"), timeout=15)
    assert page.test._advice.words
    assert page.test.button.isEnabled()


async def test_a_proxy_that_is_chosen_is_used_at_once(linked: Desk) -> None:
    page = opened(linked)
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        choose(page, page.proxy, "This address")
        assert page.proxy.address.isVisible()
        page.proxy.address.setText(url)
        QTest.keyClick(page.proxy.address, Qt.Key.Key_Return)
        await linked.until(lambda: linked.services.settings.current.upstream.proxy_url == url)
        click(page.test.button)
        await linked.until(lambda: page.test.words.startswith("Connection does not work"))
        assert "proxy" in page.test.words
        assert page.test.facts.value("Way to grok.com") == f"through {url}"
    choose(page, page.proxy, "No proxy")
    await linked.until(lambda: linked.services.settings.current.upstream.proxy_url == "none")
    assert not page.proxy.address.isVisible()
    click(page.test.button)
    await linked.until(lambda: page.test.words.startswith("Connection works"))


async def test_an_address_that_is_none_is_explained_and_can_be_mended(bare: Desk) -> None:
    page = opened(bare)
    choose(page, page.proxy, "This address")
    page.proxy.address.setText("my proxy")
    QTest.keyClick(page.proxy.address, Qt.Key.Key_Return)
    assert page.proxy.error.startswith("The address must be system, none, or look like http://")
    assert page.proxy.address.text() == "my proxy"
    assert bare.services.settings.current.upstream.proxy_url == "system"
    page.refresh()
    assert page.proxy.address.text() == "my proxy", "what is being entered stays"
    QTest.keyClick(page.proxy.address, Qt.Key.Key_Backspace)
    assert page.proxy.error == ""
    page.proxy.address.setText("socks5h://127.0.0.1:1080")
    QTest.keyClick(page.proxy.address, Qt.Key.Key_Return)
    await bare.until(
        lambda: bare.services.settings.current.upstream.proxy_url == "socks5h://127.0.0.1:1080"
    )


async def test_a_password_goes_to_the_vault_and_is_not_shown_again(
    bare: Desk, tmp_path: Path
) -> None:
    page = opened(bare)
    choose(page, page.proxy, "This address")
    page.proxy.address.setText("http://joe:Canary-Passw0rd@127.0.0.1:3128")
    QTest.keyClick(page.proxy.address, Qt.Key.Key_Return)
    await bare.until(lambda: page.proxy.address.text() == "http://***@127.0.0.1:3128")
    assert bare.services.settings.current.upstream.proxy_url == "http://joe@127.0.0.1:3128"
    assert "Canary" not in (tmp_path / "settings.toml").read_text()
    assert "Canary-Passw0rd" in await bare.stage.secrets.get(SecretName.PROXY_PASSWORDS)
    page.proxy.address.setText("http://***@127.0.0.1:3129")
    QTest.keyClick(page.proxy.address, Qt.Key.Key_Return)
    assert page.proxy.error == ("The address has its user and password masked; type them again.")


async def test_pictures_follow_the_rest_unless_told_otherwise(bare: Desk) -> None:
    page = opened(bare)
    assert page.assets_proxy.choice.currentText() == "As for all else"
    choose(page, page.assets_proxy, "No proxy")
    upstream = bare.services.settings
    await bare.until(lambda: upstream.current.upstream.assets_proxy_url == "none")
    choose(page, page.assets_proxy, "As for all else")
    await bare.until(lambda: upstream.current.upstream.assets_proxy_url == "")
    assert upstream.current.upstream.proxy_url == "system"


async def test_a_change_from_elsewhere_shows_up(bare: Desk) -> None:
    page = opened(bare)
    await bare.services.settings.update(
        {"upstream.proxy_url": "http://a:1", "upstream.clearance": "manual"}
    )
    await bare.until(lambda: page.proxy.address.text() == "http://a:1")
    assert page.clearance.choice.currentData() == "manual"
    assert page.cookie.isVisible()


async def test_a_pasted_cookie_opens_the_way_and_is_never_shown(linked: Desk) -> None:
    assert linked.stage.simulator is not None
    linked.stage.simulator.script.clearances = {COOKIE: USER_AGENT}
    page = opened(linked)
    mode(page, "manual")
    await linked.until(page.cookie.isVisible)
    paste(page.cookie, cookie=f"Cookie: cf_clearance={COOKIE}; _ga=1", user_agent=USER_AGENT)
    field = page.cookie.fields["cookie"].editor
    assert isinstance(field, QLineEdit)
    assert field.echoMode() is QLineEdit.EchoMode.Password
    click(button(page, "Save the cookie"))
    await linked.until(lambda: page.info.sentence.startswith("The cookie is saved."))
    assert fields_of(page.cookie) == ["", ""]
    click(page.test.button)
    await linked.until(lambda: page.test.words.startswith("Connection works"))
    await linked.until(lambda: "In use" in page.cookie.status.text())
    assert page.cookie.status.text() == (
        f"Saved on {local_date(NOW)}. In use, together with Chrome 142 on Linux."
    )
    await linked.until(button(page, "Forget the cookie").isEnabled)
    click(button(page, "Forget the cookie"))
    await linked.until(lambda: linked.services.settings.current.upstream.clearance == "none")
    await linked.until(lambda: page.cookie.status.text() == "Nothing is saved yet.")
    assert not page.cookie.forget.isEnabled()
    assert await linked.stage.secrets.get(SecretName.CLEARANCE) == ""


async def test_what_is_wrong_with_a_cookie_is_told_at_its_field(bare: Desk) -> None:
    await bare.services.settings.update({"upstream.clearance": "manual"})
    page = opened(bare)
    form = page.cookie
    click(form.save)
    assert form.fields["cookie"].error == "Paste it here first."
    paste(form, cookie="_ga=1; theme=dark", user_agent=USER_AGENT)
    click(form.save)
    await bare.until(lambda: "no cookie named cf_clearance" in form.fields["cookie"].error)
    paste(form, cookie=f"cf_clearance={COOKIE}", user_agent="curl/8.0")
    click(form.save)
    await bare.until(lambda: "Chrome, Firefox or Safari" in form.fields["user_agent"].error)
    assert form.fields["cookie"].error == ""
    assert fields_of(form)[0] == f"cf_clearance={COOKIE}", "what was right stays"
    assert await bare.stage.secrets.get(SecretName.CLEARANCE) == ""


async def test_a_locked_keyring_is_told_over_the_page(bare: Desk) -> None:
    await bare.services.settings.update({"upstream.clearance": "manual"})
    page = opened(bare)

    async def locked(*_: object) -> None:
        raise VaultLockedError("The keyring is locked.")

    bare.stage.secrets._vault.put = locked  # type: ignore[method-assign]
    paste(page.cookie, cookie=f"cf_clearance={COOKIE}", user_agent=USER_AGENT)
    click(page.cookie.save)
    await bare.until(lambda: "The keyring is locked." in page.info.sentence)


async def test_secrets_do_not_stay_in_the_fields_of_a_page_that_is_left(bare: Desk) -> None:
    await bare.services.settings.update({"upstream.clearance": "manual"})
    page = opened(bare)
    paste(page.cookie, cookie=COOKIE)
    page.hide()
    assert fields_of(page.cookie) == ["", ""]


async def test_a_signature_is_pasted_and_forgotten(bare: Desk) -> None:
    page = opened(bare)
    assert not page.signature.isVisible()
    await bare.services.settings.update({"upstream.statsig": "pasted"})
    await bare.until(page.signature.isVisible)
    paste(page.signature, statsig="not a signature")
    click(page.signature.save)
    await bare.until(lambda: "no x-statsig-id" in page.signature.fields["statsig"].error)
    paste(page.signature, statsig=STATSIG)
    QTest.keyClick(page.signature.fields["statsig"].editor, Qt.Key.Key_Return)
    await bare.until(lambda: fields_of(page.signature) == [""])
    assert await bare.stage.secrets.get(SecretName.STATSIG) == STATSIG
    await bare.until(button(page, "Forget the signature").isEnabled)
    click(button(page, "Forget the signature"))
    await bare.until(lambda: bare.services.settings.current.upstream.statsig == "none")


async def test_the_address_of_the_solver_must_not_carry_cookies_in_the_open(bare: Desk) -> None:
    await bare.services.settings.update({"upstream.clearance": "flaresolverr"})
    page = opened(bare)
    editor = page.solver["upstream.flaresolverr_url"]
    assert isinstance(editor.editor, QLineEdit)
    editor.editor.setText("http://solver.example:8191")
    QTest.keyClick(editor.editor, Qt.Key.Key_Return)
    assert editor.error.startswith("Address of FlareSolverr must begin with https://")
    assert bare.services.settings.current.upstream.flaresolverr_url == "http://127.0.0.1:8191"


async def test_the_test_lets_flaresolverr_pass_the_check(linked: Desk) -> None:
    assert linked.stage.simulator is not None
    script = linked.stage.simulator.script
    script.clearances = {}
    async with FakeFlareSolverr(script) as solver:
        await linked.services.settings.update(
            {"upstream.clearance": "flaresolverr", "upstream.flaresolverr_url": solver.origin}
        )
        page = opened(linked)
        assert page._solver_status.text() == "It has obtained nothing yet."
        click(page.test.button)
        await linked.until(lambda: page.test.words.startswith("Connection works"))
        assert solver.solves == 1
        assert page._solver_status.text().startswith("It passed the check and is used, together")
        solver.failure = "error"
        script.clearances = {}
        linked.stage.clock.advance(120)
        await linked.until(page.test.button.isEnabled)
        click(page.test.button)
        await linked.until(lambda: page.test.words.startswith("Connection does not work"))
        assert page._solver_status.text().startswith("The last try failed. FlareSolverr could not")


async def test_solve_now_asks_flaresolverr_also_when_nobody_demanded_it(linked: Desk) -> None:
    assert linked.stage.simulator is not None
    async with FakeFlareSolverr(linked.stage.simulator.script) as solver:
        await linked.services.settings.update(
            {"upstream.clearance": "flaresolverr", "upstream.flaresolverr_url": solver.origin}
        )
        page = opened(linked)
        for solves in (1, 2):  # twice within a minute, since a person wants it
            click(button(page, "Solve now"))
            await linked.until(lambda: solver.solves == solves)  # noqa: B023
            await linked.until(page.solve.isEnabled)
        assert page.test.words.startswith("Connection works")
        assert page._solver_status.text().startswith("It passed the check and is used, together")
        solver.failure = "error"
        click(button(page, "Solve now"))
        await linked.until(lambda: page.test.words.startswith("Connection does not work"))
        assert "FlareSolverr could not pass the browser check" in page.test.words


def test_browsers_are_named_as_people_know_them() -> None:
    assert words.browser_name(USER_AGENT) == "Chrome 142 on Linux"
    edge = "Mozilla/5.0 (Windows NT 10.0) Chrome/145.0.0.0 Safari/537.36 Edg/145.0.0.0"
    assert words.browser_name(edge) == "Edge 145 on Windows"
    firefox = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:144.0) Firefox/144.0"
    assert words.browser_name(firefox) == "Firefox 144 on macOS"
    safari = "Mozilla/5.0 (iPhone; CPU like Mac OS X) Version/18.4 Mobile/15E148 Safari/604.1"
    assert words.browser_name(safari) == "Safari 18 on iOS"
    assert words.browser_name("curl/8.0") == "an unknown browser"


def test_the_way_of_pictures_is_told_only_where_it_is_another() -> None:
    same = words.facts_of(EgressSnapshot("http://a:1", "http://a:1", USER_AGENT))
    assert [fact.caption for fact in same] == ["Way to grok.com", "Looks like"]
    other = words.facts_of(EgressSnapshot("http://a:1", "", USER_AGENT))
    assert ("Pictures and files", "directly") in [(f.caption, f.value) for f in other]
    assert words.facts_of(EgressSnapshot()) == ()
