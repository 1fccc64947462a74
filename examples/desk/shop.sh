#!/bin/sh
# The shop: a file for each order. Reads {"order":"1042"} from standard input and prints the order, whatever is asked of it.
set -eu
order=$(tr -dc '0-9')
file="orders/$order.json"
[ -f "$file" ] || { echo "there is no order $order" >&2; exit 4; }
if [ "$HANDFAST_TOOL" = cancel ]; then
  # Written beside and moved: a reader sees the one or the other.
  sed 's/"status": "open"/"status": "cancelled"/' "$file" > "$file.new"
  mv "$file.new" "$file"
fi
cat "$file"
