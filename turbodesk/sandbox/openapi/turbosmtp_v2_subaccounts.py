"""turboSMTP's API v2: the accounts below the main one, and usage alerts."""

from __future__ import annotations

from turbodesk.sandbox.openapi.document import FORM, JSON, Operation, Parameter
from turbodesk.sandbox.openapi.shapes import (
    COUNT,
    EMAIL,
    TEXT,
    TRUTH,
    WALL_CLOCK,
    WHOLE,
    Shape,
    fields,
    list_of,
    only,
    or_null,
    thing,
    up_to,
    words,
    written,
)
from turbodesk.sandbox.openapi.turbosmtp_v2_codes import (
    LIMIT,
    NO_BODY,
    NOT_FOUND,
    NOT_SIGNED_IN,
    ORDER_TYPE_CODE,
    PAGE,
    PAGE_CODES,
    TOO_LARGE,
    coded,
)

_IP = written(r"^\d{1,3}(\.\d{1,3}){3}$", "203.0.113.25")
_MAYBE_WHEN = or_null(written(WALL_CLOCK))
_SUCCESS = thing({"message": only("success")})
_MISSING = "missing_required_parameter_"
_PERCENTAGE: Shape = {"type": "integer", "minimum": 0, "maximum": 100}
_NAMES: dict[str, Shape] = {"first_name": up_to(50), "last_name": up_to(50)}
_TEXTS: dict[str, Shape] = {
    "address_1": up_to(255),
    "address_2": up_to(255),
    "city": up_to(100),
    "company_name": up_to(100),
    "country": up_to(64),
    "region": up_to(100),
    "zip_code": up_to(10),
    "phone_number": up_to(30),
    "site_url": up_to(45),
}
_PLAN_MEMBERS: dict[str, Shape] = {
    "subaccount_id": WHOLE,
    "parent_id": WHOLE,
    "active": TRUTH,
    "ip": _IP,
    "limit": {"type": "integer", "minimum": -1},
    "sent": COUNT,
    "last_used": _MAYBE_WHEN,
    "plan_expiration": _MAYBE_WHEN,
    "plan_limit_interval": words("Daily", "Monthly", "Yearly"),
    "expired": TRUTH,
}
_PLAN = thing(_PLAN_MEMBERS)
_ROW = thing({**_PLAN_MEMBERS, "email": TEXT})
_DETAILS = thing(
    {
        "subaccount_id": WHOLE,
        "parent_id": WHOLE,
        "email": TEXT,
        "active": TRUTH,
        "ip": _IP,
        "policy_agree": TRUTH,
        **_NAMES,
        **_TEXTS,
    }
)
_PERSON: dict[str, Shape] = {**_NAMES, "ip": _IP, "policy_agree": only(True)}
_NEW = fields({"email": EMAIL, "password": TEXT, "confirm_password": TEXT, **_PERSON}, _TEXTS)
_CHANGED = fields(_PERSON, _TEXTS)
_CONTACT_CODES = (
    f"{_MISSING}first_name",
    f"{_MISSING}last_name",
    f"{_MISSING}ip",
    "ip_should_be_IPV4_format",
    "ip_not_associated_to_user_account",
    "policy_agree_should_be_true",
    *(
        f"{name}_should_be_shorter_than_{shape['maxLength']}_characters"
        for name, shape in {**_NAMES, **_TEXTS}.items()
    ),
    NO_BODY,
)
_AGENCY: dict[str, Shape] = {
    "agency_name": up_to(128),
    "agency_website": up_to(128),
    "agency_footer": up_to(2048),
}
_NO_PLAN, _STRANGER = "feature_not_available_for_active_plan", "only_loopback_names_are_let_in"
_NO_AGENCY = coded(_NO_PLAN, _STRANGER)
_NOT_THERE = coded("subaccount_not_found", NOT_FOUND)

_ALERT_MEMBERS: dict[str, Shape] = {"email": EMAIL, "percentage": _PERCENTAGE}
_ALERT = thing({"id": WHOLE, "email": TEXT, "percentage": _PERCENTAGE})
_ALERT_CODES = coded(
    NO_BODY,
    f"{_MISSING}email",
    f"{_MISSING}percentage",
    "invalid_mail_address",
    "percentage_should_be_integer",
    "percentage_should_not_be_less_than_0",
    "percentage_should_not_be_higher_than_100",
)
_NO_ALERT = coded("alert_not_found", NOT_FOUND)

SUB_ACCOUNTS = [
    Operation(
        "GET",
        "/subaccounts/list",
        "The accounts below this one.",
        {
            200: thing({"count": COUNT, "results": list_of(_ROW)}),
            400: coded(
                *PAGE_CODES,
                "filter_by_active_should_be_boolean",
                "ip_should_be_IPV4_format",
                "order_by_can_only_be_email_or_last_used",
                ORDER_TYPE_CODE,
            ),
            401: NOT_SIGNED_IN,
            403: _NO_AGENCY,
            404: coded("page_not_found"),
        },
        [
            PAGE,
            LIMIT,
            Parameter("filter_by_email", TEXT),
            Parameter("filter_by_active", TRUTH),
            Parameter("filter_by_ip[]", list_of(_IP)),
            Parameter("order_by", words("email", "last_used")),
            Parameter("ordertype", words("asc", "desc")),
        ],
    ),
    Operation(
        "POST",
        "/subaccounts",
        "A new account below this one.",
        {
            201: _DETAILS,
            400: coded(
                *_CONTACT_CODES,
                f"{_MISSING}email",
                f"{_MISSING}password",
                f"{_MISSING}confirm_password",
                "invalid_mail_address",
                "email_is_already_in_use",
                "password_length_should_not_be_less_than_10_characters",
                "password_should_contain_at_least_one_uppercase_character",
                "password_should_contain_at_least_one_lowercase_character",
                "password_should_contain_at_least_one_digit",
                "password_should_equal_confirm_password",
            ),
            401: NOT_SIGNED_IN,
            403: _NO_AGENCY,
            413: TOO_LARGE,
        },
        body={JSON: _NEW, FORM: _NEW},
    ),
    Operation(
        "POST",
        "/subaccounts/authorize",
        "A token to sign in as an account below this one.",
        {
            200: thing({"auth": TEXT}),
            400: coded(f"{_MISSING}email", NO_BODY),
            401: NOT_SIGNED_IN,
            403: coded("wrong_credentials_specified", _NO_PLAN, _STRANGER),
            413: TOO_LARGE,
        },
        body={JSON: fields({"email": EMAIL}), FORM: fields({"email": EMAIL})},
    ),
    Operation(
        "GET",
        "/subaccounts/email-exists",
        "Whether there is an account of this address.",
        {
            200: thing({"result": TRUTH}),
            400: coded(f"{_MISSING}email"),
            401: NOT_SIGNED_IN,
            403: _NO_AGENCY,
        },
        [Parameter("Email", TEXT, required=True)],
    ),
    Operation(
        "GET",
        "/subaccounts/agency",
        "What accounts below this one are shown of it.",
        {200: thing({**_AGENCY, "logoUrl": TEXT}), 401: NOT_SIGNED_IN, 403: _NO_AGENCY},
    ),
    Operation(
        "PATCH",
        "/subaccounts/agency",
        "Changes that; texts that are left out stay.",
        {
            200: _SUCCESS,
            400: coded(
                *(
                    f"{name}_should_be_shorter_than_{shape['maxLength']}_characters"
                    for name, shape in _AGENCY.items()
                ),
                NO_BODY,
            ),
            401: NOT_SIGNED_IN,
            403: _NO_AGENCY,
            413: TOO_LARGE,
        },
        body={JSON: fields({}, _AGENCY), FORM: fields({}, _AGENCY)},
    ),
    Operation(
        "GET",
        "/subaccounts/{id}",
        "Who an account below this one belongs to.",
        {200: _DETAILS, 401: NOT_SIGNED_IN, 403: _NO_AGENCY, 404: _NOT_THERE},
    ),
    Operation(
        "PATCH",
        "/subaccounts/{id}",
        "Changes who it belongs to; texts that are left out stay.",
        {
            200: _DETAILS,
            400: coded(*_CONTACT_CODES),
            401: NOT_SIGNED_IN,
            403: _NO_AGENCY,
            404: _NOT_THERE,
            413: TOO_LARGE,
        },
        body={JSON: _CHANGED, FORM: _CHANGED},
    ),
    Operation(
        "GET",
        "/subaccounts/{id}/active-plan",
        "What it may send, and has sent.",
        {200: _PLAN, 401: NOT_SIGNED_IN, 403: _NO_AGENCY, 404: _NOT_THERE},
    ),
    Operation(
        "POST",
        "/subaccounts/{id}/updatesubaccountsmtplimit",
        "Sets what it may send; -1 is no limit.",
        {
            200: _PLAN,
            400: coded(
                NO_BODY,
                f"{_MISSING}limit",
                "limit_should_be_integer",
                "limit_should_not_be_higher_than_parent_account_limit",
                "limit_should_not_be_lower_than_-1",
            ),
            401: NOT_SIGNED_IN,
            403: _NO_AGENCY,
            404: _NOT_THERE,
            413: TOO_LARGE,
        },
        body={JSON: fields({"limit": WHOLE}), FORM: fields({"limit": WHOLE})},
    ),
    Operation(
        "POST",
        "/subaccounts/{id}/updatesubaccountstatus",
        "Lets it send, or suspends it.",
        {
            200: _PLAN,
            400: coded(NO_BODY, f"{_MISSING}active", "active_should_be_boolean"),
            401: NOT_SIGNED_IN,
            403: _NO_AGENCY,
            404: _NOT_THERE,
            413: TOO_LARGE,
        },
        body={JSON: fields({"active": TRUTH}), FORM: fields({"active": TRUTH})},
    ),
]

ALERTS = [
    Operation(
        "GET",
        "/tools/alerts",
        "Every usage alert.",
        {200: thing({"count": COUNT, "results": list_of(_ALERT)}), 401: NOT_SIGNED_IN},
    ),
    Operation(
        "POST",
        "/tools/alerts",
        "A new usage alert.",
        {201: _ALERT, 400: _ALERT_CODES, 401: NOT_SIGNED_IN, 413: TOO_LARGE},
        body={JSON: fields(_ALERT_MEMBERS), FORM: fields(_ALERT_MEMBERS)},
    ),
    Operation(
        "GET",
        "/tools/alerts/{id}",
        "One usage alert.",
        {200: _ALERT, 401: NOT_SIGNED_IN, 404: _NO_ALERT},
    ),
    Operation(
        "PATCH",
        "/tools/alerts/{id}",
        "Changes one; a member that is left out stays.",
        {200: _ALERT, 400: _ALERT_CODES, 401: NOT_SIGNED_IN, 404: _NO_ALERT, 413: TOO_LARGE},
        body={JSON: fields(_ALERT_MEMBERS), FORM: fields(_ALERT_MEMBERS)},
    ),
    Operation(
        "DELETE",
        "/tools/alerts/{id}",
        "Removes one.",
        {200: _SUCCESS, 401: NOT_SIGNED_IN, 404: _NO_ALERT},
    ),
]
