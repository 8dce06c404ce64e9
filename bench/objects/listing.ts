/**
 * What a page of a bucket costs, wherever it lies and however large the bucket is.
 *
 *     scripts/bun bench/objects/listing.ts [--keys 1000000] [--pages 40]
 *
 * The engine alone: no HTTP, no XML. The keys are `<group>/<part>/<leaf>`, 500 in each group; the rows are put into the engine's table in one transaction,
 * because a million acknowledged writes would say nothing more about listings. Median of the pages, asked for in turn so that a busy moment of the machine meets all.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { AccountId, BucketId } from "#contracts";
import { type EmbeddedEngine, openEmbeddedEngine } from "#data-plane/objects/engine";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { openDatabase } from "#foundation/sql";
import { median } from "../harness/statistics.ts";

const { values } = parseArgs({
  options: { keys: { type: "string", default: "1000000" }, pages: { type: "string", default: "40" } },
});
const KEYS = Number(values.keys);
const PAGES = Number(values.pages);
const GROUP_KEYS = 500;
const PART_KEYS = 50;
const PAGE_ENTRIES = 1000;
const GROUPS = KEYS / GROUP_KEYS;
if (!Number.isInteger(GROUPS) || GROUPS < PAGE_ENTRIES) {
  throw new RangeError(`--keys must be a multiple of ${GROUP_KEYS} and at least ${GROUP_KEYS * PAGE_ENTRIES}`);
}

const padded = (value: number, digits: number) => String(value).padStart(digits, "0");
const groupName = (group: number) => `${padded(group, 6)}/`;
const keyName = (index: number) => {
  const within = index % GROUP_KEYS;
  return `${groupName(Math.floor(index / GROUP_KEYS))}${Math.floor(within / PART_KEYS)}/${padded(within % PART_KEYS, 2)}`;
};

const attributes = {
  owner: "123456789012" as AccountId,
  headers: { contentType: "text/plain" },
  metadata: {},
  tags: [],
  lock: {},
} as const;
const DETAIL = JSON.stringify({
  h: { contentType: "text/plain" },
  c: { algorithm: "CRC64NVME", type: "FULL_OBJECT", value: "AAAAAAAAAAA=" },
});

const large = "large" as BucketId;
/** As many keys as a page has, each in a group of its own: the same pages in the smallest bucket that has them. */
const small = "small" as BucketId;

async function begin(engine: EmbeddedEngine, bucketId: BucketId): Promise<void> {
  const body = await engine.stageBytes(new Uint8Array(0), { mode: "none" });
  const etag = "d41d8cd98f00b204e9800998ecf8427e";
  await engine.put({ bucketId, key: keyName(0), versioning: "Off", body, etag, attributes });
}

/** Rows beside the one that the engine wrote, whose number it keeps apart. */
function fill(directory: string): void {
  const database = openDatabase({ path: join(directory, "objects.db") });
  const insert = database.prepare(
    `INSERT INTO current (bucket, key, seq, version, modified, owner, size, etag, body, detail)
     SELECT number, ?2, ?3, NULL, ?4, '123456789012', 0, ?5, NULL, ?6 FROM buckets WHERE id = ?1`,
  );
  const add = (bucket: BucketId, key: string, seq: number) => {
    const etag = Bun.hash(key).toString(16).padStart(32, "0");
    insert.run(bucket, Buffer.from(key), seq, Date.now() - seq * 1000, etag, DETAIL);
  };
  database.transaction(() => {
    for (let index = 1; index < KEYS; index++) add(large, keyName(index), index + 1000);
    for (let index = 1; index < PAGE_ENTRIES; index++) add(small, keyName(index * GROUP_KEYS), index + 1000);
  });
  database.close();
}

interface Case {
  readonly name: string;
  readonly bucketId: BucketId;
  readonly prefix?: string;
  readonly delimiter?: string;
  readonly after?: string;
  readonly entries: number;
  readonly times: number[];
}

const page = (name: string, bucketId: BucketId, entries: number, query: Partial<Case> = {}): Case => ({
  name,
  bucketId,
  entries,
  ...query,
  times: [],
});

const middle = Math.floor(GROUPS / 2);
const families: readonly (readonly [string, readonly Case[]])[] = [
  [
    "keys",
    [
      page("bucket of 1,000", small, PAGE_ENTRIES),
      page("beginning", large, PAGE_ENTRIES),
      page("middle", large, PAGE_ENTRIES, { after: keyName(KEYS / 2) }),
      page("end", large, PAGE_ENTRIES, { after: keyName(KEYS - PAGE_ENTRIES - 1) }),
    ],
  ],
  [
    "keys of a prefix",
    [
      page("beginning", large, GROUP_KEYS, { prefix: groupName(0) }),
      page("middle", large, GROUP_KEYS, { prefix: groupName(middle) }),
      page("end", large, GROUP_KEYS, { prefix: groupName(GROUPS - 1) }),
    ],
  ],
  [
    "common prefixes",
    [
      page("bucket of 1,000", small, PAGE_ENTRIES, { delimiter: "/" }),
      page("beginning", large, PAGE_ENTRIES, { delimiter: "/" }),
      page("middle", large, PAGE_ENTRIES, {
        delimiter: "/",
        after: groupName(Math.floor((GROUPS - PAGE_ENTRIES) / 2)),
      }),
      page("end", large, PAGE_ENTRIES, { delimiter: "/", after: groupName(GROUPS - PAGE_ENTRIES - 1) }),
    ],
  ],
  [
    "common prefixes of a prefix",
    [
      page("beginning", large, GROUP_KEYS / PART_KEYS, { prefix: groupName(0), delimiter: "/" }),
      page("middle", large, GROUP_KEYS / PART_KEYS, { prefix: groupName(middle), delimiter: "/" }),
      page("end", large, GROUP_KEYS / PART_KEYS, { prefix: groupName(GROUPS - 1), delimiter: "/" }),
    ],
  ],
];

async function list(engine: EmbeddedEngine, { bucketId, prefix = "", delimiter = "", after }: Case): Promise<number> {
  const found = await engine.list({ bucketId, prefix, delimiter, after, limit: PAGE_ENTRIES });
  return found.entries.length + found.commonPrefixes.length;
}

const directory = mkdtempSync(join(tmpdir(), "biplane-bench-listing-"));
const open = () =>
  openEmbeddedEngine({
    directory,
    clock: systemClock,
    random: systemRandom,
    timers: systemTimers,
    hosting: "inline",
  });
try {
  const filling = await open();
  for (const bucketId of [large, small]) await begin(filling, bucketId);
  await filling.close();
  fill(directory);

  const engine = await open();
  const cases = families.flatMap(([, family]) => family);
  for (let round = -10; round < PAGES; round++) {
    for (const one of cases) {
      const began = performance.now();
      const entries = await list(engine, one);
      const took = performance.now() - began;
      if (entries !== one.entries) throw new Error(`${one.name}: ${entries} entries instead of ${one.entries}`);
      // The first rounds warm the compilers and the page cache.
      if (round >= 0) one.times.push(took);
    }
  }
  await engine.close();

  console.log(`${KEYS.toLocaleString("en")} keys, ${PAGES} pages each, median (best)`);
  for (const [family, pages] of families) {
    const base = median(pages[0]!.times);
    for (const { name, entries, times } of pages) {
      const cost = median(times);
      const best = Math.min(...times);
      console.log(
        `  ${family.padEnd(28)} ${name.padEnd(16)} ${String(entries).padStart(5)} entries ${(cost * 1000).toFixed(0).padStart(6)} µs (${(best * 1000).toFixed(0)})  ${(cost / base).toFixed(2)} ×`,
      );
    }
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
