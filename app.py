"""The Chalice app: the API and the sweeper. The import reads no environment variable and makes no client."""

from chalice.app import Chalice

from chalicelib import composition
from chalicelib.api.edge.preflight import allow_origins
from chalicelib.api.routes import Services, blueprints, schedule_sweeper

app = Chalice(app_name="scheduled-tasks")

services = Services(
    scheduler=composition.scheduler,
    caller=composition.caller,
    action_rules=composition.action_rules,
    limits=composition.limits,
    webhook_keys=composition.webhook_keys,
    console=composition.console,
)
for blueprint in blueprints(services):
    app.register_blueprint(blueprint)
allow_origins(app, composition.cors_origins)

sweep = schedule_sweeper(app, composition.sweeper)
