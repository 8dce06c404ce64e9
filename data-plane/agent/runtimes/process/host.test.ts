/** What the process runtime does with the abilities of this host, and without them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { skipUnless } from "../../../../tests/support/skips.ts";
import { until } from "../../../../tests/support/until.ts";
import { collect, destroyAll, hear, makeWorld, output, textOf, type World } from "../conformance/runtime-suite.ts";
import { membersOf } from "./control-group.ts";
import { instanceFiles } from "./instance-files.ts";
import { probeHost } from "./probe.ts";
import { openProcessRuntime } from "./process-runtime.ts";
import { isAlive } from "./process-table.ts";

const { capabilities } = await probeHost({
  stateDirectory: tmpdir(),
  command: [process.execPath, join(import.meta.dir, "instance-process.main.ts")],
  cgroupParent: undefined,
  secretsInMemory: true,
});
const needs = (name: "mountNamespace" | "userSwitch" | "atomicKill" | "memoryHardCap" | "pty") => {
  const measured = capabilities[name];
  return skipUnless(measured.usable, measured.usable ? "" : measured.reason);
};
const MIB = 1024 * 1024;

for (const [name, options] of [
  ["as the host has them", {}],
  ["without groups and namespaces", { cgroupParent: "none", mountNamespace: false }],
] as const) {
  describe(`limits, ${name}`, () => {
    let world: World;
    beforeAll(() => {
      world = makeWorld((directory) => openProcessRuntime({ stateDirectory: directory, ...options }));
    });
    afterAll(() => destroyAll(world));

    test("more memory than allowed, in one process: oom_killed", async () => {
      const id = await world.run("", {
        argv: [
          process.execPath,
          "-e",
          "const all = []; for (;;) { all.push(Buffer.alloc(8 << 20, 1)); await Bun.sleep(5); }",
        ],
        memoryLimitBytes: 128 * MIB,
      });
      expect(await world.runtime.wait(id)).toMatchObject({ reason: "oom_killed" });
    });

    test("more memory than allowed, spread over children: oom_killed", async () => {
      const grow = "head -c 30000000 /dev/zero | tail -c 29999999 | sleep 60 &";
      const id = await world.run(`${grow} ${grow} ${grow} ${grow} wait`, { memoryLimitBytes: 64 * MIB });
      expect(await world.runtime.wait(id)).toMatchObject({ reason: "oom_killed" });
    });

    test("memory within the limit is left alone", async () => {
      const id = await world.run("head -c 20000000 /dev/zero | tail -c 19999999 | wc -c; sleep 0.3", {
        memoryLimitBytes: 128 * MIB,
      });
      expect(await world.runtime.wait(id)).toMatchObject({ reason: "completed" });
    });

    test("a fork bomb ends, and leaves nothing", async () => {
      // Doubles every time, to 4,096 at the most: even if the limit did not work the machine would live.
      const id = await world.run("n() { [ $1 -gt 0 ] && { n $(($1-1)) & n $(($1-1)) & wait; sleep 60; }; }; n 11", {
        processesMax: 64,
      });
      const supervisor = instanceFiles(join(world.directory, "state/instances", id))
        .run(1)
        .claimant()!;
      const exit = await world.runtime.wait(id);
      expect(capabilities.processHardCap.usable ? "process_limit" : exit.reason).toBe("process_limit");
      expect(isAlive(supervisor) && Bun.file(`/proc/${supervisor.pid}/task/${supervisor.pid}/children`).size > 0).toBe(
        false,
      );
    });

    test("a supervisor that is killed: what is left is killed, and the run has an end", async () => {
      const id = await world.run("(setsid sleep 600 &); echo ready; exec sleep 600");
      await world.seen(id, "ready");
      const run = instanceFiles(join(world.directory, "state/instances", id)).run(1);
      const ended = world.runtime.wait(id);
      process.kill(run.claimant()!.pid, "SIGKILL");
      expect(await ended).toMatchObject({ run: 1, reason: "supervisor_lost" });
      expect(isAlive(run.started()!.program)).toBe(false);
      await world.runtime.start(id);
      expect(await world.runtime.status(id)).toMatchObject({ phase: "running", run: 2 });
      await world.runtime.destroy(id);
    });
  });
}

describe("the host", () => {
  let world: World;
  beforeAll(() => {
    world = makeWorld((directory) => openProcessRuntime({ stateDirectory: directory }));
  });
  afterAll(() => destroyAll(world));

  needs("mountNamespace")("the release is read-only, the scratch directory is not", async () => {
    const id = await world.run('echo x > here || echo refused; echo x > "$HOME/there" && echo written');
    await world.runtime.wait(id);
    expect((await world.lines(id)).slice(-2)).toEqual(["refused", "written"]);
  });

  needs("mountNamespace")("mounts are there, read-only where asked; commands see them too", async () => {
    const source = join(world.directory, "volume");
    mkdirSync(source, { recursive: true });
    writeFileSync(join(source, "file"), "content");
    const spec = world.spec('cat "$HOME/data/file"; echo x > "$HOME/data/new" || echo refused; exec sleep 60');
    const mounts = [{ source, target: join(spec.scratchDirectory, "data"), readOnly: true }];
    await world.runtime.create({ ...spec, mounts });
    await world.runtime.start(spec.instanceId);
    await world.seen(spec.instanceId, "refused");
    const session = await world.runtime.exec(spec.instanceId, { argv: ["/bin/sh", "-c", 'cat "$HOME/data/file"'] });
    expect(await output(session)).toMatchObject({ out: "content", code: 0 });
    await world.runtime.destroy(spec.instanceId);
  });

  needs("mountNamespace")("an instance sees no other's secrets", async () => {
    const secrets = Buffer.from("A=1");
    const other = await world.run("exec sleep 60", { secrets });
    const id = await world.run('ls "$(dirname "$(dirname "$BIPLANE_SECRETS_FILE")")"', { secrets });
    await world.runtime.wait(id);
    expect(await world.lines(id)).toEqual([id]);
    await world.runtime.destroy(other);
  });

  needs("userSwitch")(
    "an instance runs as the user it was given, without other groups, and reads its own secrets",
    async () => {
      const id = await world.run(
        'id -u; id -G; cat "$BIPLANE_SECRETS_FILE"; echo; touch "$HOME/x" && echo written; grep NoNewPrivs /proc/$$/status',
        {
          user: { uid: 4242, gid: 4343 },
          secrets: Buffer.from("A=1"),
        },
      );
      await world.runtime.wait(id);
      expect(await world.lines(id)).toEqual(["4242", "4343", "A=1", "written", "NoNewPrivs:\t1"]);
    },
  );

  needs("pty")(
    "a command with a terminal: it sees one, of the size it was given, and learns of a new size",
    async () => {
      const id = await world.run("exec sleep 60");
      const session = await world.runtime.exec(id, {
        argv: ["/bin/sh", "-c", "tty > /dev/null && stty size; read line; stty size; exit 5"],
        tty: { columns: 100, rows: 30 },
      });
      const heard = hear(session);
      await until("it has said its size", () => heard.out().includes("\n"));
      // What is said to a session comes in order.
      session.resize(120, 40);
      await session.write(Buffer.from("go\r"));
      const { out, code } = await heard.done;
      expect(
        out
          .replaceAll("\r", "")
          .split("\n")
          .filter((line) => /^\d/.test(line)),
      ).toEqual(["30 100", "40 120"]);
      expect(code).toBe(5);
      await world.runtime.destroy(id);
    },
  );

  needs("pty")("Ctrl-C in a terminal interrupts; the end of the input ends a reader", async () => {
    const id = await world.run("exec sleep 60");
    const begin = async (program: string) => {
      const argv = ["/bin/sh", "-c", `echo ready; exec ${program}`];
      const session = await world.runtime.exec(id, { argv, tty: { columns: 80, rows: 24 } });
      const heard = hear(session);
      await until("it runs", () => heard.out().includes("ready"));
      return { session, heard };
    };
    const interrupted = await begin("sleep 60");
    await interrupted.session.write(Uint8Array.of(3));
    expect(await interrupted.heard.done).toMatchObject({ signal: "SIGINT" });
    const reader = await begin("cat");
    reader.session.closeInput();
    expect(await reader.heard.done).toMatchObject({ code: 0 });
    await world.runtime.destroy(id);
  });

  needs("atomicKill")(
    "program and commands are members of the run's control group, which goes with the run",
    async () => {
      const id = await world.run("exec sleep 60");
      const session = await world.runtime.exec(id, { argv: ["/bin/sh", "-c", "echo ready; exec sleep 60"] });
      await session.stdout.getReader().read();
      const group = instanceFiles(join(world.directory, "state/instances", id))
        .run(1)
        .plan()!.cgroup!;
      expect(membersOf(group.path).length).toBe(2);
      await world.runtime.stop(id);
      expect(membersOf(group.path)).toEqual([]);
      expect(await Bun.file(join(group.path, "cgroup.procs")).exists()).toBe(false);
    },
  );

  needs("memoryHardCap")("the kernel ends the whole instance when it is over its memory", async () => {
    const id = await world.run("sleep 60 & head -c 500000000 /dev/zero | tail -c 499999999 | wc -c; wait", {
      memoryLimitBytes: 64 * MIB,
    });
    expect(await world.runtime.wait(id)).toMatchObject({ reason: "oom_killed" });
  });

  test("no descriptor and no process of the agent is left over after twenty runs", async () => {
    const descriptors = async (): Promise<number> =>
      (await Array.fromAsync(new Bun.Glob("*").scan({ cwd: "/proc/self/fd", onlyFiles: false }))).length;
    const id = await world.run("echo hello");
    await world.runtime.wait(id);
    const before = await descriptors();
    for (let run = 0; run < 20; run += 1) {
      await world.runtime.start(id);
      await collect(world.runtime.logs(id, { follow: true }));
      await world.runtime.wait(id);
    }
    expect(await descriptors()).toBeLessThanOrEqual(before + 2);
    expect((await collect(world.runtime.logs(id))).every((line) => textOf(line) === "hello")).toBe(true);
  }, 30_000);
});
