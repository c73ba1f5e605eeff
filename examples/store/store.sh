#!/bin/sh
# The online store by the HTTP API alone: each call, and what it must answer. Start the store with `npm start`, then: sh store.sh
# It works in a store of its own, so it can run again and again. STORE_URL is another place, TOKEN what a deployment asks for.
set -eu
name="online-$(date +%s)-$$"
store="${STORE_URL:-http://localhost:8787}/stores/$name"
folder=$(mktemp -d)
receiver=""
end() {
  [ -z "$receiver" ] || kill "$receiver" 2> /dev/null || true
  rm -rf "$folder"
}
trap end EXIT

# check TITLE STATUS PATTERN METHOD PATH [BODY] [HEADER]: sends a request; its status and a line of its answer must be as they should.
check() {
  title=$1 status=$2 pattern=$3 method=$4 path=$5 body=${6-} header=${7-}
  set -- -s -X "$method" -o "$folder/answer" -w '%{http_code}' "$store$path"
  [ -z "${TOKEN-}" ] || set -- "$@" -H "Authorization: Bearer $TOKEN"
  [ -z "$header" ] || set -- "$@" -H "$header"
  [ -z "$body" ] || set -- "$@" -d "$body"
  : > "$folder/answer"
  got=$(curl "$@") || true
  if [ "$got" = "$status" ] && grep -Eq -- "$pattern" "$folder/answer"; then
    echo "ok    $got  $title"
  else
    echo "WRONG $got  $title: $status was due, with $pattern. The answer:"
    cat "$folder/answer"
    exit 1
  fi
}

# --- Data in: two streams, each with a schema ---------------------------------------------------------------------------------------------
check "products are declared" 201 '"name": *"products"' PUT /streams/products '{
  "key": "id",
  "schema": { "type": "object", "required": ["id", "qty", "price"], "additionalProperties": false,
              "properties": { "id": { "type": "string" }, "qty": { "type": "integer", "minimum": 0 }, "price": { "type": "number" } } } }'
orders='{
  "key": "id",
  "schema": { "type": "object", "required": ["id", "customerId", "productId", "qty", "status"], "additionalProperties": false,
              "properties": { "id": { "type": "string" }, "customerId": { "type": "string" }, "productId": { "type": "string" },
                              "qty": { "type": "integer", "minimum": 1 }, "price": { "type": "number" },
                              "status": { "enum": ["pending", "confirmed", "failed"] } } } }'
check "orders are declared" 201 '"name": *"orders"' PUT /streams/orders "$orders"
check "the same declaration changes nothing" 200 '"name": *"orders"' PUT /streams/orders "$orders"

# --- Data out: views ----------------------------------------------------------------------------------------------------------------------
check "products as they are now, for the processor only" 201 '"products-now"' PUT /views/products-now '{ "from": "products", "exposed": false }'
check "orders as they are now" 201 '"orders-now"' PUT /views/orders-now '{ "from": "orders", "indexes": ["status"] }'
check "what each customer spends" 201 '"customer-total"' PUT /views/customer-total '{
  "from": "orders", "where": "data.status == '"'confirmed'"'", "key": "data.customerId",
  "columns": { "total":  { "type": "number",  "init": 0, "fold": "acc + data.qty * data.price" },
               "orders": { "type": "integer", "init": 0, "fold": "acc + 1" } },
  "indexes": ["total"] }'

# --- In between: each order is checked against the stock ---------------------------------------------------------------------------------
validation() {
  cat << EOF
{ "from": "orders", "steps": [
  { "filter": "data.status == 'pending'" },
  { "join": { "with": "products-now", "by": "data.productId", "as": "product", "missing": "skip" } },
  { "branch": [
    { "when": "$1", "steps": [ { "set": { "status": "'confirmed'", "price": "product.price" } }, { "emit": { "to": "orders" } } ] },
    { "steps": [ { "set": { "status": "'failed'" } }, { "emit": { "to": "orders" } } ] } ] } ] }
EOF
}
check "a slip in an expression is refused, with its place" 400 'steps\.2\.branch\.0\.when.*no .quantity' \
  PUT /processors/validate "$(validation 'data.quantity <= product.qty')"
check "the processor is declared" 201 '"validate"' PUT /processors/validate "$(validation 'data.qty <= product.qty')"

# --- Out to others: a webhook for each order that is confirmed ---------------------------------------------------------------------------
port=${RECEIVER_PORT:-9000}
node receiver.mjs "$port" > "$folder/received" &
receiver=$!
check "a webhook is registered" 201 '"secret": *"whsec_' POST /webhooks \
  '{ "url": "http://localhost:'"$port"'/", "categories": ["orders"], "where": { "path": "data.status", "op": "eq", "value": "confirmed" } }'

# --- A day in the store -------------------------------------------------------------------------------------------------------------------
check "tea arrives" 201 '"stream": *"products/tea"' POST /streams/products '{ "id": "tea", "qty": 5, "price": 2.5 }'
check "what is no product is refused" 400 'qty' POST /streams/products '{ "id": "cup", "qty": "many", "price": 1 }'
order1='{ "id": "1", "customerId": "a-customer", "productId": "tea", "qty": 2, "status": "pending" }'
check "an order that fits" 201 '"stream": *"orders/1"' POST /streams/orders "$order1" 'Idempotency-Key: order-1'
check "sent again by mistake, it is the same order" 201 '"version": *1' POST /streams/orders "$order1" 'Idempotency-Key: order-1'
check "an order that asks for too much" 201 '"stream": *"orders/2"' POST /streams/orders \
  '{ "id": "2", "customerId": "a-customer", "productId": "tea", "qty": 6, "status": "pending" }'
check "the total is there as soon as the order is confirmed" 200 '"total": *5,' GET /views/customer-total/a-customer '' 'Prefer: wait=20'
check "the first order was confirmed" 200 '"status": *"confirmed"' GET '/views/orders-now/1?consistency=strong'

# Its stream has what happened, each once.
wait_for_version() {
  for _ in $(seq 100); do
    if curl -s ${TOKEN:+-H "Authorization: Bearer $TOKEN"} "$store/streams/orders/$1" | grep -q "\"version\": *$2,"; then return; fi
    sleep 0.1
  done
}
wait_for_version 2 2
check "the second one failed" 200 '"status": *"failed"' GET '/views/orders-now/2?consistency=strong'
check "an order has two events: placed, and confirmed" 200 '"version": *2,.*pending.*confirmed' GET /streams/orders/1
check "one failed order, by a filter" 200 '"rows": *\[\{[^}]*"id": *"2"[^}]*\}\]' GET '/views/orders-now?status=failed'

# --- What happened, and a change ----------------------------------------------------------------------------------------------------------
check "everything that follows is up to date" 200 '"validate"' GET /consumers
check "a view is built again at any time" 202 'customer-total|rebuild|building' POST /views/customer-total/rebuild
check "… and says the same" 200 '"total": *5,' GET '/views/customer-total/a-customer?consistency=strong'
check "a stream is deleted" 200 '.' DELETE /streams/orders/2
check "… and is gone" 410 'gone|deleted' GET /streams/orders/2
for _ in $(seq 200); do
  if [ -s "$folder/received" ]; then break; fi
  sleep 0.1
done
if [ "$(cat "$folder/received")" = "confirmed 1" ]; then
  echo "ok         the webhook was told once, of the order that was confirmed"
else
  echo "WRONG      the webhook was told: $(cat "$folder/received")"
  exit 1
fi
echo "all is as it should be"
