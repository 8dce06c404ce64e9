# Sourced by the launchers. Leaves $BUN pointing at a Bun that runs, installing what is missing first.
# Expects $ROOT (the clone). Prints to stderr only, so that `biplane env` can be evaluated by a shell.
BUN="$ROOT/node_modules/bun/bin/bun.exe"
# A copy of the lock file that was installed: compared by content, because a checkout sets times as it likes.
INSTALLED="$ROOT/node_modules/.biplane-installed"

if ! cmp -s "$ROOT/package-lock.json" "$INSTALLED"; then
  command -v npm >/dev/null 2>&1 || { echo "biplane: npm is needed for the first start (Node.js 18 or later); it was not found on PATH." >&2; exit 1; }
  # Two first starts at once must not install over each other.
  while ! mkdir "$ROOT/.installing" 2>/dev/null; do
    HOLDER=$(cat "$ROOT/.installing/pid" 2>/dev/null || true)
    if [ -n "$HOLDER" ] && ! kill -0 "$HOLDER" 2>/dev/null; then rm -rf "$ROOT/.installing"; else sleep 1; fi
  done
  echo $$ > "$ROOT/.installing/pid"
  trap 'rm -rf "$ROOT/.installing"' EXIT INT TERM
  if ! cmp -s "$ROOT/package-lock.json" "$INSTALLED"; then
    echo "biplane: installing dependencies (first start only) ..." >&2
    (cd "$ROOT" && npm ci --no-audit --no-fund --loglevel=error >&2) || { echo "biplane: npm ci failed; see the lines above." >&2; exit 1; }
    # npm may be told not to run install scripts; Bun's is the one we cannot do without.
    if ! "$BUN" --version >/dev/null 2>&1; then
      (cd "$ROOT/node_modules/bun" && node install.js >&2) || { echo "biplane: Bun could not be set up for this platform." >&2; exit 1; }
    fi
    mkdir -p "$ROOT/node_modules/.bin"
    ln -sf ../../biplane "$ROOT/node_modules/.bin/biplane"
    cp "$ROOT/package-lock.json" "$INSTALLED"
  fi
  rm -rf "$ROOT/.installing"
  trap - EXIT INT TERM
fi
