"""`souk edge`."""

import os
import sys

import click


@click.command()
@click.option("--region", help="Where this node stands, such as eu-west (SOUK_EDGE_REGION).")
@click.option(
    "--engine",
    type=click.Choice(["embedded", "nginx"]),
    help="Who answers clients: the node itself, or an nginx that it runs (SOUK_EDGE_ENGINE).",
)
def command(*, region: str | None, engine: str | None) -> None:
    """Run an edge node that serves downloads near those who fetch them.

    SOUK_EDGE_HOME_URL names the marketplace; SOUK_EDGE_TOKEN, needed once, is a join token that an
    admin makes with `POST /api/v1/cdn/join-tokens`. The guide "Run an edge node" has the rest.
    """
    import uvloop

    from souk.apps.edge.running import JoinRefused, run_nodes
    from souk.edge.settings import EdgeSettings
    from souk.infra.settings import SettingsError, load
    from souk.infra.telemetry.logs import set_up_logs

    environ = dict(os.environ)
    if region is not None:
        environ["SOUK_EDGE_REGION"] = region
    if engine is not None:
        environ["SOUK_EDGE_ENGINE"] = engine
    try:
        settings = load(EdgeSettings, environ, prefix="SOUK_EDGE_")
    except SettingsError as error:
        sys.exit(f"Wrong setting: {error}")
    set_up_logs(level="info", form="text")
    try:
        uvloop.run(run_nodes([settings]))
    except (JoinRefused, OSError) as error:
        sys.exit(f"The node does not start: {error}")
