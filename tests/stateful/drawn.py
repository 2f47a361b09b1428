"""What people do: what the acts of sequences are drawn from."""

from typing import Any

from hypothesis import strategies as st

from tests.stateful.parts import (
    ADMIN,
    DRAFT,
    FIELDS,
    FILE,
    LIGHT,
    PRINT,
    REVIEW,
    ROLES,
    ROUTES,
    STANDARD,
    STEPS,
    VALUES,
    Act,
)

ROUTE = st.sampled_from([None, *ROUTES])

# Most of them by the administrator, so that most of them happen.
_who = st.sampled_from([ADMIN, ADMIN, ADMIN, STANDARD, LIGHT])
# Those that most rules are about, most often.
STEPS_DONE = st.sampled_from([DRAFT, DRAFT, REVIEW, REVIEW, *STEPS])
_steps_hidden = st.sampled_from([PRINT, FILE, *STEPS])
_anybody = st.frozensets(st.sampled_from([*ROLES]), max_size=3)
DECISIONS = st.booleans()
_decision = st.one_of(DECISIONS, DECISIONS, st.none())


def _acts(verb: str, *what: st.SearchStrategy[Any]) -> st.SearchStrategy[Act]:
    return st.builds(Act, st.just(verb), _who, st.tuples(*what))


_complete, _reopen = _acts("complete", STEPS_DONE, _decision), _acts("reopen", STEPS_DONE)
ACTS: st.SearchStrategy[Act] = st.one_of(
    *[_complete] * 4,
    *[_reopen] * 4,
    st.sampled_from([*FIELDS]).flatmap(
        lambda name: _acts("answer", st.just(name), st.sampled_from([None, *VALUES[name]]))
    ),
    _acts("assign", st.sampled_from(STEPS), _anybody),
    _acts("hide", _steps_hidden),
    *[_acts("show", _steps_hidden)] * 2,
    *[_acts("change_form", ROUTE)] * 3,
    _acts("submit_form"),
    _acts("reopen_form"),
    # So that it does not lie archived for long.
    *[_acts("activate")] * 3,
    _acts("archive"),
    # Nor on hold.
    *[_acts("resume")] * 3,
    _acts("hold"),
    _acts("undo", st.sampled_from([*STEPS, "process"])),
)

# What rules are mostly about.
COMPLETIONS = st.builds(Act, st.just("complete"), st.just(ADMIN), st.tuples(STEPS_DONE, DECISIONS))
# Minutes: something can still be undone after the one, not after the other.
WAITS = st.builds(Act, st.just("wait"), st.just(ADMIN), st.sampled_from([(1,), (30,)]))
