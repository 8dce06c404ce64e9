# Sourced by the launchers. Leaves $BUN pointing at a Bun that runs, installing what is missing first.
# Expects $ROOT (the clone). Prints to stderr only, so that `biplane env` can be evaluated by a shell.
BUN="$ROOT/node_modules/bun/bin/bun.exe"
# A copy of the lock file that was installed: compared by content, because a checkout sets times as it likes.
INSTALLED="$ROOT/node_modules/.biplane-installed"
# Who installs, as a directory: `holder` is the launcher's process, `npm` that of its npm, which outlives a launcher that is killed.
LOCK="$ROOT/.installing"
# More than a slow network needs. A lock without a living holder is taken over at once; this is for what nobody can explain.
INSTALL_WAIT_SECONDS=${BIPLANE_INSTALL_WAIT_SECONDS:-900}

# Whether the process that a file names is there; of another user, too, where `kill` may not tell.
is_alive() {
  PID=$(cat "$1" 2>/dev/null) && [ -n "$PID" ] || return 1
  kill -0 "$PID" 2>/dev/null || [ -d "/proc/$PID" ] || ps -p "$PID" >/dev/null 2>&1
}

# Whether the lock was left behind. One that does not say whose it is has just been made, or its maker was killed that moment.
is_abandoned() {
  if [ -s "$LOCK/holder" ]; then ! is_alive "$LOCK/holder" && ! is_alive "$LOCK/npm"; else [ "$NAMELESS" -ge 5 ]; fi
}

# Makes an abandoned lock ours where it is. It is never removed by somebody who waits: between looking and removing, another could have taken it. Whoever
# makes `heir` is alone and looks again; the others find a living holder.
take_over() {
  mkdir "$LOCK/heir" 2>/dev/null || return 1
  TAKEN=1
  if is_abandoned; then echo $$ > "$LOCK/holder" && rm -f "$LOCK/npm" && TAKEN=0; fi
  rmdir "$LOCK/heir" 2>/dev/null || true
  return $TAKEN
}

if ! cmp -s "$ROOT/package-lock.json" "$INSTALLED"; then
  command -v npm >/dev/null 2>&1 || { echo "biplane: npm is needed for the first start (Node.js 18 or later); it was not found on PATH." >&2; exit 1; }
  # Two first starts at once must not install over each other: the second waits, and then finds nothing to do.
  OURS=
  WAITED=0
  NAMELESS=0
  while [ -z "$OURS" ] && ! cmp -s "$ROOT/package-lock.json" "$INSTALLED"; do
    if mkdir "$LOCK" 2>/dev/null; then
      echo $$ > "$LOCK/holder"
      OURS=1
    elif is_abandoned && take_over; then
      OURS=1
    elif [ "$WAITED" -ge "$INSTALL_WAIT_SECONDS" ]; then
      echo "biplane: another start has been installing dependencies for $WAITED s. If none is running, remove $LOCK and try again." >&2
      exit 1
    else
      if [ -s "$LOCK/holder" ]; then NAMELESS=0; else NAMELESS=$((NAMELESS + 1)); fi
      sleep 1
      WAITED=$((WAITED + 1))
    fi
  done
  if [ -n "$OURS" ]; then
    trap 'rm -rf "$LOCK"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    if ! cmp -s "$ROOT/package-lock.json" "$INSTALLED"; then
      echo "biplane: installing dependencies (first start only) ..." >&2
      (cd "$ROOT" && exec sh -c 'echo $$ > .installing/npm; exec npm ci --no-audit --no-fund --loglevel=error >&2') || { echo "biplane: npm ci failed; see the lines above." >&2; exit 1; }
      # npm may be told not to run install scripts; Bun's is the one we cannot do without.
      if ! "$BUN" --version >/dev/null 2>&1; then
        (cd "$ROOT/node_modules/bun" && node install.js >&2) || { echo "biplane: Bun could not be set up for this platform." >&2; exit 1; }
      fi
      mkdir -p "$ROOT/node_modules/.bin"
      ln -sf ../../biplane "$ROOT/node_modules/.bin/biplane"
      cp "$ROOT/package-lock.json" "$INSTALLED"
    fi
    rm -rf "$LOCK"
    trap - EXIT INT TERM
  fi
fi
