"""The queues of what went wrong."""

import pytest


@pytest.mark.parametrize(
    ("output", "name"),
    [
        ("FailuresQueueUrl", "Tried again later"),
        ("DeadLettersQueueUrl", "Given up by the relay"),
        ("UndeliveredQueueUrl", "Undelivered"),
    ],
)
def test_what_lies_in_a_queue_is_counted(look, deployed, output, name):
    for _ in range(3):
        deployed["sqs"].send_message(QueueUrl=deployed.outputs[output], MessageBody="{}")
    assert (look(name).status, look(name).message) == ("warning", "3 posts.")


def test_a_deleted_queue_is_bad(look, deployed):
    deployed["sqs"].delete_queue(QueueUrl=deployed.outputs["DeadLettersQueueUrl"])
    assert look("Given up by the relay").status == "bad"
