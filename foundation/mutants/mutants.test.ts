import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Mutation, withMutant } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "mutants-test-"));
const room = join(folder, "room");
afterAll(() => rmSync(folder, { recursive: true }));

mkdirSync(join(room, "parts"), { recursive: true });
mkdirSync(join(room, "testing"));
writeFileSync(join(folder, "beside.ts"), "export const one = 1;\n");
writeFileSync(
  join(room, "index.ts"),
  'export { sum } from "./parts/sum.ts";\nexport { crc32c } from "#foundation/crc32c";\n',
);
writeFileSync(
  join(room, "parts/sum.ts"),
  'import { one } from "../../beside.ts";\nexport const sum = (a: number): number => a + one;\n',
);
writeFileSync(join(room, "testing/broken.ts"), "this is no program");

const MUTATION: Mutation = { name: "subtracts", file: "parts/sum.ts", find: "a + one", replace: "a - one" };
type Room = { readonly sum: (a: number) => number; readonly crc32c: unknown };

test("the copy has the mistake, the room has it not, and what is outside is the same", async () => {
  let path = "";
  const [mutant, parts] = await withMutant(room, MUTATION, async (load) => {
    path = (await load("parts/sum.ts").then(() => "loaded")) as string;
    return [(await load("index.ts")) as Room, await load("parts/sum.ts")] as const;
  });
  expect(path).toBe("loaded");
  expect([mutant.sum(5), typeof mutant.crc32c]).toEqual([4, "function"]);
  expect((parts as Room).sum).toBe(mutant.sum);
  expect(((await import(join(room, "parts/sum.ts"))) as Room).sum(5)).toBe(6);
});

test("what does not stand there exactly once is no mistake to plant, and no copy is left", async () => {
  for (const find of ["a * one", "one"]) {
    let copied = false;
    const planted = withMutant(room, { ...MUTATION, find }, async () => {
      copied = true;
    });
    await expect(planted).rejects.toThrow("subtracts: what is to be changed stands there");
    expect(copied).toBe(false);
  }
  expect(existsSync(room)).toBe(true);
});
