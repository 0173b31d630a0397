"""Sign-up, sign-in and sign-out."""

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect

from souk.infra.http.authentication import SESSION_COOKIE
from souk.infra.postgres.uow import UnitOfWork
from souk.kernel.errors import SoukError
from souk.people.access.api import PageSession
from souk.web.forms import Form, PageRequest, posted, read
from souk.web.market import Market
from souk.web.pages.addresses import after_sign_in, see_other
from souk.web.render import Pages
from souk.web.shell import Shell
from souk_client.contracts.people import LoginRequest, RegisterRequest


@get("/sign-in")
async def sign_in_page(
    request: PageRequest, shell: Shell, pages: Pages
) -> Response[str] | Redirect:
    """The form; somebody who is signed in goes on."""
    next_path = after_sign_in(request.query_params.get("next", "/"))
    if shell.signed_in:
        return see_other(next_path)
    return pages.answer("pages/sign_in.html", shell, form=Form(), next=next_path)


@post("/sign-in")
async def sign_in(
    request: PageRequest, uow: UnitOfWork, shell: Shell, pages: Pages, market: Market
) -> Response[str] | Redirect:
    """Opens a session for this browser."""
    fields = await posted(request)
    next_path = after_sign_in(fields.get("next", "/"))
    wish, errors = read(
        LoginRequest, {"email": fields.get("email"), "password": fields.get("password")}
    )
    form = Form(values=fields.form().values, errors=errors)
    if wish is not None:
        try:
            return await _open(uow, market, wish.email, wish.password, next_path)
        except SoukError as error:
            form = form.refused(error)
    return pages.answer("pages/sign_in.html", shell, status=422, form=form, next=next_path)


@get("/sign-up")
async def sign_up_page(
    request: PageRequest, shell: Shell, pages: Pages
) -> Response[str] | Redirect:
    """The form; somebody who is signed in goes on."""
    next_path = after_sign_in(request.query_params.get("next", "/"))
    if shell.signed_in:
        return see_other(next_path)
    return pages.answer("pages/sign_up.html", shell, form=Form(), next=next_path)


@post("/sign-up")
async def sign_up(
    request: PageRequest, uow: UnitOfWork, shell: Shell, pages: Pages, market: Market
) -> Response[str] | Redirect:
    """Makes an account and signs this browser in."""
    fields = await posted(request)
    next_path = after_sign_in(fields.get("next", "/"))
    wish, errors = read(
        RegisterRequest,
        {name: fields.get(name) for name in ("email", "password", "name", "handle")},
    )
    form = Form(values=fields.form().values, errors=errors)
    if wish is not None:
        try:
            await market.access.register(
                uow,
                email=wish.email,
                password=wish.password,
                name=wish.name,
                handle=wish.handle,
            )
            return await _open(uow, market, wish.email, wish.password, next_path)
        except SoukError as error:
            form = form.refused(
                error,
                {
                    "email_taken": "email",
                    "slug_taken": "handle",
                    "slug_reserved": "handle",
                    "password_weak": "password",
                },
            )
    return pages.answer("pages/sign_up.html", shell, status=422, form=form, next=next_path)


@post("/sign-out")
async def sign_out(request: PageRequest, uow: UnitOfWork, market: Market) -> Redirect:
    """Ends the session of this browser."""
    cookie = request.cookies.get(SESSION_COOKIE)
    if cookie:
        await market.access.close_page_session(uow, cookie)
    answer = see_other("/")
    answer.delete_cookie(SESSION_COOKIE, path="/")
    return answer


async def _open(
    uow: UnitOfWork, market: Market, email: str, password: str, next_path: str
) -> Redirect:
    session = await market.access.open_page_session(uow, email=email, password=password)
    return open_browser(uow, market, session, next_path)


def open_browser(uow: UnitOfWork, market: Market, session: PageSession, next_path: str) -> Redirect:
    """On to the next page, with the session in the browser's cookie."""
    cookie = Cookie(
        key=SESSION_COOKIE,
        value=session.cookie,
        path="/",
        max_age=int((session.expires_at - uow.now).total_seconds()),
        httponly=True,
        samesite="lax",
        secure=market.settings.base_url.startswith("https://"),
    )
    return Redirect(next_path, status_code=303, cookies=[cookie])


ROUTES = [sign_in_page, sign_in, sign_up_page, sign_up, sign_out]
