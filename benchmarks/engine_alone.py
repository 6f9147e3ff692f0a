"""The engine's HTTP server alone, as `create.py` measures it."""

import os
import sys

import uvicorn

from benchmarks.measuring import engine
from core.engine.api import Api
from core.engine.server import HttpApi
from core.engine.signatures import Credentials
from core.time.instants import real_clock

if __name__ == "__main__":
    with engine() as (store, _):
        credentials = Credentials(
            access_key_id=os.environ["PUNCTUAL_LOCAL_ACCESS_KEY_ID"],
            secret_access_key=os.environ["PUNCTUAL_LOCAL_SECRET_ACCESS_KEY"],
        )
        http_api = HttpApi(Api(store, real_clock), credentials, real_clock)
        uvicorn.run(http_api, port=int(sys.argv[1]), log_level="error", lifespan="off")
