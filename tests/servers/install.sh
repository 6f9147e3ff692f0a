#!/usr/bin/env bash
# Installs a real Bluesky server in this folder, the Node 22 that it needs, an emulator of DynamoDB, the libraries of X
# and Bluesky, and an evaluator of IAM policies. Takes about two minutes.
# Without it, the tests use fake_pds.py alone and skip those of the real server.
set -euo pipefail
cd "$(dirname "$0")"

npm install --ignore-scripts --no-package-lock --no-audit --no-fund --loglevel=error
node_home=$(echo "$PWD"/node_modules/node-linux-*)
export PATH="$node_home/bin:$PATH"
export npm_config_nodedir="$node_home" npm_config_build_from_source=true
export CFLAGS=-O0 CXXFLAGS=-O0  # the compiler's optimisations take a minute, and the tests store little
npm rebuild better-sqlite3 --ignore-scripts=false --loglevel=error
node -e 'require("better-sqlite3")(":memory:")'
