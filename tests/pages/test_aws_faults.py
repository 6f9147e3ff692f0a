"""What Compose says when AWS refuses to schedule a post: the cause, the remedy, and that the post is noted."""

import pytest

EXPIRED = "The security token included in the request is expired"
DENIED = "User: ada is not authorized to perform: scheduler:CreateSchedule on resource: post-1"
NO_GROUP = "Schedule group posts does not exist."
FAULTS = [
    ("ServiceQuotaExceededException", "The schedules quota is reached.", "ask AWS for a higher quota"),
    ("ExpiredTokenException", EXPIRED, "Sign in again"),
    ("AccessDeniedException", DENIED, "Attach the stack's dashboard policy"),
    ("ResourceNotFoundException", NO_GROUP, "Deploy the stack again, with --revert-drift"),
    ("ValidationException", "Invalid Schedule Expression at().", "Correct the value that the message names"),
]


@pytest.fixture
def application(application_on_aws):
    return application_on_aws


def test_each_refusal_names_its_cause_and_remedy_and_that_the_post_is_noted(browse, application, inject_fault, clock):
    session = browse("compose")
    for code, cause, remedy in FAULTS:
        inject_fault("CreateSchedule", code, cause)
        session.write("Good morning")
        session.schedule()
        [error] = [each.value.replace("\\", "") for each in session.error]
        assert f"CreateSchedule: {cause}" in error, code
        assert remedy in error, code
        assert "The change is noted and will be armed: Punctual tries again every minute while it runs." in error
        inject_fault.clear()
    session.write("Good morning")
    session.schedule()
    assert not session.error
    assert "**Scheduled** for" in session.shown
    assert len(application.ledger.unsettled(changed_before=clock.move(minutes=1), limit=10)) == len(FAULTS)


def test_a_noted_post_is_shown_with_what_happens_next_and_the_form_is_empty(browse, inject_fault, clock):
    session = browse("compose")
    inject_fault("CreateSchedule", "ServiceQuotaExceededException", "The schedules quota is reached.")
    session.write("Good morning")
    session.schedule()
    assert "The schedules quota is reached." in session.shown
    assert "**Scheduling**" in session.shown
    assert session.text_area(key=f"text-{session.draft}").value == ""
    clock.move(seconds=11)
    session.run()
    assert "**Not scheduled yet.** The post is saved, and Punctual schedules it within 2 minutes." in session.shown
