"""The two ends of the control socket: what the program says is what the command line hears."""

import asyncio

import pytest

from grokdesk.app.control import ControlServer
from grokdesk.app.control_client import NotRunningError, RemoteError, request
from grokdesk.domain.errors import GrokdeskError, InvalidRequestError
from grokdesk.kernel.paths import Paths
from grokdesk.kernel.tasks import TaskSupervisor

LONG = "word " * 200_000


@pytest.fixture
def paths(tmp_path):
    paths = Paths.for_profile(None, {"GROKDESK_HOME": str(tmp_path)})
    paths.ensure()
    return paths


@pytest.fixture
async def server(paths):
    tasks = TaskSupervisor()
    server = ControlServer(paths, answer, tasks)
    await server.start()
    yield server
    await server.stop()
    await tasks.stop()


async def answer(command, arguments, progress):
    if command == "refuse":
        raise InvalidRequestError("Not like this.")
    if command == "wait":
        progress({"waiting": True})
        await asyncio.Event().wait()
    for number in range(3):
        progress({"number": number})
    return {"command": command, **arguments}


async def ask(paths, command, arguments=None, on_progress=lambda _progress: None):
    return await asyncio.to_thread(request, paths, command, arguments or {}, on_progress)


async def test_an_answer_comes_whole_however_long_it_is(paths, server):
    assert await ask(paths, "echo", {"text": LONG}) == {"command": "echo", "text": LONG}


async def test_progress_is_heard_before_the_answer(paths, server):
    heard = []
    await ask(paths, "echo", on_progress=heard.append)
    assert heard == [{"number": 0}, {"number": 1}, {"number": 2}]


async def test_a_refusal_says_which_error_it_was(paths, server):
    with pytest.raises(RemoteError, match="Not like this") as caught:
        await ask(paths, "refuse")
    assert caught.value.kind == "InvalidRequestError"


async def test_nobody_answers_while_nothing_runs(paths):
    with pytest.raises(NotRunningError):
        await ask(paths, "echo")


async def test_a_program_that_ends_amid_a_command_is_told(paths, server):
    waiting = asyncio.Event()
    loop = asyncio.get_running_loop()
    asked = loop.create_task(
        ask(paths, "wait", on_progress=lambda _: loop.call_soon_threadsafe(waiting.set))
    )
    await waiting.wait()
    await server.stop()
    with pytest.raises(GrokdeskError, match="ended before it answered"):
        await asked
