"""Who holds a port, read from a /proc made for the test."""

import pytest

from grokdesk.gateway.portholder import find_port_holder

HEADER = (
    "  sl  local_address rem_address   st tx_queue:rx_queue tr tm->when retrnsmt uid timeout inode"
)


def line(address, state, inode):
    return (
        f"   0: {address} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 0 0 {inode}"
    )


@pytest.fixture
def proc(tmp_path):
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(
        "\n".join((HEADER, line("0100007F:4963", "01", 111), line("0100007F:4963", "0A", 222)))
    )
    (tmp_path / "net" / "tcp6").write_text(
        "\n".join((HEADER, line("00000000000000000000000001000000:4964", "0A", 333)))
    )
    for pid, name, inode in ((10, "browser", 111), (20, "other app", 222), (30, "six", 333)):
        (tmp_path / str(pid) / "fd").mkdir(parents=True)
        (tmp_path / str(pid) / "comm").write_text(f"{name}\n")
        (tmp_path / str(pid) / "fd" / "5").symlink_to(f"socket:[{inode}]")
    return tmp_path


def test_the_one_that_listens_is_named_and_not_one_that_is_connected(proc):
    assert find_port_holder(0x4963, proc) == "other app (20)"


def test_listeners_of_ipv6_are_found(proc):
    assert find_port_holder(0x4964, proc) == "six (30)"


def test_a_free_port_has_no_holder(proc):
    assert find_port_holder(0x4965, proc) is None


def test_a_process_of_somebody_else_stays_unknown(proc):
    (proc / "20" / "fd" / "5").unlink()
    assert find_port_holder(0x4963, proc) is None


def test_a_system_without_proc_knows_nothing(tmp_path):
    assert find_port_holder(1, tmp_path / "none") is None


def test_a_process_that_ends_meanwhile_is_still_a_program(proc):
    (proc / "20" / "comm").unlink()
    assert find_port_holder(0x4963, proc) == "a program (20)"
