/** The commands of tables against a real cloud: the same program that a user starts. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cloud, createCloud } from "../../../../tests/support/cloud.ts";

let cloud: Cloud;
const files = mkdtempSync(join(tmpdir(), "biplane-tables-cli-"));
const file = (name: string) => join(files, name);

beforeAll(async () => {
  cloud = createCloud();
  await cloud.start("up", "--port", "0", "--api-port", "0");
});
afterAll(async () => {
  await cloud.dispose();
  rmSync(files, { recursive: true, force: true });
});

/** Runs a command of tables that must succeed. */
async function ok(...args: string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const { code, stdout, stderr } = await cloud.cli("tables", ...args);
  if (code !== 0) throw new Error(`biplane tables ${args.join(" ")} ended with ${code}: ${stderr}`);
  return { stdout, stderr };
}

async function okJson(...args: string[]): Promise<unknown> {
  return JSON.parse((await ok(...args, "--json")).stdout);
}

/** Lines of JSON. */
async function okLines(...args: string[]): Promise<unknown[]> {
  const { stdout } = await ok(...args, "--json");
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** Runs a command that must fail; its exit code and error code. */
async function refusal(...args: string[]): Promise<string> {
  const { code, stdout } = await cloud.cli("tables", ...args, "--json");
  return `${code} ${(JSON.parse(stdout) as { readonly error: { readonly code: string } }).error.code}`;
}

describe("tables", () => {
  test("are made, listed, shown and deleted", async () => {
    const { stdout, stderr } = await ok("list");
    expect([stdout, stderr]).toEqual(["", expect.stringContaining("biplane tables create")]);
    const options = ["--range-key", "at:N", "--global-index", "by-owner=owner,at:N; by-tag=tag", "--ttl", "expires"];
    expect(await okJson("create", "jobs", "--hash-key", "id", ...options, "--stream", "keys_only")).toEqual({
      name: "jobs",
      arn: expect.stringMatching(/:table\/jobs$/),
    });
    expect(await refusal("create", "jobs", "--hash-key", "id")).toBe("5 ResourceInUseException");
    expect(await refusal("create", "jobs", "--hash-key", "id:Q")).toBe("2 USAGE");
    expect(await okJson("list")).toMatchObject([{ name: "jobs", status: "ACTIVE", key: ["id", "at"], itemCount: 0 }]);
    expect((await ok("list")).stdout).toMatch(
      /^TABLE\s+STATUS\s+KEY\s+ITEMS\s+SIZE\njobs\s+ACTIVE\s+id, at \(number\)\s+0\s+0 B\n$/,
    );
    const { stdout: shown } = await ok("show", "jobs");
    for (const line of [
      /Billing\s+on demand/,
      /Global index\s+by-owner: owner, at \(number\)/,
      /Stream\s+KEYS_ONLY/,
      /Expiry\s+by expires/,
    ]) {
      expect(shown).toMatch(line);
    }
    await ok("put", "jobs", '{"id":"a","at":1}');
    expect(await refusal("delete", "jobs")).toBe("5 TableNotEmpty");
    expect(await okJson("delete", "jobs", "--force")).toEqual({ name: "jobs", deleted: true, deletedItems: 1 });
    expect(await refusal("show", "jobs")).toBe("4 ResourceNotFoundException");
  });

  test("are made from a whole definition", async () => {
    const definition = {
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "B" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      ProvisionedThroughput: { ReadCapacityUnits: 3, WriteCapacityUnits: 1 },
    };
    writeFileSync(file("definition.json"), JSON.stringify(definition));
    await ok("create", "provisioned", "--definition", `@${file("definition.json")}`);
    expect((await ok("show", "provisioned")).stdout).toMatch(/provisioned: 3 read units and 1 write unit a second/);
    await ok("delete", "provisioned");
  });
});

describe("items", () => {
  beforeAll(async () => {
    await ok("create", "music", "--hash-key", "artist", "--range-key", "year:N");
  });

  test("are put, shown, changed and deleted, with every digit and every set", async () => {
    const item =
      '{"artist":"Nina","year":1965,"exact":12345678901234567890.125,"tags":{"SS":["a","b"]},"raw":{"B":"AQID"},"none":null}';
    writeFileSync(file("item.json"), item);
    await ok("put", "music", `@${file("item.json")}`);
    expect(await refusal("put", "music", item, "--if-absent")).toBe("5 ConditionalCheckFailedException");
    expect((await ok("get", "music", "Nina", "1965", "--json")).stdout).toContain('"exact":12345678901234567890.125');
    expect(
      await okJson("get", "music", '{"artist":{"S":"Nina"},"year":{"N":"1965"}}', "--dynamodb-json"),
    ).toMatchObject({
      tags: { SS: ["a", "b"] },
      raw: { B: "AQID" },
      none: { NULL: true },
    });
    expect(
      await okJson(
        "update",
        "music",
        "Nina",
        "1965",
        "--add",
        '{"plays":1}',
        "--set",
        '{"label":"P"}',
        "--remove",
        "raw,none",
      ),
    ).toEqual({
      artist: "Nina",
      year: 1965,
      exact: expect.any(Number),
      tags: { SS: ["a", "b"] },
      plays: 1,
      label: "P",
    });
    const conditional = ["--expression", "SET plays = plays + :n", "--condition", "plays = :was", "--values"];
    expect(await okJson("update", "music", "Nina", "1965", ...conditional, '{"n":2,":was":1}')).toMatchObject({
      plays: 3,
    });
    expect(await refusal("update", "music", "Nina", "1965", ...conditional, '{"n":2,"was":1}')).toBe(
      "5 ConditionalCheckFailedException",
    );
    expect(await okJson("rm", "music", "Nina", "1965")).toMatchObject({ deleted: true });
    expect(await refusal("rm", "music", "Nina", "1965")).toBe("4 ItemNotFound");
    expect(await refusal("get", "music", "Nina", "1965")).toBe("4 ItemNotFound");
  });

  test("that cannot be are a matter of usage", async () => {
    for (const wrong of [
      ["put", "music", "[1]"],
      ["put", "music", "{"],
      ["get", "music", "Nina"],
      ["get", "music", "Nina", "nineteen"],
      ["update", "music", "Nina", "1"],
      ["query", "music", "Nina", "--index", "none"],
      ["query", "music", "Nina", "1", "--from", "2"],
      ["sql", "SELECT 1", "{}"],
    ]) {
      expect(`${wrong.join(" ")}: ${await refusal(...wrong)}`).toBe(`${wrong.join(" ")}: 2 USAGE`);
    }
  });

  test("are queried, scanned, counted and asked for in PartiQL", async () => {
    for (const [artist, year] of [
      ["Nina", 1958],
      ["Nina", 1965],
      ["Nina", 1969],
      ["Ella", 1956],
    ]) {
      await ok("put", "music", JSON.stringify({ artist, year, title: `${artist} ${year}` }));
    }
    const years = async (...args: string[]) => (await okLines(...args)).map((item) => (item as { year: number }).year);
    expect(await years("query", "music", "Nina")).toEqual([1958, 1965, 1969]);
    expect(await years("query", "music", "Nina", "--from", "1960", "--descending")).toEqual([1969, 1965]);
    expect(
      await years(
        "query",
        "music",
        "Nina",
        "--from",
        "1950",
        "--to",
        "1965",
        "--filter",
        "#y > :n",
        "--names",
        '{"y":"title"}',
        "--values",
        '{"n":"Nina 1960"}',
      ),
    ).toEqual([1965]);
    expect((await years("scan", "music", "--all")).sort()).toEqual([1956, 1958, 1965, 1969]);
    expect(
      await okLines("scan", "music", "--columns", "title", "--filter", "title = :t", "--values", '{"t":"Ella 1956"}'),
    ).toEqual([{ title: "Ella 1956" }]);
    const { stdout, stderr } = await ok("scan", "music", "--limit", "2");
    expect(stdout.trimEnd().split("\n").length).toBe(3);
    expect(stderr).toContain("there may be more");
    expect((await ok("query", "music", "Nina")).stdout).toMatch(/^artist\s+year\s+title\nNina\s+1958\s+Nina 1958\n/);
    expect(await okJson("count", "music")).toEqual({ table: "music", items: 4 });
    expect(await okLines("sql", 'SELECT title FROM music WHERE artist = ? AND "year" < ?', '["Nina", 1960]')).toEqual([
      { title: "Nina 1958" },
    ]);
    const statement = `UPDATE music SET plays = 7 WHERE artist = 'Ella' AND "year" = 1956 RETURNING MODIFIED NEW *`;
    expect(await okLines("sql", statement)).toEqual([{ plays: 7 }]);
    expect(await refusal("sql", "SELECT * FORM music")).toBe("1 ValidationException");
    expect(await refusal("sql", "SELECT * FROM nothing")).toBe("4 ResourceNotFoundException");
  });
});

describe("export and import", () => {
  test("carry a table over, whole", async () => {
    await ok("create", "source", "--hash-key", "id");
    await ok("create", "copy", "--hash-key", "id");
    const count = 700;
    const lines = Array.from({ length: count }, (_, n) =>
      JSON.stringify({ id: `item ${n}`, n, text: "x".repeat(100), set: { NS: ["1", "2"] }, odd: { M: { SS: ["a"] } } }),
    );
    writeFileSync(file("in.jsonl"), `${lines.join("\n")}\n\n`);
    const imported = await ok("import", "source", file("in.jsonl"));
    expect([imported.stdout, imported.stderr]).toEqual(["", expect.stringContaining(`${count} items`)]);
    for (const typed of [[], ["--dynamodb-json"]]) {
      await ok("export", "source", file("out.jsonl"), ...typed);
      await ok("import", "copy", file("out.jsonl"), ...typed);
      const { stdout } = await ok("export", "copy");
      expect(stdout.trimEnd().split("\n").map(sortKeys).sort()).toEqual(lines.map(sortKeys).sort());
    }
    expect(readdirSync(files).filter((name) => name.endsWith(".part"))).toEqual([]);
    expect(readFileSync(file("out.jsonl"), "utf8")).toStartWith('{"Item":{');
  });

  test("the last of several lines with one key counts", async () => {
    await ok("create", "last", "--hash-key", "id");
    const lines = Array.from({ length: 300 }, (_, n) => JSON.stringify({ id: `k${n % 3}`, n }));
    writeFileSync(file("same.jsonl"), lines.join("\n"));
    await ok("import", "last", file("same.jsonl"));
    expect((await okLines("scan", "last")).map((item) => (item as { n: number }).n).sort()).toEqual([297, 298, 299]);
  });

  test("lines that are wrong end an import, or are left out", async () => {
    await ok("create", "partly", "--hash-key", "id");
    writeFileSync(file("bad.jsonl"), '{"id":"a"}\nno json\n{"n":1}\n{"id":"b"}\n');
    expect(await refusal("import", "partly", file("bad.jsonl"))).toBe("1 InvalidLine");
    const { code, stdout, stderr } = await cloud.cli("tables", "import", "partly", file("bad.jsonl"), "--keep-going");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("Line 2: ");
    expect(stderr).toContain("Line 3: One or more parameter values were invalid: Missing the key id in the item");
    expect((await okLines("scan", "partly")).length).toBe(2);
    expect(await refusal("import", "nothing", file("bad.jsonl"))).toBe("4 ResourceNotFoundException");
    expect(await refusal("import", "partly", file("none.jsonl"))).toBe("4 FILE_NOT_FOUND");
  });
});

function sortKeys(line: string): string {
  return JSON.stringify(Object.entries(JSON.parse(line) as object).sort());
}
