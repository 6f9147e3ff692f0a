"""The caution settings on AWS, in the ledger's table (core/ledger/dynamodb_layout.py).

They are one item with the key `caution-settings` and `caution-settings`, and the attribute `content` (JSON).
"""

from core.ledger.dynamodb_layout import Key
from core.ledger.dynamodb_transactions import Table, Transaction
from core.scheduling.caution_settings.port import CautionSettings

_KEY: Key = ("caution-settings", "caution-settings")


class DynamoCautionSettings:
    """The port of the caution settings on a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def read(self) -> CautionSettings:
        (item,) = self._table.get([_KEY])
        return CautionSettings.model_validate_json(str(item["content"])) if item else CautionSettings()

    def save(self, settings: CautionSettings) -> None:
        def work(transaction: Transaction) -> None:
            pk, sk = _KEY
            transaction.put({"pk": pk, "sk": sk, "content": settings.model_dump_json()})

        self._table.write([_KEY], work)
