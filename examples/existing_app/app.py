"""A shop that was there before: its own routes, its own logins, its own chalicelib.

Scheduled Tasks lies in chalicelib/scheduled_tasks, as a copy of its chalicelib. Its routes stand under /tasks, and its
sweeper runs every minute.
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
    """Who asks Scheduled Tasks: the user of the shop's own session."""
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
        mail = Email(to=[user.mail], subject=f"Order {order}", text="Your order is still in the cart.")
        reminder = scheduler().create_one_time(user_id=user.id, after="P3D", action=mail, resource_id=f"order-{order}")
        return {"reminder": reminder.schedule_id}

    for blueprint in blueprints(Services(scheduler=scheduler, caller=caller)):
        app.register_blueprint(blueprint, url_prefix="/tasks")
    return app


app = make_app()
sweep = schedule_sweeper(app, composition.sweeper)
