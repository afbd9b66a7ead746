from __future__ import annotations

from prefect.settings import PREFECT_API_KEY, PREFECT_API_URL, temporary_settings

from pylops_flows.announce_files import announce_files


def test_a_file_is_new_once(tmp_path):
    inbox, root = tmp_path / "inbox", str(tmp_path / "runs")
    inbox.mkdir()
    march, april = inbox / "march.sgy", inbox / "april.sgy"
    march.write_bytes(b"1")
    (inbox / "notes.txt").write_text("not this one")

    def look(settle=0.0):  # without a server, which gets the events in tests/server
        with temporary_settings({PREFECT_API_KEY: "of nobody"}, restore_defaults={PREFECT_API_URL}):
            return announce_files.fn(str(inbox), "*.sgy", root, settle)

    assert look() == [str(march)]
    assert look() == []
    april.write_bytes(b"2")
    assert look() == [str(april)]
    march.write_bytes(b"1, with more")  # written again, it is another
    assert look() == [str(march)]
    assert look() == []
    april.write_bytes(b"2, still being written")
    assert look(settle=3600.0) == []
