#!/bin/sh
echo "$1: I am $THUBAN_CONTAINER"
while read -r _ target type options _; do
  [ "$target" = / ] && echo "my root is a $type, mounted ${options%%,*}"
done < /proc/mounts
exit 0
