# Sourced by the launchers. Leaves $BUN pointing at a Bun that runs, installing what is missing first.
# Expects $ROOT (the clone). Prints to stderr only, so that `biplane env` can be evaluated by a shell.
STAMP="$ROOT/node_modules/.biplane-installed"
BUN="$ROOT/node_modules/bun/bin/bun.exe"

if [ ! -f "$STAMP" ] || [ "$ROOT/package-lock.json" -nt "$STAMP" ]; then
  command -v npm >/dev/null 2>&1 || { echo "biplane: npm is needed for the first start (Node.js 18 or later); it was not found on PATH." >&2; exit 1; }
  echo "biplane: installing dependencies (first start only) ..." >&2
  (cd "$ROOT" && npm ci --no-audit --no-fund --loglevel=error >&2) || { echo "biplane: npm ci failed; see the lines above." >&2; exit 1; }
  # npm may be told not to run install scripts; Bun's is the one we cannot do without.
  if ! "$BUN" --version >/dev/null 2>&1; then
    (cd "$ROOT/node_modules/bun" && node install.js >&2) || { echo "biplane: Bun could not be set up for this platform." >&2; exit 1; }
  fi
  mkdir -p "$ROOT/node_modules/.bin"
  ln -sf ../../biplane "$ROOT/node_modules/.bin/biplane"
  touch "$STAMP"
fi
