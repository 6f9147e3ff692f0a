"""The warning above every page."""

from moto.backends import get_backend

from ui.frame.application import close, page_problem


def test_every_page_says_on_aws_that_the_functions_are_older_than_the_dashboard(
    open_application, deployed, monkeypatch
):
    monkeypatch.setattr("ui.frame.application._opened", [open_application()])
    assert page_problem() is None
    deployed["lambda"].update_function_configuration(FunctionName="relay", Environment={"Variables": {}})
    monkeypatch.setattr("ui.frame.application._opened", [open_application()])
    assert "older than this program" in page_problem()


def test_every_page_names_the_state_of_a_stack_until_it_is_deployed(deployed, tmp_path, monkeypatch):
    settings = {"PUNCTUAL_MODE": "aws", "PUNCTUAL_STACK": "Punctual", "PUNCTUAL_HOME": str(tmp_path / "home")}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("ui.frame.application._opened", [])
    stack = get_backend("cloudformation")["123456789012"]["us-east-1"].get_stack("Punctual")
    for status, remedy in (("CREATE_IN_PROGRESS", "Wait until"), ("ROLLBACK_COMPLETE", "describe-stack-events")):
        stack.status = status
        problem = page_problem()
        assert str(problem) == f"The stack Punctual is in state {status}."
        assert remedy in problem.hint
    stack.status = "CREATE_COMPLETE"
    assert page_problem() is None
    close()
