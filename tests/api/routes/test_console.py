"""The console's page, files and settings are public, safe to cache, and work below any prefix."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from chalice.app import Chalice
from chalice.test import Client

from chalicelib.api.console.assets import assets
from chalicelib.api.models.console import ConsoleNotConfigured
from chalicelib.api.routes import Services, blueprints
from tests.api.world import World, problem

if TYPE_CHECKING:
    from chalicelib.api.console.sign_in import SignIn
    from tests.api.world import FakeIssuer

FOREVER = "public, max-age=31536000, immutable"
REFERENCE = re.compile(r'(?:src|href)="(console/[^"]+)"')


def policy(world: World, path: str = "/console") -> dict[str, str]:
    header = world.get(path, token="").headers["Content-Security-Policy"]
    return dict(part.split(" ", 1) for part in header.split("; "))


def not_configured() -> SignIn:
    raise ConsoleNotConfigured(["CONSOLE_CLIENT_ID"])


def test_the_page_and_all_files_that_it_names_are_public(world: World) -> None:
    page = world.get("/console", token="")
    names = REFERENCE.findall(page.body.decode())

    files = [world.get(f"/{name}", token="") for name in names]

    assert page.status_code == 200
    assert len(names) >= 2
    assert {file.status_code for file in files} == {200}
    assert {file.headers["Cache-Control"] for file in files} == {FOREVER}


def test_the_page_is_always_checked_so_that_it_names_the_current_files(world: World) -> None:
    assert world.get("/console", token="").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["main.js", "main.0123456789ab.js"])
def test_a_file_under_another_name_than_the_current_one_is_checked_each_time(world: World, name: str) -> None:
    response = world.get(f"/console/{name}", token="")

    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-cache")
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize("accept", ["*/*", "image/*", "image/png", "application/octet-stream"])
@pytest.mark.parametrize("name", ["unknown.js", "unknown.svg", "index.html", "..%2fassets.py", "%2e%2e", "assets.py"])
def test_an_unknown_file_is_a_problem_whatever_the_browser_accepts(world: World, name: str, accept: str) -> None:
    response = world.get(f"/console/{name}", token="", headers={"Accept": accept})

    assert problem(response) == (404, "file-not-found")


@pytest.mark.parametrize("accept", ["image/*", "image/png,*/*", "application/octet-stream", "text/css,*/*;q=0.1"])
def test_a_file_is_text_whatever_the_browser_accepts(world: World, accept: str) -> None:
    response = world.get("/console/main.js", token="", headers={"Accept": accept})

    assert response.body.decode() == assets().find("main.js").content


def test_the_page_runs_no_other_scripts_than_its_files_and_reaches_the_api_and_the_issuer_only(world: World) -> None:
    assert policy(world) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self' https://tokens.example.com",
        "form-action": "https://login.example.com",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }


def test_the_page_tells_no_other_site_its_address_and_shares_no_window(world: World) -> None:
    headers = world.get("/console", token="").headers

    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/console", "/console/main.js", "/console/settings.json"])
def test_browsers_guess_no_type_and_other_sites_cannot_embed_it(world: World, path: str) -> None:
    headers = world.get(path, token="").headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_file_that_is_opened_by_itself_runs_nothing(world: World) -> None:
    assert policy(world, "/console/main.js") == {"default-src": "'none'", "frame-ancestors": "'none'"}


def test_the_settings_lead_to_the_issuer(world: World) -> None:
    response = world.get("/console/settings.json", token="")

    assert response.json_body == world.sign_in.as_json()
    assert response.headers["Cache-Control"] == "no-cache"


def test_the_page_loads_while_the_issuer_is_down_and_its_settings_do_not(world: World, issuer: FakeIssuer) -> None:
    issuer.is_down = True

    page, settings = (world.get(path, token="") for path in ("/console", "/console/settings.json"))

    assert page.status_code == 200
    assert policy(world)["connect-src"] == "'self' https://issuer.example.com"
    assert problem(settings) == (503, "issuer-unavailable")
    assert settings.headers["Retry-After"] == "10"


def test_without_a_client_id_the_page_says_which_setting_is_missing(issuer: FakeIssuer) -> None:
    world = World(issuer, console=not_configured)

    page, settings = (world.get(path, token="") for path in ("/console", "/console/settings.json"))

    assert (page.status_code, b"<code>CONSOLE_CLIENT_ID</code>" in page.body) == (200, True)
    assert b"<script" not in page.body
    assert policy(world)["form-action"] == "'none'"
    assert problem(settings) == (404, "console-not-configured")
    assert "CONSOLE_CLIENT_ID" in settings.json_body["detail"]


def test_a_slash_at_the_end_is_redirected_to_where_the_links_are_right(world: World) -> None:
    response = world.get("/console/", token="")

    assert (response.status_code, response.headers["Location"]) == (307, "../console")


def test_it_works_below_a_prefix_of_an_existing_app(issuer: FakeIssuer) -> None:
    world = World(issuer, url_prefix="/tasks")

    page = world.get("/tasks/console", token="").body.decode()

    names = REFERENCE.findall(page)
    assert names
    assert {world.get(f"/tasks/{name}", token="").status_code for name in names} == {200}
    assert world.get("/tasks/console/", token="").headers["Location"] == "../console"


def test_an_app_without_the_setting_of_the_console_has_only_the_files_that_the_reference_needs(world: World) -> None:
    app = Chalice(app_name="shop", configure_logs=False)
    for blueprint in blueprints(Services(scheduler=lambda: world.service, caller=lambda _: pytest.fail("not asked"))):
        app.register_blueprint(blueprint)

    response = Client(app).http.get("/console")

    assert (response.status_code, [path for path in app.routes if "console" in path]) == (403, ["/console/{file}"])
