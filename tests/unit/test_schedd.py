"""Calling a schedd that has been started anew since the last call."""

import classad2
import htcondor2
import pytest

from htmap.exceptions import HTMapException
from htmap.pool.schedd import Schedd


class Refusing:
    """Refuses the session of so many calls as a new schedd does, which nothing else forces."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.calls = 0

    def __call__(self, _):
        self.calls += 1
        if self.calls <= self.refusals:
            raise htcondor2.HTCondorException("SECMAN:2004:Server rejected our session id")
        return "done"


@pytest.fixture
def schedd() -> Schedd:
    ad = {"MyAddress": "<127.0.0.1:1>", "Name": "here", "CondorVersion": "23.9.6"}
    return Schedd(classad2.ClassAd(ad))


def test_a_session_with_the_schedd_before_is_begun_anew(schedd):
    method = Refusing(1)

    assert schedd.call(method, "asking") == "done"
    assert method.calls == 2


def test_a_schedd_that_goes_on_refusing_is_told_of(schedd):
    method = Refusing(5)

    with pytest.raises(HTMapException, match="SECMAN:2004"):
        schedd.call(method, "asking")
    assert method.calls == 2
