/** Starts that find the lock file changed: with an `npm` that says when it begins and whether another was at work, and installs a Bun of three lines. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../tests/support/until.ts";

const LAUNCHER = `#!/bin/sh
ROOT=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
. "$ROOT/scripts/install-missing.sh"
exec "$BUN" "$@"
`;
/** Works until the file \`go\` is there. */
const NPM = `#!/bin/sh
if mkdir busy 2>/dev/null; then echo "npm $1" >> npm.log; else echo overlap >> npm.log; fi
while ! [ -e go ]; do sleep 0.05; done
mkdir -p node_modules/bun/bin
printf '#!/bin/sh\necho "bun $*"\n' > node_modules/bun/bin/bun.exe
chmod +x node_modules/bun/bin/bun.exe
rmdir busy
`;

/** Those that wait look every second: so long nobody else may begin. */
const NOBODY_ELSE_MS = 1_500;

let root: string;
const at = (path: string) => join(root, path);
const program = (path: string, text: string) => {
  writeFileSync(at(path), text);
  chmodSync(at(path), 0o755);
};
const go = () => writeFileSync(at("go"), "");
const npmLog = () => (existsSync(at("npm.log")) ? readFileSync(at("npm.log"), "utf8").trimEnd().split("\n") : []);
const launch = (env: Readonly<Record<string, string>> = {}) =>
  Bun.spawn([at("scripts/launcher"), "hello"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PATH: `${at("bin")}:${process.env.PATH}`, ...env },
  });
const printed = async (child: ReturnType<typeof launch>) => {
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, err, code };
};
/** The id of a process that is no more. */
const deadPid = async (): Promise<number> => {
  const child = Bun.spawn(["true"]);
  await child.exited;
  return child.pid;
};
const leaveLock = (holder: string) => {
  mkdirSync(at(".installing"));
  writeFileSync(at(".installing/holder"), holder);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "biplane-install-"));
  for (const directory of ["bin", "scripts"]) mkdirSync(at(directory));
  copyFileSync(join(import.meta.dir, "install-missing.sh"), at("scripts/install-missing.sh"));
  program("scripts/launcher", LAUNCHER);
  program("bin/npm", NPM);
  writeFileSync(at("package-lock.json"), "{}");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("installing what is missing", () => {
  test("is done once by starts at the same time; the others wait, and find nothing to do", async () => {
    const starts = Array.from({ length: 5 }, () => launch());
    await until("npm has begun", () => npmLog().length > 0);
    go();
    for (const answer of await Promise.all(starts.map(printed))) {
      expect([answer.code, answer.out]).toEqual([0, "bun hello\n"]);
    }
    expect(npmLog()).toEqual(["npm ci"]);
    expect(existsSync(at(".installing"))).toBe(false);
    expect(await printed(launch())).toMatchObject({ out: "bun hello\n", err: "" });
    expect(npmLog()).toEqual(["npm ci"]);
  });

  test("goes on after a start that was killed; one of those that wait takes its place", async () => {
    leaveLock(String(await deadPid()));
    // Whoever would remove the lock does so late, when another has it.
    program("bin/rm", `#!/bin/sh\nsleep 0.$(($$ % 9))\nexec "${Bun.which("rm")}" "$@"\n`);
    const starts = Array.from({ length: 8 }, () => launch());
    await until("npm has begun", () => npmLog().length > 0);
    await Bun.sleep(NOBODY_ELSE_MS);
    go();
    for (const { code } of await Promise.all(starts.map(printed))) expect(code).toBe(0);
    expect(npmLog()).toEqual(["npm ci"]);
  });

  test("waits for the npm of a start that was killed", async () => {
    const killed = launch();
    await until("npm has begun", () => npmLog().length > 0);
    const npm = Number(readFileSync(at(".installing/npm"), "utf8"));
    killed.kill("SIGKILL");
    await killed.exited;
    const next = launch();
    const stays = printed(next);
    expect(await Promise.race([stays, Bun.sleep(NOBODY_ELSE_MS)])).toBeUndefined();
    expect(npmLog()).toEqual(["npm ci"]);
    process.kill(npm, 0);
    go();
    expect(await stays).toMatchObject({ code: 0, out: "bun hello\n" });
    // Whether the first one came to its end nobody has seen.
    expect(npmLog()).toEqual(["npm ci", "npm ci"]);
  });

  test("is given up when it takes others too long, with what to do", async () => {
    leaveLock(String(process.pid));
    const { code, err } = await printed(launch({ BIPLANE_INSTALL_WAIT_SECONDS: "1" }));
    expect(code).toBe(1);
    expect(err).toContain(`If none is running, remove ${at(".installing")}`);
    expect(readFileSync(at(".installing/holder"), "utf8")).toBe(String(process.pid));
  });

  test("that fails says so, and leaves the next one free to try", async () => {
    program("bin/npm", "#!/bin/sh\nexit 3\n");
    expect(await printed(launch())).toMatchObject({ code: 1, err: expect.stringContaining("npm ci failed") });
    expect(existsSync(at(".installing"))).toBe(false);
  });
});
