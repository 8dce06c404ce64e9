/** What keeps containers apart from the host and from one another. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { skipUnless } from "../../../../tests/support/skips.ts";
import { collect, destroyAll, makeWorld, output, textOf, type World } from "../conformance/runtime-suite.ts";
import { identityOf, isAlive } from "../process/process-table.ts";
import { openContainerRuntime } from "./container-runtime.ts";
import { imageUser } from "./image-user.ts";

const MIB = 1024 * 1024;
const scratch = mkdtempSync(join(tmpdir(), "biplane-probe-"));
const tried = openContainerRuntime({ stateDirectory: scratch });
const { runs } = await tried.probe();
tried.close();
rmSync(scratch, { recursive: true, force: true });

/** Mounts and control groups of the host that are ours. */
/** What the system still has of a container: mounts below its directory, control groups of its name. */
const leftovers = (directory: string, group: string): readonly string[] => [
  ...readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(directory)),
  ...["", ...readdirSync("/sys/fs/cgroup")].map((name) => join("/sys/fs/cgroup", name, group)).filter(existsSync),
];
/** The name of the group that a process is in, as runc was told it. */
const groupOf = (pid: number): string => /:(\/biplane-[^\n]+)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))![1]!;

if (!runs.usable) skipUnless(false, runs.reason)("containers: what keeps them apart", () => undefined);
else {
  describe("a container", () => {
    let world: World;
    beforeAll(() => {
      world = makeWorld((stateDirectory) => openContainerRuntime({ stateDirectory }), "container");
    });
    afterAll(() => destroyAll(world));
    const said = async (script: string, more: Parameters<World["run"]>[1] = {}): Promise<string> => {
      const id = await world.run(script, more);
      await world.runtime.wait(id);
      const lines = (await collect(world.runtime.logs(id))).map(textOf).join("\n");
      await world.runtime.destroy(id);
      return lines;
    };

    test("sees its own processes, its own name, and few of the host's files", async () => {
      const id = await world.run("ls / ; ls /proc | grep -c '^[0-9]'; cat /proc/sys/kernel/hostname; exec sleep 0.1");
      await world.runtime.wait(id);
      const lines = await world.lines(id);
      expect(lines).toContain(id);
      expect(lines).not.toContain("home");
      expect(Number(lines.at(-2))).toBeLessThan(5);
    });

    test("writes to a layer of its own, and never to the image that it shares", async () => {
      const script = "echo mine > /etc/passwd && cat /etc/passwd && touch /bin/new && rm /bin/dd";
      expect(await said(script)).toBe("mine");
      expect(readFileSync(join(world.directory, "release/etc/passwd"), "utf8")).toContain("root:");
      expect(existsSync(join(world.directory, "release/bin/new"))).toBe(false);
      expect(existsSync(join(world.directory, "release/bin/dd"))).toBe(true);
      expect(await said("cat /etc/passwd")).toContain("root:");
    });

    test("may not mount, make namespaces, load what the kernel runs, or gain privileges", async () => {
      for (const script of [
        "mount -t tmpfs none /tmp",
        "unshare -U true",
        "unshare -m true",
        "echo 1 > /proc/sys/kernel/panic",
        "echo b > /proc/sysrq-trigger",
        "cat /proc/kcore | head -c 1",
        "ls /proc/1/root/../../home 2>&1 | grep -v . && cat /sys/firmware/x",
      ]) {
        const id = await world.run(`${script}; echo code $?`);
        await world.runtime.wait(id);
        const lines = await world.lines(id);
        if (!script.includes("kcore")) expect(`${script}: ${lines.at(-1)}`).not.toBe(`${script}: code 0`);
        else expect(lines.join("\n")).toMatch(/^(cat: .*No such file.*\n)?code 0$/);
      }
      const status = await said("grep -E 'NoNewPrivs|Seccomp:|CapBnd' /proc/self/status");
      expect(status).toMatch(/NoNewPrivs:\s+1/);
      expect(status).toMatch(/Seccomp:\s+2/);
      // CHOWN, DAC_OVERRIDE, FOWNER, KILL, SETGID, SETUID, NET_BIND_SERVICE (capabilities(7))
      expect(status).toMatch(/CapBnd:\s+00000000000004eb/);
    });

    test("runs as the user that it is told, in whose name the secrets are", async () => {
      const script = 'id -u; id -g; cat "$BIPLANE_SECRETS_FILE"; echo "$BIPLANE_SECRETS_FILE"; ls /run/secrets';
      const user = imageUser(join(world.directory, "release"), "web:staff");
      expect(user).toEqual({ uid: 1000, gid: 50, home: "/home/web" });
      const secrets = Buffer.from("S=1\n");
      expect(await said(script, { user, secrets })).toBe("1000\n50\nS=1\n/run/secrets/platform.env\nplatform.env");
    });

    test("is ended by the kernel when it has used up its memory, all of it", async () => {
      const grow = "head -c 60000000 /dev/zero | tail -c 59999999";
      const id = await world.run(`${grow} & ${grow} & ${grow} & echo ready; sleep 60`, { memoryLimitBytes: 48 * MIB });
      expect(await world.runtime.wait(id)).toMatchObject({ reason: "oom_killed" });
      const fits = await world.run("head -c 1000 /dev/zero | wc -c", { memoryLimitBytes: 48 * MIB });
      expect(await world.runtime.wait(fits)).toMatchObject({ reason: "completed" });
    });

    test("cannot have more processes than it may", async () => {
      const script = "i=0; while [ $i -lt 60 ]; do sleep 60 & i=$((i+1)); done; echo all of them";
      const id = await world.run(script, { processesMax: 20 });
      await world.runtime.wait(id);
      expect(await world.lines(id)).not.toContain("all of them");
    });

    test("mounts: read-only ones are, places that belong to the system are refused", async () => {
      const source = join(world.directory, "data");
      mkdirSync(source);
      writeFileSync(join(source, "file"), "kept");
      const mounts = [{ source, target: "/data/here", readOnly: true }];
      expect(await said("cat /data/here/file; echo x > /data/here/file", { mounts })).toMatch(/Read-only/);
      for (const target of ["/", "/proc/x", "/sys", "/dev/shm", "/run/secrets"]) {
        const spec = world.spec("", { mounts: [{ source, target, readOnly: false }] });
        await expect(world.runtime.create(spec)).rejects.toMatchObject({ code: "Unsupported" });
      }
    });

    test("a terminal", async () => {
      const id = await world.run("echo ready; exec sleep 60");
      await world.seen(id, "ready");
      const tty = { columns: 91, rows: 23 };
      const session = await world.runtime.exec(id, { argv: ["/bin/sh", "-c", "[ -t 0 ] && echo yes $TERM"], tty });
      expect((await output(session)).out).toBe("yes xterm-256color\r\n");
      await world.runtime.destroy(id);
    });

    test("ends with its supervisor, whatever its program has done, and leaves nothing behind", async () => {
      const id = await world.run("echo ready; exec env -i /bin/sleep 60");
      await world.seen(id, "ready");
      const program = identityOf((await world.runtime.status(id)).pid!)!;
      const group = groupOf(program.pid);
      expect(leftovers(world.directory, group).length).toBeGreaterThan(0);
      const supervisor = Number(readFileSync(`/proc/${program.pid}/stat`, "utf8").split(" ")[3]);
      process.kill(supervisor, "SIGKILL");
      expect(await world.runtime.wait(id)).toMatchObject({ reason: "supervisor_lost" });
      expect(isAlive(program)).toBe(false);
      await world.runtime.start(id);
      await world.runtime.destroy(id);
      expect(leftovers(world.directory, group)).toEqual([]);
    });
  });
}

test("users are those that the image knows, and nothing that a link leads to", () => {
  const root = mkdtempSync(join(tmpdir(), "biplane-image-"));
  try {
    expect(imageUser(root, "")).toEqual({ uid: 0, gid: 0, home: "/" });
    expect(imageUser(root, "1234")).toEqual({ uid: 1234, gid: 0, home: "/" });
    expect(imageUser(root, "1234:99")).toEqual({ uid: 1234, gid: 99, home: "/" });
    expect(() => imageUser(root, "web")).toThrow(/no user "web"/);
    expect(() => imageUser(root, "0:staff")).toThrow(/no group "staff"/);
    expect(() => imageUser(root, "99999999999")).toThrow(/no user/);
    Bun.spawnSync(["ln", "-s", "/etc", join(root, "etc")]);
    expect(() => imageUser(root, "daemon")).toThrow(/no user/);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
