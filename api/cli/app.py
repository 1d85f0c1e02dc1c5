"""The command tree: names and help here, the work in the module each command comes from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from api.cli.errors import ErrorEdge

_HUB, _OPERATOR, _REMOTE = "Run a hub", "Administer the hub of this machine", "Use a hub"

# Groups whose commands are generated from operations, see `api.cli.bindings`.
GENERATED: dict[str, str] = {
    "repositories": "Create, find, change and delete repositories.",
    "branches": "Branches of a repository.",
    "tags": "Tags of a repository.",
    "files": "Files of a repository: list, read, write, upload, download.",
    "commits": "History of a repository.",
    "datasets": "Look into data files.",
    "approvals": "Calls of the Copilot that wait for your decision.",
    "jobs": "Background work of the hub.",
    "activity": "Who did what.",
    "access-tokens": "Your own access tokens.",
}


class LazyGroup(TyperGroup):
    """A group that imports its commands when somebody looks inside, not when its name is shown."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of the commands."""
        self._load()
        return super().list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command called `cmd_name`; None if there is none."""
        self._load()
        return super().get_command(ctx, cmd_name)

    def _load(self) -> None:
        if not self.commands:
            from api.cli.generate import commands_of  # noqa: PLC0415  # imports services

            self.commands.update(commands_of(str(self.name)))


class Program(ErrorEdge):
    """The whole program; its help shows the commands by what they are for."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the lists of commands, one for each purpose."""
        for purpose in (_HUB, _OPERATOR, _REMOTE):
            with formatter.section(purpose):
                formatter.write_dl(
                    [(name, command.get_short_help_str(72)) for name, command in self.commands.items() if getattr(command, "rich_help_panel", None) == purpose]
                )


app = typer.Typer(
    name="hubpilot", cls=Program, no_args_is_help=True, pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help takes a fifth of the time
    context_settings={"help_option_names": ["-h", "--help"]},
    help="A self-hosted hub for models, datasets, code and spaces that you run by talking to it.",
    epilog="Commands that use a hub talk to HUBPILOT_URL (http://localhost:8000) with HUBPILOT_TOKEN, or as “hubpilot login” saved.",
)
users = typer.Typer(no_args_is_help=True, help="Users, straight in the data folder. Works while the hub runs.")
tokens = typer.Typer(no_args_is_help=True, help="Access tokens of any user, straight in the data folder. Works while the hub runs.")
app.add_typer(users, name="users", rich_help_panel=_OPERATOR)
app.add_typer(tokens, name="tokens", rich_help_panel=_OPERATOR)
for _name, _help in GENERATED.items():
    app.add_typer(typer.Typer(cls=LazyGroup, no_args_is_help=True), name=_name, help=_help, rich_help_panel=_REMOTE)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DataDir = Annotated[str | None, typer.Option(help="The hub's data folder.", show_default="HUBPILOT_DATA_DIR or data")]
UserName = Annotated[str, typer.Argument(help="Name of the user.", show_default=False)]
OfUser = Annotated[str, typer.Option("--user", help="Whose tokens.", show_default=False)]


@app.callback()
def root(debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False) -> None:
    """Options before the command."""


@app.command(rich_help_panel=_HUB)
def up(
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 for a free one.", show_default="HUBPILOT_PORT or 8000")] = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; 0.0.0.0 for every network.", show_default="HUBPILOT_HOST or 127.0.0.1")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Run the whole hub: web, git, Copilot and jobs. Ctrl-C stops it."""
    from api.cli.up import run_hub  # noqa: PLC0415

    run_hub(port=port, host=host, data_dir=data_dir)


@app.command(rich_help_panel=_HUB)
def plan() -> None:
    """Plan requests with the shipped model, without a hub.

    Reads JSON Lines with “utterance” from standard input and writes a line with “calls” for each to standard output.
    """
    from api.cli.plan import plan_lines  # noqa: PLC0415

    plan_lines()


@app.command(rich_help_panel=_HUB)
def operations(as_json: AsJson = False) -> None:
    """List everything a hub can do. Tells the scope each operation needs and what it does to the world."""
    from api.cli.catalog import list_operations  # noqa: PLC0415

    list_operations(as_json=as_json)


@app.command(rich_help_panel=_HUB)
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed  # noqa: PLC0415

    typer.echo(installed("hubpilot"))


@users.command("create")
def create_user(
    name: UserName, admin: Annotated[bool, typer.Option("--admin", help="Make the user an administrator.")] = False, data_dir: DataDir = None
) -> None:
    """Create a user. Prints the path of the one-time page where the password is set."""
    from api.cli import administration  # noqa: PLC0415

    administration.create_user(data_dir, name, admin=admin)


@users.command("list")
def list_users(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the users."""
    from api.cli import administration  # noqa: PLC0415

    administration.list_users(data_dir, as_json=as_json)


@users.command("link")
def link_user(name: UserName, data_dir: DataDir = None) -> None:
    """Let a user set a new password. Prints the path of a one-time page; earlier ones of the user stop working."""
    from api.cli import administration  # noqa: PLC0415

    administration.link_user(data_dir, name)


@tokens.command("create")
def create_token(
    user: OfUser,
    scope: Annotated[Literal["read", "write", "admin"], typer.Option(help="What the token allows; each includes the ones before.")] = "read",
    name: Annotated[str, typer.Option(help="Label that tells tokens apart.")] = "command line",
    expires_in_days: Annotated[int | None, typer.Option(help="Days until it ends.", show_default="never")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the token and nothing else.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Create an access token of a user. It is shown this once."""
    from api.cli import administration  # noqa: PLC0415

    administration.create_token(data_dir, user, name=name, scope=scope, expires_in_days=expires_in_days, quiet=quiet)


@tokens.command("list")
def list_tokens(user: OfUser, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the access tokens of a user."""
    from api.cli import administration  # noqa: PLC0415

    administration.list_tokens(data_dir, user, as_json=as_json)


@tokens.command("revoke")
def revoke_token(
    name: Annotated[str, typer.Argument(help="Label or id of the token.", show_default=False)], user: OfUser, data_dir: DataDir = None
) -> None:
    """End an access token of a user at once."""
    from api.cli import administration  # noqa: PLC0415

    administration.revoke_token(data_dir, user, name)


@app.command(rich_help_panel=_REMOTE)
def login(
    url: Annotated[str | None, typer.Option(help="Address of the hub.", show_default="HUBPILOT_URL or http://localhost:8000")] = None,
    token: Annotated[
        str | None, typer.Option(help="Access token; asked for, or read from standard input, when left out.", show_default=False)
    ] = None,
) -> None:
    """Save which hub to talk to and the access token to use there."""
    from api.cli import login  # noqa: PLC0415

    login.sign_in(url, token)


@app.command(rich_help_panel=_REMOTE)
def logout() -> None:
    """Forget the saved hub and token. The token itself stays valid until it is revoked."""
    from api.cli import login  # noqa: PLC0415

    login.sign_out()


@app.command(rich_help_panel=_REMOTE)
def whoami(as_json: AsJson = False) -> None:
    """Tell who the caller is and what the credential in use allows."""
    from api.cli.bindings import WHOAMI  # noqa: PLC0415
    from api.cli.generate import run  # noqa: PLC0415

    run(WHOAMI, {}, as_json=as_json)


@app.command(rich_help_panel=_REMOTE)
def ask(
    message: Annotated[str, typer.Argument(help="What you want, in your own words.", show_default=False)],
    thread: Annotated[str | None, typer.Option(help="Go on with this conversation.", show_default="a new one")] = None,
    approve: Annotated[bool, typer.Option("--approve", help="Approve what the Copilot asks for without being asked.")] = False,
) -> None:
    """Ask the Copilot. What costs or destroys something waits for your approval."""
    from api.cli.ask import converse  # noqa: PLC0415

    converse(message, thread, approve=approve)
