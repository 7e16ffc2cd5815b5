"""docs/operations.md holds: every setting and every alarm stands on it, set as it says, and its commands exist."""

from __future__ import annotations

import json
import re
import shlex

from app import app
from chalicelib.settings import ApiSettings, ConsoleSettings, CorsSettings
from deploy.__main__ import parser, run_explain, run_hold, run_reconcile, run_release
from deploy.build.render import A_PERSONS_SETTINGS, ENVIRONMENT, OWN_ACTION_TYPES
from deploy.operate.reconcile import Kind
from deploy.paths import PROJECT, TERRAFORM

PAGE = (PROJECT / "docs" / "operations.md").read_text()


def rows(heading: str) -> dict[str, str]:
    """First cell -> second cell, of the table below a heading."""
    section = re.split(r"^##+ ", PAGE.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return dict(re.findall(r"^\| `([\w-]+)` \| (.*?) \|", section, re.MULTILINE))


def variables_of_the_notification_lambda() -> set[str]:
    return set(re.findall(r'os\.environ\["(\w+)"\]', (PROJECT / "notification" / "settings.py").read_text()))


def test_every_variable_of_the_api_stands_on_the_page_with_who_sets_it() -> None:
    fields = ConsoleSettings.model_fields | ApiSettings.model_fields | CorsSettings.model_fields
    names = {field.upper() for field in fields}
    optional = {name.upper() for name, field in fields.items() if not field.is_required()}

    listed = rows("The API and the sweeper")

    assert set(listed) == names
    assert {name for name, who in listed.items() if who == "render"} == {*ENVIRONMENT, OWN_ACTION_TYPES}
    assert {name for name, who in listed.items() if who == "you"} == set(A_PERSONS_SETTINGS)
    assert {name for name, who in listed.items() if who in ("render", "you")} >= names - optional


def test_every_variable_of_the_notification_lambda_stands_on_the_page_and_in_terraform() -> None:
    module = (TERRAFORM / "modules" / "notification_function" / "main.tf").read_text()
    block = re.search(
        r"variables = merge\(var\.environment_variables, var\.secret_arns, \{(.*?)\}\)", module, re.DOTALL
    )
    assert block

    listed = rows("The Notification Lambda")

    assert set(listed) == variables_of_the_notification_lambda()
    assert set(re.findall(r"^ +(\w+) += ", block[1], re.MULTILINE)) == set(listed)


def test_the_api_and_terraform_have_the_same_default_for_what_both_must_know() -> None:
    variables = (TERRAFORM / "variables.tf").read_text()
    defaults = {
        name: int(default)
        for name, default in re.findall(r'variable "(\w+)" \{[^}]*?default += (\d+)\n', variables)
        if name in ENVIRONMENT.values()
    }

    assert defaults == {name: ApiSettings.model_fields[name].default for name in defaults}
    assert set(defaults) == {"event_age_seconds", "run_retention_days"}


def test_an_input_of_terraform_that_is_named_for_a_variable_exists() -> None:
    inputs = set(re.findall(r'^variable "(\w+)"', (TERRAFORM / "variables.tf").read_text(), re.MULTILINE))

    named = {cell.strip("`") for cell in rows("The Notification Lambda").values() if cell.startswith("`")}

    assert named
    assert named <= inputs


def test_every_alarm_stands_on_the_page() -> None:
    module = (TERRAFORM / "modules" / "observability" / "main.tf").read_text()
    names = r"^    ([a-z-]+) = \{$|^  alarm_name += .\$\{var\.project\}-([a-z-]+)-\$\{var\.stage\}"
    alarms = {first or second for first, second in re.findall(names, module, re.MULTILINE)}

    assert alarms
    assert set(rows("Alarms")) == alarms


def test_every_kind_of_difference_stands_on_the_page() -> None:
    lines = re.findall(r"^\| `([a-zA-Z, ]+): .*?` \|", PAGE, re.MULTILINE)

    assert lines == [str(kind) for kind in Kind]


def test_the_commands_on_the_page_can_be_typed() -> None:
    commands = re.findall(r"^python -m deploy (.*?)(?: +#.*)?$", PAGE, re.MULTILINE)

    parsed = [parser().parse_args(shlex.split(command)) for command in commands]

    assert [options.command for options in parsed] == [run_explain, run_hold, run_release, run_reconcile, run_reconcile]
    assert [options.apply for options in parsed if options.command is run_reconcile] == [False, True]


def test_every_function_beside_the_api_has_its_limits_and_its_log_group() -> None:
    limits = json.loads((PROJECT / ".chalice" / "config.json").read_text())["lambda_functions"]
    variables = (TERRAFORM / "variables.tf").read_text()
    names = re.search(r'variable "api_function_names" \{.*?default += (\[.*?\])', variables, re.DOTALL)
    assert names

    assert {source.name for source in app.event_sources} == set(limits) == set(json.loads(names[1]))
    assert limits["sweep"] == {"lambda_memory_size": 1769, "lambda_timeout": 50}
    assert "(1,769 MB, which is one processor, 50 s;" in PAGE


def test_what_an_outage_of_each_part_does_is_shown_by_a_test_that_exists() -> None:
    section = re.split(r"^## ", PAGE.partition("\n## Outages\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)` \|$", section, re.MULTILINE)

    missing = [name for file, name in named if f"def {name}(" not in (PROJECT / file).read_text()]
    assert missing == []
    assert len(named) == section.count("\n| ") - 1
