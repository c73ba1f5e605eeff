#!/usr/bin/env bash
# Fills the shop of version 0.1 with what test/e2e/upgrade.slow.test.ts expects in of-0.1.tgz. To make that file again:
#
#   git worktree add /tmp/headspring-0.1 3d5fd52 && cd /tmp/headspring-0.1 && npm ci
#   npx wrangler dev --persist-to /tmp/of-0.1 --var HEADSPRING_ENV:local     # and in another terminal this script, then stop wrangler
#
# Keep v3/do and v3/d1 of the folder, with the write-ahead logs checkpointed, and beside them `was/`: what the answers were.
set -euo pipefail
U=${1:-http://localhost:8787}; j() { curl -sS -f "$@"; echo; }
for p in apple pear plum; do j $U/aggregates/product/$p/ReceiveStock -d '{"quantity": 20}' -H "Idempotency-Key: stock-$p" >/dev/null; done
for i in $(seq 1 12); do j $U/aggregates/order/$i/PlaceOrder -d "{\"customer\": \"a customer\", \"lines\": [{\"sku\": \"apple\", \"quantity\": 1}, {\"sku\": \"pear\", \"quantity\": 2}]}" -H "Idempotency-Key: order-$i" >/dev/null; done
j -X PUT $U/streams/reading -d '{"key":"sensor","schema":{"type":"object","properties":{"sensor":{"type":"string"},"celsius":{"type":"number"},"note":{"type":"string"}},"required":["sensor","celsius"]}}' >/dev/null
for i in $(seq 1 60); do j $U/streams/reading -d "{\"sensor\":\"s$((i%7))\",\"celsius\":$i.5,\"note\":\"é😀 \\u2028 $i\"}" >/dev/null; done
j $U/streams/reading/many -d "$(python3 -c 'import json;print(json.dumps({"events":[{"type":"ReadingRecorded","data":{"sensor":"many","celsius":i},"meta":{"note":str(i)}} for i in range(150)]}))')" >/dev/null
j $U/streams/reading/secret -d '{"type":"ReadingRecorded","data":{"sensor":"secret","celsius":1,"note":"what must be forgotten"}}' >/dev/null || curl -s $U/streams/reading/secret -d '{"type":"ReadingRecorded","data":{"sensor":"secret","celsius":1,"note":"what must be forgotten"}}'
j -X DELETE "$U/streams/reading/secret?erase=true" >/dev/null || curl -s -X DELETE "$U/streams/reading/secret?erase=true"
j -X DELETE "$U/streams/reading/s3" >/dev/null
j $U/stores/second/aggregates/product/kiwi/ReceiveStock -d '{"quantity": 7}' >/dev/null
