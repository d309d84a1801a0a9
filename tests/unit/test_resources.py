import sys

import pytest

from grokdesk.app import resources


def test_resources_are_found_beside_the_source():
    assert "[[model]]" in resources.resource_text("models.toml")
    assert resources.resource_path("icons").is_dir()


def test_a_bundle_uses_its_own_copy_and_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    with pytest.raises(FileNotFoundError):
        resources.resource_path("models.toml")
    (tmp_path / "resources").mkdir()
    (tmp_path / "resources" / "models.toml").write_text("bundled")
    assert resources.resource_text("models.toml") == "bundled"


def test_an_installed_copy_uses_the_folder_inside_the_package(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "grokdesk"
    (package / "_resources").mkdir(parents=True)
    (package / "_resources" / "models.toml").write_text("installed")
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert resources.resource_text("models.toml") == "installed"


def test_a_missing_resource_is_named():
    with pytest.raises(FileNotFoundError, match=r"nothing\.toml is missing"):
        resources.resource_path("nothing.toml")


@pytest.mark.parametrize("name", ["../pyproject.toml", "/etc/passwd", "icons/../../x", "a\\b"])
def test_a_name_does_not_lead_out_of_the_resources(name):
    with pytest.raises(ValueError, match="leaves the resources"):
        resources.resource_path(name)
