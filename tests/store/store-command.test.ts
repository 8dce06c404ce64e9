import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProcessCluster } from "./processes.ts";

const directory = mkdtempSync(join(tmpdir(), "store-command-"));
afterAll(() => rmSync(directory, { recursive: true }));

async function biplane(
  ...words: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly said: string }> {
  const child = Bun.spawn([join(import.meta.dir, "../../biplane"), "store", ...words], {
    env: { ...process.env, BIPLANE_DATA: directory, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, said, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, out, said };
}

test("a store of one node is written, read, looked at and changed from the command line", async () => {
  const cluster = await ProcessCluster.start(["n1"]);
  const where = ["--coordinators", cluster.coordinators];
  try {
    await cluster.until(({ phase }) => phase === "running");
    expect(await biplane("set", "greeting", "hello\\x00", ...where)).toMatchObject({ code: 0 });
    expect((await biplane("get", "greeting", ...where)).out).toBe("hello\\x00\n");
    expect((await biplane("list", "gree", ...where)).out).toBe("greeting\thello\\x00\n");
    expect(await biplane("get", "nothing", ...where)).toMatchObject({ code: 4, said: "There is no such key.\n" });
    await biplane("clear", "greeting", ...where);
    expect((await biplane("list", ...where)).out).toBe("");
    const status = await biplane("status", ...where);
    expect(status).toMatchObject({ code: 0 });
    for (const role of ["sequencer", "proxy", "resolver", "log", "storage"]) expect(status.out).toContain(role);
    expect((await biplane("configure", "--proxies", "2", ...where)).out).toContain("proxies 2");
    await cluster.until(({ layout }) => layout?.proxies.length === 2);
    const { epoch } = await cluster.until(({ phase }) => phase === "running");
    await biplane("recover", ...where);
    await cluster.until((view) => view.phase === "running" && view.epoch > epoch);
  } finally {
    await cluster.close();
  }
}, 120_000);

test.each<[what: string, words: readonly string[], code: number, said: string]>([
  ["no cluster named", ["status"], 2, "Which cluster? Name its coordinators"],
  ["a list that is none", ["status", "--coordinators", "10.0.0.1:7000"], 2, "NAME=HOST:PORT is expected"],
  ["a coordinator twice", ["status", "--coordinators", "n1=h:1,n1=h:2"], 2, "names one of them twice"],
  [
    "everybody let in",
    ["serve", "--node", "n1", "--coordinators", "n1=10.0.0.1:7000"],
    2,
    "give all nodes and clients a --key-file",
  ],
  [
    "a node nowhere",
    ["serve", "--node", "n4", "--coordinators", "n1=127.0.0.1:7000"],
    2,
    "say with --listen HOST:PORT",
  ],
  [
    "an unknown capability",
    ["serve", "--node", "n1", "--coordinators", "n1=127.0.0.1:7000", "--capabilities", "magic"],
    2,
    'has "magic"',
  ],
])("%s: it says what is wrong", async (_, words, code, said) => {
  const result = await biplane(...words);
  expect(result.said).toContain(said);
  expect(result.code).toBe(code);
});
