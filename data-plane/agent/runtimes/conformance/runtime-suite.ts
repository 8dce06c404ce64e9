/**
 * What every runtime has to do, whatever it runs instances with. Tests of abilities that a host may lack are in `host-suite.ts`.
 *
 * Programs are POSIX shell scripts given as one argument: shells are everywhere, and show signals, descriptors and environment as they are.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogLine } from "../rules/log-record.ts";
import type { ExecSession, ExecSpec, LogQuery, Runtime, RuntimeSpec } from "../runtime.ts";
import { makeTestImage } from "./test-image.ts";

export type Isolation = "process" | "container";

export interface World {
  readonly directory: string;
  /** The release, as its instances see it. */
  readonly root: string;
  /** A folder of the host, and where instances find it. */
  readonly shared: { readonly outside: string; readonly inside: string };
  readonly runtime: Runtime & { close(): void };
  /** A specification with a fresh id. */
  spec(script: string, more?: Partial<RuntimeSpec>): RuntimeSpec;
  /** Creates and starts. */
  run(script: string, more?: Partial<RuntimeSpec>): Promise<string>;
  lines(id: string, query?: LogQuery): Promise<readonly string[]>;
  /** Waits until a line holds `text`. */
  seen(id: string, text: string): Promise<string>;
}

let ids = 0;

export function makeWorld(
  open: (directory: string) => Runtime & { close(): void },
  isolation: Isolation = "process",
): World {
  const directory = mkdtempSync(join(tmpdir(), "biplane-runtime-"));
  // Instances with users of their own pass through it.
  chmodSync(directory, 0o711);
  const release = join(directory, "release");
  mkdirSync(release);
  const outside = join(directory, "shared");
  mkdirSync(outside);
  const contained = isolation === "container";
  if (contained) makeTestImage(release);
  const shared = { outside, inside: contained ? "/shared" : outside };
  const runtime = open(join(directory, "state"));
  const spec = (script: string, more: Partial<RuntimeSpec> = {}): RuntimeSpec => {
    ids += 1;
    const instanceId = `i${ids}`;
    return {
      instanceId,
      isolation,
      argv: ["/bin/sh", "-c", script],
      env: {},
      cwd: "",
      rootDirectory: release,
      scratchDirectory: join(directory, "scratch", instanceId),
      ports: {},
      mounts: contained ? [{ source: outside, target: shared.inside, readOnly: false }] : [],
      stopSignal: "SIGTERM",
      graceMs: 5_000,
      logs: { bytesMax: 1024 * 1024 },
      ...more,
    };
  };
  return {
    directory,
    root: contained ? "/" : release,
    shared,
    runtime,
    spec,
    async run(script, more) {
      const made = spec(script, more);
      await runtime.create(made);
      await runtime.start(made.instanceId);
      return made.instanceId;
    },
    lines: async (id, query) => (await collect(runtime.logs(id, query))).map(textOf),
    async seen(id, text) {
      for await (const line of runtime.logs(id, { follow: true })) if (textOf(line).includes(text)) return textOf(line);
      throw new Error(`the run ended without a line that holds ${text}`);
    },
  };
}

export const textOf = (line: LogLine): string => new TextDecoder().decode(line.bytes);

export async function collect<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  return Array.fromAsync(items);
}

export async function destroyAll({ runtime, directory }: World): Promise<void> {
  for (const { instanceId } of await runtime.adopt()) await runtime.destroy(instanceId);
  runtime.close();
  rmSync(directory, { recursive: true, force: true });
}

export async function output(
  session: ExecSession,
): Promise<{ out: string; err: string; code?: number; signal?: string }> {
  const [out, err, exit] = await Promise.all([
    new Response(session.stdout).text(),
    new Response(session.stderr).text(),
    session.exited,
  ]);
  return { out, err, ...exit };
}

/** Like `output`, for those who want to know what it has said while it runs. */
export function hear(session: ExecSession): {
  /** What it has said so far. */
  out(): string;
  readonly done: ReturnType<typeof output>;
} {
  let out = "";
  const decoder = new TextDecoder();
  const listen = async (): Promise<string> => {
    for await (const bytes of session.stdout) out += decoder.decode(bytes, { stream: true });
    return out;
  };
  const done = Promise.all([listen(), new Response(session.stderr).text(), session.exited]);
  return { out: () => out, done: done.then(([said, err, exit]) => ({ out: said, err, ...exit })) };
}

/** Whether any process of the host has this among its arguments. */
function isRunning(argument: string): boolean {
  return readdirSync("/proc").some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(argument);
    } catch {
      return false;
    }
  });
}

export function describeRuntime(
  name: string,
  open: (directory: string) => Runtime & { close(): void },
  isolation: Isolation = "process",
): void {
  const contained = isolation === "container";
  describe(`${name}: instances`, () => {
    let world: World;
    beforeAll(() => {
      world = makeWorld(open, isolation);
    });
    afterAll(() => destroyAll(world));

    test("probe() says what was measured, and why not where it was not", async () => {
      const capabilities = await world.runtime.probe();
      expect(capabilities.runs).toEqual({ usable: true });
      for (const measured of Object.values(capabilities)) {
        if (typeof measured === "object" && !measured.usable) expect(measured.reason.length).toBeGreaterThan(10);
      }
    });

    test("start() runs the program, which ends with its own code", async () => {
      const id = await world.run("echo out; echo err >&2; exit 3");
      expect(await world.runtime.wait(id)).toMatchObject({ run: 1, reason: "crash", code: 3 });
      const lines = await collect(world.runtime.logs(id));
      expect(lines.map((line) => [line.stream, textOf(line)]).sort()).toEqual([
        ["stderr", "err"],
        ["stdout", "out"],
      ]);
      expect(await world.runtime.status(id)).toMatchObject({ phase: "exited", run: 1, exit: { code: 3 } });
    });

    test("a program that ends with 0 has completed; one that a signal ends has crashed", async () => {
      expect(await world.runtime.wait(await world.run("exit 0"))).toMatchObject({ reason: "completed", code: 0 });
      // The first process of a container hears no signals of its own that would end it (pid_namespaces(7)).
      if (contained) return;
      const exit = await world.runtime.wait(await world.run("kill -SEGV $$"));
      expect(exit).toMatchObject({ reason: "crash", signal: "SIGSEGV" });
      expect(exit.code).toBeUndefined();
    });

    test("start() again is another run of the same instance; its log goes on", async () => {
      const id = await world.run("echo one more");
      await world.runtime.wait(id);
      await world.runtime.start(id);
      expect(await world.runtime.wait(id)).toMatchObject({ run: 2, reason: "completed" });
      expect(await world.lines(id)).toEqual(["one more", "one more"]);
    });

    test("start() of what runs is refused", async () => {
      const id = await world.run("exec sleep 60");
      await expect(world.runtime.start(id)).rejects.toMatchObject({ code: "AlreadyRunning" });
      await world.runtime.destroy(id);
    });

    test("start() says why a program cannot be executed", async () => {
      for (const [program, why] of [
        ["/no/such", "ENOENT"],
        ["no-such-program", "ENOENT"],
        ["/etc/passwd", "EACCES"],
        ["/tmp", "EACCES"],
      ] as const) {
        const spec = world.spec("", { argv: [program] });
        await world.runtime.create(spec);
        const failure = await world.runtime.start(spec.instanceId).catch((error: Error) => error);
        expect(failure).toMatchObject({ code: "StartFailed", message: expect.stringContaining(why) });
        expect(await world.runtime.status(spec.instanceId)).toMatchObject({
          phase: "exited",
          exit: { reason: "start_failed" },
        });
      }
    });

    test("stop() sends the stop signal, and the program may end by itself", async () => {
      const id = await world.run("trap 'echo bye; exit 7' USR1; echo ready; while :; do sleep 0.02; done", {
        stopSignal: "SIGUSR1",
      });
      await world.seen(id, "ready");
      await world.runtime.stop(id);
      expect(await world.runtime.wait(id)).toMatchObject({ reason: "terminated_by_operator", code: 7 });
      expect(await world.lines(id)).toContain("bye");
    });

    test("stop() kills what does not end within the grace", async () => {
      const id = await world.run("trap '' TERM; echo ready; while :; do sleep 0.02; done");
      await world.seen(id, "ready");
      await world.runtime.stop(id, 50);
      expect(await world.runtime.wait(id)).toMatchObject({ reason: "killed_after_grace", signal: "SIGKILL" });
    });

    test("signal() reaches the program", async () => {
      const id = await world.run("trap 'echo got it; exit 0' HUP; echo ready; while :; do sleep 0.02; done");
      await world.seen(id, "ready");
      await world.runtime.signal(id, "SIGHUP");
      expect(await world.runtime.wait(id)).toMatchObject({ reason: "completed" });
      await expect(world.runtime.signal(id, "SIGHUP")).rejects.toMatchObject({ code: "NotRunning" });
    });

    test("the environment holds what was given and what we add, and nothing of the agent's", async () => {
      process.env.BIPLANE_TEST_CANARY = "of the agent";
      const id = await world.run("env", { env: { MINE: "a=b ü" }, ports: { web: 1234, "side-car": 99 } });
      await world.runtime.wait(id);
      delete process.env.BIPLANE_TEST_CANARY;
      const names = (await world.lines(id))
        .filter((line) => !/^(PWD|OLDPWD|SHLVL|_)=/.test(line))
        .map((line) => line.split("=", 1)[0])
        .sort();
      expect(names).toEqual([
        "BIPLANE_INSTANCE_ID",
        "BIPLANE_INSTANCE_TOKEN",
        "HOME",
        "MINE",
        "PATH",
        "PORT",
        "PORT_SIDE_CAR",
        "PORT_WEB",
        "TMPDIR",
      ]);
      expect(await world.lines(id)).toEqual(expect.arrayContaining(["MINE=a=b ü", "PORT=1234", "PORT_SIDE_CAR=99"]));
    });

    test("the program has three descriptors, no ignored signals, its folder and a careful umask", async () => {
      const id = await world.run(
        "pwd; umask; [ -p /dev/stdout ] && echo pipe; exec grep -E 'SigIgn|SigBlk' /proc/self/status",
      );
      await world.runtime.wait(id);
      const [folder, umask, pipe, blocked, ignored] = await world.lines(id);
      // A shell blocks signals now and then, hence the exec at the end.
      expect([blocked, ignored].join()).toMatch(/^SigBlk:\t0+,SigIgn:\t0+$/);
      expect(folder).toBe(world.root);
      expect(umask).toBe(contained ? "0022" : "0027");
      expect(pipe).toBe("pipe");
      // The fourth is the folder that ls reads.
      const list = await world.run("", { argv: ["ls", "/proc/self/fd"] });
      await world.runtime.wait(list);
      expect(await world.lines(list)).toEqual(["0", "1", "2", "3"]);
    });

    test("hostile arguments and variables are refused, with the field", async () => {
      const refused = async (more: Partial<RuntimeSpec>): Promise<string> => {
        const failure = await world.runtime.create(world.spec("", more)).catch((error: Error) => error);
        expect(failure).toMatchObject({ code: "InvalidSpec" });
        return (failure as Error).message;
      };
      expect(await refused({ argv: ["a\0b"] })).toContain("argv[0]: must not hold a NUL");
      expect(await refused({ argv: ["a", "\ud800"] })).toContain("argv[1]: must be well-formed Unicode");
      expect(await refused({ argv: ["a".repeat(200_000)] })).toContain("argv[0]: must be at most 131071");
      expect(await refused({ argv: [] })).toContain("argv: must begin");
      expect(await refused({ argv: Array(20).fill("a".repeat(100_000)) })).toContain(
        "argv: with env must be at most 1048576",
      );
      expect(await refused({ env: { "A=B": "" } })).toContain("env:");
      expect(await refused({ env: { A: "x\0" } })).toContain("env.A: must not hold a NUL");
      expect(await refused({ env: { BIPLANE_INSTANCE_ID: "x" } })).toContain("set by Biplane");
      expect(await refused({ instanceId: "../x" })).toContain("instanceId");
      expect(await refused({ cwd: "../.." })).toContain("cwd");
      expect(await refused({ rootDirectory: "/no/such" })).toContain("rootDirectory");
      expect(await refused({ ports: { a: 0 } })).toContain("ports.a");
    });

    test("a megabyte of arguments arrives whole", async () => {
      const argument = "x".repeat(131_000);
      const id = await world.run("", { argv: ["/bin/sh", "-c", "echo $# ${#7}", "sh", ...Array(7).fill(argument)] });
      await world.runtime.wait(id);
      expect(await world.lines(id)).toEqual(["7 131000"]);
    });

    test("isolation that the runtime does not offer is refused, never weakened", async () => {
      await expect(world.runtime.create(world.spec("", { isolation: "microvm" }))).rejects.toMatchObject({
        code: "NoNodeWithIsolation",
      });
    });

    test("the same create() is harmless; another under the same id is refused", async () => {
      const spec = world.spec("exit 0");
      await world.runtime.create(spec);
      await world.runtime.create(spec);
      await expect(world.runtime.create({ ...spec, env: { A: "1" } })).rejects.toMatchObject({ code: "SpecConflict" });
      expect(await world.runtime.status(spec.instanceId)).toMatchObject({ phase: "created", run: 0 });
      await expect(world.runtime.wait(spec.instanceId)).rejects.toMatchObject({ code: "NeverStarted" });
    });

    test("secrets are a file that only its owner reads, and are gone with the instance", async () => {
      const secrets = Buffer.from("# TRC_SECRETS_V1\nPASSWORD=canary\n");
      const id = await world.run(
        'stat -c "%a" "$BIPLANE_SECRETS_FILE"; tail -1 "$BIPLANE_SECRETS_FILE"; echo "$BIPLANE_SECRETS_FILE"',
        { secrets },
      );
      await world.runtime.wait(id);
      const [mode, content, path] = await world.lines(id);
      expect([mode, content]).toEqual(["400", "PASSWORD=canary"]);
      await world.runtime.destroy(id);
      expect(await Bun.file(path!).exists()).toBe(false);
    });

    test("everything ends with the main process, also what has daemonised itself", async () => {
      const id = await world.run(
        "(setsid sh -c 'env -i /bin/setsid /bin/sleep 424242 & echo daemon $!; exit' &) ; sleep 0.3; echo go; sleep 0.3; exit 0",
      );
      await world.seen(id, "go");
      expect(isRunning("424242")).toBe(true);
      await world.runtime.wait(id);
      expect(isRunning("424242")).toBe(false);
    });

    test("orphans that end leave no zombies while the instance runs", async () => {
      const id = await world.run("for i in 1 2 3 4 5; do (sleep 0.05 &) ; done; sleep 0.4; echo ready; exec sleep 60");
      await world.seen(id, "ready");
      expect((await world.runtime.stats(id)).processes).toBe(1);
      const pid = (await world.runtime.status(id)).pid!;
      const parent = (await Bun.file(`/proc/${pid}/stat`).text()).split(" ")[3]!;
      const children = (await Bun.file(`/proc/${parent}/task/${parent}/children`).text()).trim();
      expect(children).toBe(String(pid));
      await world.runtime.destroy(id);
    });

    test("stats() counts all processes of the instance", async () => {
      const id = await world.run(
        "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; sleep 60 & sleep 60 & echo ready; wait",
      );
      await world.seen(id, "ready");
      const stats = await world.runtime.stats(id);
      expect(stats.processes).toBe(3);
      expect(stats.cpuMicros).toBeGreaterThan(10_000);
      expect(stats.memoryBytes).toBeGreaterThan(100_000);
      await world.runtime.destroy(id);
      await expect(world.runtime.stats(id)).rejects.toMatchObject({ code: "NoSuchInstance" });
    });

    test("destroy() of what runs, of what is gone, of what never was", async () => {
      const id = await world.run("exec sleep 60");
      const { pid } = await world.runtime.status(id);
      await world.runtime.destroy(id);
      await world.runtime.destroy(id);
      await world.runtime.destroy("never-was");
      expect(await Bun.file(`/proc/${pid}/stat`).exists()).toBe(false);
    });
  });

  describe(`${name}: logs`, () => {
    let world: World;
    beforeAll(() => {
      world = makeWorld(open, isolation);
    });
    afterAll(() => destroyAll(world));

    test("logs() follows until the run ends", async () => {
      const id = await world.run("for i in 1 2 3 4 5; do echo line $i; sleep 0.05; done");
      expect(await world.lines(id, { follow: true })).toEqual([1, 2, 3, 4, 5].map((n) => `line ${n}`));
    });

    test("tail and since choose lines; follow goes on after the tail", async () => {
      const id = await world.run("seq 1 1000; sleep 0.3; echo last");
      await world.seen(id, "1000");
      expect(await world.lines(id, { tail: 2, follow: true })).toEqual(["999", "1000", "last"]);
      const time = (await collect(world.runtime.logs(id))).at(-1)!.time;
      expect(await world.lines(id, { since: time })).toEqual(["last"]);
      expect(await world.lines(id, { tail: 0 })).toEqual([]);
    });

    test("an abort ends a follow", async () => {
      const id = await world.run("echo hello; exec sleep 60");
      const aborted = new AbortController();
      const lines: string[] = [];
      for await (const line of world.runtime.logs(id, { follow: true, signal: aborted.signal })) {
        lines.push(textOf(line));
        setTimeout(() => aborted.abort(), 5);
      }
      expect(lines).toEqual(["hello"]);
      await world.runtime.destroy(id);
    });

    test("long lines are cut at 16 KiB and say how much is missing; bytes that are no text stay as they are", async () => {
      const id = await world.run(
        "head -c 100000 /dev/zero | tr '\\0' x; echo; printf 'a\\377\\000b\\r\\n'; printf 'no end'",
      );
      await world.runtime.wait(id);
      const lines = await collect(world.runtime.logs(id));
      expect(lines[0]).toMatchObject({ truncated: true, droppedBytes: 100_000 - 16_384 });
      expect(lines[0]?.bytes.length).toBe(16_384);
      expect([...lines[1]!.bytes]).toEqual([0x61, 0xff, 0, 0x62]);
      expect(textOf(lines[2]!)).toBe("no end");
    });

    test("100 MB of output: the files stay within their bound, the last lines are there, the loss is counted", async () => {
      const id = await world.run(
        "yes 0123456789012345678901234567890123456789012345678 | head -n 2000000; echo the end",
        { logs: { bytesMax: 2_000_000 } },
      );
      expect(await world.runtime.wait(id)).toMatchObject({ reason: "completed" });
      expect((await world.lines(id, { tail: 1 }))[0]).toBe("the end");
      const lines = await world.lines(id);
      const { rotatedLines, unwrittenLines } = await world.runtime.logLoss(id);
      expect(rotatedLines + lines.length).toBe(2_000_001);
      expect(unwrittenLines).toBe(0);
    }, 60_000);
  });

  describe(`${name}: exec`, () => {
    let world: World;
    let id: string;
    beforeAll(async () => {
      world = makeWorld(open, isolation);
      id = await world.run("echo ready; exec sleep 600", { env: { MINE: "yes" }, secrets: Buffer.from("S=1") });
      await world.seen(id, "ready");
    });
    afterAll(() => destroyAll(world));
    const exec = (spec: Partial<ExecSpec> & { script: string }): Promise<ExecSession> =>
      world.runtime.exec(id, { argv: ["/bin/sh", "-c", spec.script], ...spec });

    test("output, error output and exit code", async () => {
      expect(await output(await exec({ script: "echo out; echo err >&2; exit 42" }))).toEqual({
        out: "out\n",
        err: "err\n",
        code: 42,
      });
    });

    test("environment, folder and secrets of the instance, and what is added", async () => {
      const session = await exec({
        script: 'echo $MINE $MORE; pwd; cat "$BIPLANE_SECRETS_FILE"',
        env: { MORE: "too" },
      });
      expect((await output(session)).out).toBe(`yes too\n${world.root}\nS=1`);
      expect((await output(await exec({ script: "pwd", cwd: "/" }))).out).toBe("/\n");
    });

    test("standard input, to its end", async () => {
      const session = await exec({ script: "cat | wc -c" });
      const done = output(session);
      for (let part = 0; part < 40; part += 1) await session.write(new Uint8Array(100_000));
      session.closeInput();
      expect(await done).toMatchObject({ out: "4000000\n", code: 0 });
    });

    test("ten megabytes of output arrive whole", async () => {
      expect((await output(await exec({ script: "yes | head -c 10000000" }))).out.length).toBe(10_000_000);
    });

    test("signals: to the command and what it waits for", async () => {
      const session = await exec({ script: "echo ready; sleep 600; exit 9" });
      await session.stdout.getReader().read();
      session.signal("SIGTERM");
      expect(await session.exited).toMatchObject({ signal: "SIGTERM" });
    });

    test("a program that is not there", async () => {
      const session = await world.runtime.exec(id, { argv: ["no-such-program"] });
      await expect(session.exited).rejects.toMatchObject({
        code: "ExecFailed",
        message: expect.stringContaining("ENOENT"),
      });
    });

    test("what it leaves in the background does not hold up its end", async () => {
      expect(await output(await exec({ script: "sleep 600 & echo done" }))).toMatchObject({ out: "done\n", code: 0 });
    });

    test("a client that goes away: the command hears a hang-up", async () => {
      const file = join(world.shared.outside, "hung-up");
      const session = await exec({
        script: `trap 'echo yes > ${join(world.shared.inside, "hung-up")}; exit' HUP; echo ready; while :; do sleep 0.02; done`,
      });
      const reader = session.stdout.getReader();
      await reader.read();
      session.close();
      while (!(await Bun.file(file).exists())) await Bun.sleep(10);
    });

    test("many at once", async () => {
      const outputs = await Promise.all(
        Array.from({ length: 8 }, async (_, n) => (await output(await exec({ script: `echo ${n}` }))).out),
      );
      expect(outputs).toEqual(Array.from({ length: 8 }, (_, n) => `${n}\n`));
    });

    test("hostile arguments are refused; so is a command in what does not run", async () => {
      await expect(world.runtime.exec(id, { argv: ["a\0"] })).rejects.toMatchObject({ code: "InvalidSpec" });
      const spec = world.spec("exit 0");
      await world.runtime.create(spec);
      await expect(world.runtime.exec(spec.instanceId, { argv: ["true"] })).rejects.toMatchObject({
        code: "NotRunning",
      });
    });

    test("the end of the instance ends the command", async () => {
      const other = await world.run("exec sleep 600");
      const session = await world.runtime.exec(other, { argv: ["/bin/sh", "-c", "echo ready; exec sleep 600"] });
      // Before it runs, what is told is that it could not be started.
      await session.stdout.getReader().read();
      await world.runtime.stop(other, 0);
      const end = await session.exited.then(
        (exit) => exit.signal,
        (error: { readonly code: string }) => error.code,
      );
      expect(["InstanceLost", "SIGKILL"]).toContain(end ?? "a code");
    });
  });
}
