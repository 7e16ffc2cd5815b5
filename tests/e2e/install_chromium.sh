#!/bin/sh
# Makes sure that there is a Chromium for tests/e2e/test_cors.py: a browser is the judge of what a page may do.
set -eu
for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [ -n "$name" ] && command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" -eq 0 ]; then as_root=; elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root=sudo; else as_root=none; fi
if [ "$as_root" != none ] && command -v apt-get >/dev/null; then
    echo "installing Debian's package chromium"
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends chromium >/dev/null
    exit 0
fi
echo "The tests need Chromium or Chrome: install it (apt-get install chromium), or name its program in CHROMIUM." >&2
exit 1
