"""turboSMTP's API v2, all of it but sending: who is let in, and which path leads where."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from turbodesk.sandbox.state import Standing, State
from turbodesk.sandbox.tokens import Tokens
from turbodesk.sandbox.turbosmtp_v2_account import ENTERED, Account
from turbodesk.sandbox.turbosmtp_v2_agency import AgencyPages
from turbodesk.sandbox.turbosmtp_v2_alerts import Alerts
from turbodesk.sandbox.turbosmtp_v2_analytics import Analytics
from turbodesk.sandbox.turbosmtp_v2_keys import APIS, KeyRing, given_pair
from turbodesk.sandbox.turbosmtp_v2_questions import Coded, body_fields
from turbodesk.sandbox.turbosmtp_v2_subaccounts import Entered, SubAccountPages
from turbodesk.sandbox.turbosmtp_v2_suppressions import Suppressions
from turbodesk.sandbox.turbosmtp_v2_validation import Validation
from turbodesk.sandbox.wire import Answer, text_of

Handler = Callable[[Request], Awaitable[Response]]

TOKEN_LIFE_S, TOKEN_BYTES = 7200, 20

_PREFIX = "/api/v2"


class TurboSmtpV2:
    """The answers of the main host over one State."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._keys = KeyRing(state)
        self._tokens = Tokens(state, "v2 ", life_s=TOKEN_LIFE_S, size_bytes=TOKEN_BYTES)
        self._entered = Entered(state, life_s=TOKEN_LIFE_S, size_bytes=TOKEN_BYTES)

    def routes(self) -> list[Route]:
        analytics, suppressions = Analytics(self._state), Suppressions(self._state)
        account, validation = Account(self._state, self._keys), Validation(self._state)
        below, alerts = SubAccountPages(self._state, self._entered), Alerts(self._state)
        above = AgencyPages(self._state)
        anybody: list[tuple[str, str, Handler]] = [
            ("POST", "/authorize", self._authorize),
            ("POST", "/deauthorize", self._deauthorize),
        ]
        known: list[tuple[str, str, Handler]] = [
            ("GET", "/analytics", analytics.page),
            ("GET", "/analytics/csv", analytics.export),
            ("GET", "/analytics/{id}", analytics.one),
            ("GET", "/suppressions", suppressions.page),
            ("POST", "/suppressions", suppressions.page_by_body),
            ("GET", "/suppressions/csv", suppressions.export),
            ("POST", "/suppressions/csv", suppressions.export_by_body),
            ("POST", "/suppressions/delete", suppressions.delete_matching),
            ("POST", "/suppressions/bulk_delete", suppressions.delete_addresses),
            ("POST", "/suppressions/import", suppressions.add),
            ("GET", "/tools/alerts", alerts.all),
            ("POST", "/tools/alerts", alerts.add),
            ("GET", "/tools/alerts/{id}", alerts.one),
            ("PATCH", "/tools/alerts/{id}", alerts.edit),
            ("DELETE", "/tools/alerts/{id}", alerts.remove),
            ("GET", "/user/config", account.config),
            ("GET", "/emailvalidation/subscription", validation.subscription),
            ("POST", "/emailvalidation/validateEmail", validation.one_address),
            ("POST", "/emailvalidation/upload", validation.upload),
            ("GET", "/emailvalidation/lists", validation.lists),
            ("GET", "/emailvalidation/lists/{id}", validation.one_list),
            ("DELETE", "/emailvalidation/lists/{id}", validation.delete),
            ("POST", "/emailvalidation/lists/{id}/validate", validation.start),
            ("GET", "/emailvalidation/lists/{id}/emails", validation.emails),
            ("GET", "/emailvalidation/lists/{id}/emails/{email}", validation.one_email),
            ("GET", "/emailvalidation/lists/{id}/csv", validation.export),
        ]
        agency: list[tuple[str, str, Handler]] = [
            ("GET", "/subaccounts/list", below.page),
            ("POST", "/subaccounts", below.create),
            ("POST", "/subaccounts/authorize", below.authorize),
            ("GET", "/subaccounts/email-exists", below.email_exists),
            ("GET", "/subaccounts/agency", above.show),
            ("PATCH", "/subaccounts/agency", above.edit),
            ("GET", "/subaccounts/{id}", below.one),
            ("PATCH", "/subaccounts/{id}", below.edit),
            ("GET", "/subaccounts/{id}/active-plan", below.plan),
            ("POST", "/subaccounts/{id}/updatesubaccountsmtplimit", below.limit),
            ("POST", "/subaccounts/{id}/updatesubaccountstatus", below.status),
        ]
        signed_in: list[tuple[str, str, Handler]] = [
            ("GET", "/user/consumerKeys", account.keys),
            ("POST", "/user/consumerKeys", account.create_key),
            ("DELETE", "/user/consumerKeys/{key}", account.delete_key),
        ]
        open_to = (
            (known, self._refusal),
            (agency, self._agency_refusal),
            (signed_in, self._token_refusal),
            (anybody, None),
        )
        return [
            *(
                Route(_PREFIX + path, _coded(handler, refusal), methods=[method])
                for paths, refusal in open_to
                for method, path, handler in paths
            ),
        ]

    async def _authorize(self, request: Request) -> Response:
        fields = await body_fields(request)
        email, password = text_of(fields.get("email")), text_of(fields.get("password"))
        if not email or not password:
            raise Coded("missing_required_parameter")
        match self._state.standing(email, password):
            case Standing.GOOD:
                forever = fields.get("no_expire") in (True, 1, "1", "true")
                return Answer({"auth": self._tokens.issue(forever=forever)})
            case Standing.INACTIVE:
                raise Coded("account_is_inactive", 401)
            case _:
                raise Coded("wrong_credentials_specified", 403)

    async def _deauthorize(self, request: Request) -> Response:
        self._token_refusal(request)
        token = request.headers["authorization"]
        self._tokens.revoke(token)
        self._entered.revoke(token)
        return Answer({"message": "token_deauthorized"})

    def _refusal(self, request: Request) -> None:
        """Raises Coded unless the request shows a good key pair or, without any, a good token."""
        given = given_pair(request)
        if given is None:
            self._token_refusal(request)
            return
        pair = self._keys.pair(given)
        if pair is not None and not pair.active:
            raise Coded("account_is_inactive", 401)
        if pair is None or not pair.allows(APIS, request):
            raise Coded("invalid_authorization_key", 401)

    def _token_refusal(self, request: Request) -> None:
        """Raises Coded unless the request shows a good token."""
        token = request.headers.get("authorization", "")
        if not token:
            raise Coded("missing_authorization_key", 401)
        if self._tokens.is_good(token):
            return
        below = self._entered.whose(token)
        if below is None:
            raise Coded("invalid_authorization_key", 401)
        if not below.active:
            raise Coded("account_is_inactive", 401)
        setattr(request.state, ENTERED, below)

    def _agency_refusal(self, request: Request) -> None:
        """Raises Coded for whoever is not let in, and for an account that is below another one itself."""
        self._refusal(request)
        if hasattr(request.state, ENTERED):
            raise Coded("feature_not_available_for_active_plan", 403)


def _coded(handler: Handler, refusal: Callable[[Request], None] | None) -> Handler:
    """`handler` behind `refusal`; what either raises becomes an answer."""

    async def endpoint(request: Request) -> Response:
        try:
            if refusal is not None:
                refusal(request)
            return await handler(request)
        except Coded as coded:
            return Answer({"message": coded.code}, coded.status)

    return endpoint
