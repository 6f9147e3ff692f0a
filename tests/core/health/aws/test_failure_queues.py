"""The health checks of the queues."""

import pytest


@pytest.mark.parametrize(
    ("output", "name"),
    [
        ("FailuresQueueUrl", "Retry queue"),
        ("DeadLettersQueueUrl", "Relay dead letters"),
        ("UndeliveredQueueUrl", "Scheduler dead letters"),
    ],
)
def test_the_messages_of_a_queue_are_counted(check, deployed, output, name):
    for _ in range(3):
        deployed["sqs"].send_message(QueueUrl=deployed.outputs[output], MessageBody="{}")
    assert (check(name).status, check(name).message) == ("warning", "3 posts.")


def test_a_deleted_queue_is_bad(check, deployed):
    deployed["sqs"].delete_queue(QueueUrl=deployed.outputs["DeadLettersQueueUrl"])
    assert check("Relay dead letters").status == "bad"
