"""An existing shop with its own routes, logins and chalicelib, to which Scheduled Tasks was added.

chalicelib/scheduled_tasks is a copy of the chalicelib of Scheduled Tasks. Its routes are under /tasks, and its sweeper
runs every minute.
"""

from collections.abc import Callable

from chalice import Chalice, UnauthorizedError
from chalice.app import Request
from chalicelib.logins import user_of
from chalicelib.scheduled_tasks import composition
from chalicelib.scheduled_tasks.actions.email import Email
from chalicelib.scheduled_tasks.api.auth import Caller, Scope
from chalicelib.scheduled_tasks.api.routes import Services, blueprints, schedule_sweeper
from chalicelib.scheduled_tasks.scheduling.service import SchedulerService

ALLOWED = frozenset({Scope.READ, Scope.WRITE})


def caller(request: Request) -> Caller:
    """Returns the caller of Scheduled Tasks: the user of the shop's session.

    Raises UnauthorizedError if there is no session.
    """
    user = user_of(request)
    if user is None:
        raise UnauthorizedError("log in first")
    return Caller(user.id, ALLOWED)


def make_app(scheduler: Callable[[], SchedulerService] = composition.scheduler) -> Chalice:
    app = Chalice(app_name="shop")

    @app.route("/orders/{order}/reminder", methods=["POST"])
    def remind(order: str) -> dict[str, str]:
        user = user_of(app.current_request)
        if user is None:
            raise UnauthorizedError("log in first")
        email = Email(to=[user.email], subject=f"Order {order}", text="Your order is still in the cart.")
        reminder = scheduler().create_one_time(user_id=user.id, after="P3D", action=email, resource_id=f"order-{order}")
        return {"reminder": reminder.schedule_id}

    for blueprint in blueprints(Services(scheduler=scheduler, caller=caller)):
        app.register_blueprint(blueprint, url_prefix="/tasks")
    return app


app = make_app()
sweep = schedule_sweeper(app, composition.sweeper)
