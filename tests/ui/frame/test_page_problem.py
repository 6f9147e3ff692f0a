"""The warning above every page."""

from ui.frame.application import page_problem


def test_every_page_says_on_aws_that_the_functions_are_older_than_the_dashboard(
    open_application, deployed, monkeypatch
):
    monkeypatch.setattr("ui.frame.application._opened", [open_application()])
    assert page_problem() is None
    deployed["lambda"].update_function_configuration(FunctionName="relay", Environment={"Variables": {}})
    monkeypatch.setattr("ui.frame.application._opened", [open_application()])
    assert "older than this program" in page_problem()
