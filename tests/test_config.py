"""Settings: read once, checked all at once, and secrets stay secret."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import get_type_hints

import pytest

from bot.config import REAL_API, SETTINGS, Settings, load
from bot.errors import SettingsError

TOKEN = "abc.def.a-secret-that-nobody-may-see"


def problems(environ, dotenv=None):
    with pytest.raises(SettingsError) as caught:
        load(environ, dotenv)
    return caught.value.problems


@pytest.fixture
def dotenv(tmp_path):
    def write(text):
        path = tmp_path / ".env"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_without_anything_the_defaults_stand():
    assert load({}) == Settings(None, REAL_API, Path("rendezvous.sqlite3"), "info", None)


def test_the_table_and_the_dataclass_agree():
    assert [setting.attribute for setting in SETTINGS] == [field.name for field in fields(Settings)]
    for setting, field in zip(SETTINGS, fields(Settings), strict=True):
        assert (setting.read(setting.default) if setting.default else None) == field.default, setting.name
        assert setting.help.endswith("."), setting.name


def test_each_check_returns_the_type_of_its_attribute():
    hints = get_type_hints(Settings)
    examples = {"DISCORD_TOKEN": TOKEN, "CONTACT_URL": "mailto:me@site.example", "DISQUS_API_KEY": "abc123"}
    for setting in SETTINGS:
        value = setting.read(setting.default or examples[setting.name])
        assert isinstance(value, hints[setting.attribute]), setting.name


def test_the_environment_wins_over_the_file_and_empty_counts_as_unset(dotenv):
    path = dotenv("LOG_LEVEL=debug\nDATABASE_PATH=from-file.sqlite3\nCONTACT_URL=\n")
    settings = load({"DATABASE_PATH": "from-environment.sqlite3", "LOG_LEVEL": "  "}, path)
    assert settings.database_path == Path("from-environment.sqlite3")
    assert settings.log_level == "debug"
    assert settings.contact_url is None


def test_quotes_comments_export_crlf_and_a_byte_order_mark_are_understood(dotenv):
    path = dotenv(
        b"\xef\xbb\xbf# mine\r\nexport DISCORD_TOKEN='" + TOKEN.encode() + b"'\r\nLOG_LEVEL=error # quiet\r\n"
    )
    settings = load({}, path)
    assert (settings.discord_token, settings.log_level) == (TOKEN, "error")


def test_a_dollar_sign_in_a_value_is_only_a_dollar_sign(dotenv):
    assert load({"HOME": "/nowhere"}, dotenv("DATABASE_PATH=${HOME}.sqlite3")).database_path == Path("${HOME}.sqlite3")


def test_settings_are_frozen_and_their_repr_hides_the_token():
    settings = load({"DISCORD_TOKEN": TOKEN})
    assert TOKEN not in repr(settings)
    with pytest.raises(FrozenInstanceError):
        settings.log_level = "debug"


def test_all_problems_are_reported_at_once_and_no_secret_is_shown():
    found = problems({"DISCORD_TOKEN": f"Bot {TOKEN}", "DISCORD_API_URL": "discord.com", "LOG_LEVEL": "loud"})
    assert [problem.split()[0] for problem in found] == ["DISCORD_TOKEN", "DISCORD_API_URL", "LOG_LEVEL"]
    assert TOKEN not in "".join(found)


@pytest.mark.parametrize("token", ["two words", "token\x1b[31m", "tökén", f"bot {TOKEN}", f"Bot\t{TOKEN}"])
def test_a_token_that_cannot_be_one_is_refused_without_being_shown(token):
    (problem,) = problems({"DISCORD_TOKEN": token})
    assert problem.startswith("DISCORD_TOKEN holds")
    assert token not in problem


@pytest.mark.parametrize(
    "url",
    ["discord.com", "ftp://discord.com", "https://", "https://me:pw@host/api", "http://host:99999/", "http://[::1/",
     "https://host/api?x=1", "https://host/#x"],
)  # fmt: skip
def test_an_api_address_that_cannot_be_one_is_refused_without_repeating_its_password(url):
    (problem,) = problems({"DISCORD_API_URL": url})
    assert problem.startswith("DISCORD_API_URL must be an address like")
    assert "pw" not in problem


def test_an_api_address_may_end_in_a_slash():
    assert (
        load({"DISCORD_API_URL": "http://127.0.0.1:8080/api/v10/"}).discord_api_url == "http://127.0.0.1:8080/api/v10"
    )


def test_a_database_path_that_is_a_folder_is_refused(tmp_path):
    assert "names a folder" in problems({"DATABASE_PATH": str(tmp_path)})[0]


@pytest.mark.parametrize(
    "contact", ["me@site.example", "https://a b.example", "https://x.example/\N{SNOWMAN}", "mailto:me"]
)
def test_a_contact_must_fit_into_a_header(contact):
    assert problems({"CONTACT_URL": contact})[0].startswith("CONTACT_URL must be")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("DISCORD_TOKN", "DISCORD_TOKEN"), ("discord_token", "DISCORD_TOKEN"), ("DATABSE_PATH", "DATABASE_PATH"),
     ("LOGLEVEL", "LOG_LEVEL"), ("CONTACT_URI", "CONTACT_URL")],
)  # fmt: skip
def test_a_misspelt_name_is_named_with_its_line_and_what_was_meant(dotenv, written, meant):
    (problem,) = problems({}, dotenv(f"# one\n{written}=secret-value\n"))
    assert "line 2" in problem
    assert f"{written} is no setting of Rendezvous; did you mean {meant}?" in problem
    assert "secret-value" not in problem


def test_a_name_that_looks_like_ours_is_named_and_a_foreign_one_is_left_alone(dotenv):
    path = dotenv("RENDEZVOUS_COLOUR=red\nPOSTGRES_PASSWORD=x\nEDITOR=vi\n")
    (problem,) = problems({}, path)
    assert "RENDEZVOUS_COLOUR" in problem
    assert "DISCORD_TOKEN" in problem


def test_a_line_that_is_no_setting_is_named_by_its_number_only(dotenv):
    (problem,) = problems({}, dotenv("LOG_LEVEL=info\n'unfinished secret\n"))
    assert "line 2" in problem
    assert "secret" not in problem


def test_a_file_that_is_no_text_or_is_missing_is_one_clear_problem(dotenv, tmp_path):
    assert "not UTF-8" in problems({}, dotenv(b"LOG_LEVEL=\xff\xfe"))[0]
    assert "cannot be read" in problems({}, tmp_path / "absent.env")[0]


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("NO", False)])
def test_a_switch_is_yes_or_no(text, value):
    assert load({"ALLOW_PRIVATE_NETWORKS": text}).allow_private_networks is value


@pytest.mark.parametrize(("name", "text"), [("ALLOW_PRIVATE_NETWORKS", "1"), ("DISQUS_API_KEY", "se cret")])
def test_a_wrong_value_is_named_and_a_key_is_not_repeated(name, text):
    with pytest.raises(SettingsError) as caught:
        load({name: text})
    assert caught.value.problems[0].startswith(name)
    assert "se cret" not in str(caught.value)
    assert "abc123" not in repr(load({"DISQUS_API_KEY": "abc123"}))
