"""Asks the real PyJWT and python-jose, at an instant that is given: one JSON question a line, one JSON answer a line.

Their clock stands still: the name `datetime` in each module that reads it is bound to a class whose `now` is the instant of
the question. Everything else is the library's own code.
"""

import datetime as real
import json
import sys

import jose.jwt
import jwt
import jwt.api_jwt

KEY = "a key of sufficient length for HS256"


class Frozen(real.datetime):
    """A `datetime` whose now does not move."""

    at = None

    @classmethod
    def now(cls, tz=None):
        return cls.at.astimezone(tz)


EPOCH = Frozen(1970, 1, 1, tzinfo=real.timezone.utc)
jwt.api_jwt.datetime = Frozen
jose.jwt.datetime = Frozen


def instant(nanoseconds):
    """The instant, to the microsecond: questions are asked in whole ones."""
    return EPOCH + real.timedelta(microseconds=nanoseconds // 1000)


def pyjwt(token, leeway):
    try:
        jwt.decode(token, KEY, algorithms=["HS256"], **({} if leeway is None else {"leeway": leeway}))
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
        return True
    return False


def python_jose(token, leeway):
    try:
        jose.jwt.decode(token, KEY, algorithms=["HS256"], options=None if leeway is None else {"leeway": leeway})
    except jose.jwt.ExpiredSignatureError:
        return True
    except jose.jwt.JWTClaimsError as problem:
        if "not yet valid" not in str(problem):
            raise
        return True
    return False


def refused(question):
    """Whether a token with these claims (whole seconds) is refused at this now (ns)."""
    Frozen.at = instant(question["now"])
    check = {"PyJWT": pyjwt, "python-jose": python_jose}[question["library"]]
    return check(jwt.encode(question["claims"], KEY, algorithm="HS256"), question.get("leeway"))


def refused_first_uses(question):
    """How many of `count` tokens PyJWT refuses at their first use: issued by PyJWT on a clock that is `skew` ahead, each at
    another instant of its second, and verified by PyJWT `transit` later."""
    found = 0
    for index in range(question["count"]):
        issued = question["now"] + index * 1_000_000_000 // question["count"]
        by_issuer = instant(issued + question["skew"])
        token = jwt.encode({"iat": by_issuer, "nbf": by_issuer}, KEY, algorithm="HS256")
        Frozen.at = instant(issued + question["transit"])
        found += pyjwt(token, question["leeway"])
    return found


for line in sys.stdin:
    question = json.loads(line)
    answer = refused_first_uses(question) if "count" in question else refused(question)
    print(json.dumps(answer), flush=True)
