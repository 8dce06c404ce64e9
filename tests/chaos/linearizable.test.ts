/** What concurrent clients see of one key could have happened one after the other: histories are recorded with call and return times and searched for an order. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Cloud, type CloudProcess, createCloud } from "../support/cloud.ts";
import { checkLinearizable, type Model, type Operation } from "../support/histories/index.ts";
import { randomFrom } from "../support/random.ts";
import { type PlainAnswer, type SignedClient, signedClientFor } from "../support/signed-client.ts";

const SECONDS = Number(process.env.BIPLANE_SECONDS ?? 4);
const KEYS = 4;
const CLIENTS_PER_KEY = 6;
const CAS_CLIENTS = 64;
const CAS_INCREMENTS_EACH = 5;

/** Inline, just past the largest inline body, several pieces: every way a body can take. */
const SIZES = [3, 4_096, 131_073, 700_000];

/** What a key holds: a body made of its label, or nothing. */
type Value = string;
const NOTHING: Value = "";

/** What an answer means: the state after it, or undefined when it does not fit the state before. */
interface Meaning {
  /** It leaves every state that it fits as it is. */
  readonly isRead: boolean;
  after(state: Value): Value | undefined;
}

const reads = (fits: (state: Value) => boolean): Meaning => ({
  isRead: true,
  after: (state) => (fits(state) ? state : undefined),
});
const writes = (value: Value, fits: (state: Value) => boolean = () => true): Meaning => ({
  isRead: false,
  after: (state) => (fits(state) ? value : undefined),
});

/** Inputs are what is told of a failure: all of the meaning is in the answers. */
const KEY: Model<Value, string, Meaning> = {
  initial: NOTHING,
  step: (state, _input, answer) => answer!.output.after(state),
  isRead: (_input, { isRead }) => isRead,
  stateKey: (state) => state,
  inputKey: (name) => name,
  partition: () => "",
  describe: (name) => name,
};

const bodyOf = (label: string, size: number): Uint8Array => {
  const unit = Buffer.from(`${label};`);
  return Buffer.alloc(Math.max(size, unit.length), unit);
};

/** The label of a body, or what is wrong with it: mixed or cut bodies must not pass. */
function labelOf(answer: PlainAnswer): string {
  const bytes = Buffer.from(answer.bytes);
  const label = bytes.subarray(0, bytes.indexOf(";")).toString("latin1");
  if (Number(answer.headers.get("content-length")) !== bytes.length) return `cut after ${bytes.length} bytes: ${label}`;
  return Buffer.compare(bodyOf(label, bytes.length), bytes) === 0 ? label : `mixed bytes: ${label}`;
}

describe("linearizable keys", () => {
  let cloud: Cloud;
  let running: CloudProcess;
  let s3: SignedClient;
  const seed = Number(process.env.BIPLANE_SEED ?? Date.now() % 1_000_000);
  const random = randomFrom(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;

  beforeAll(async () => {
    cloud = createCloud();
    running = await cloud.start("up", "--port", "0", "--api-port", "0");
    s3 = signedClientFor(await cloud.environment());
    expect((await s3.send("PUT", "/history")).status).toBe(200);
  }, 60_000);
  afterAll(async () => {
    // A server that died explains every failure above.
    expect([await running.stop(), running.output()]).toEqual([0, expect.any(String)]);
    await cloud.dispose();
  });

  test(
    "puts, conditional puts, deletes, reads and listings of one key have an order",
    async () => {
      const deadline = performance.now() + SECONDS * 1000;
      let operations = 0;
      const oneKey = async (key: string): Promise<void> => {
        const history: Operation<string, Meaning>[] = [];
        const path = `/history/${key}`;
        const etags = new Map<string, string>();
        const record = async (
          client: number,
          name: string,
          send: () => Promise<PlainAnswer>,
          meaningOf: (answer: PlainAnswer) => Meaning,
        ): Promise<PlainAnswer> => {
          const called = performance.now();
          const answer = await send();
          const returned = performance.now();
          const input = `${name} → ${answer.status} ${answer.code ?? ""}`;
          history.push({ client, input, called, returned, outcome: { type: "ok", output: meaningOf(answer) } });
          return answer;
        };
        const unexpected = (answer: PlainAnswer): never => {
          throw new Error(`seed ${seed}: ${path}: ${answer.status} ${answer.text().slice(0, 300)}`);
        };
        const is =
          (value: Value) =>
          (state: Value): boolean =>
            state === value;
        const client = async (id: number): Promise<void> => {
          for (let turn = 0; performance.now() < deadline; turn++) {
            const label = `${key}.${id}.${turn}`;
            const body = bodyOf(label, pick(SIZES));
            const kind = random();
            if (kind < 0.25) {
              await record(
                id,
                `put ${label}`,
                () => s3.send("PUT", path, { body }),
                (answer) => (answer.status === 200 ? writes(label) : unexpected(answer)),
              );
            } else if (kind < 0.35) {
              const headers = { "if-none-match": "*" };
              await record(
                id,
                `put-new ${label}`,
                () => s3.send("PUT", path, { body, headers }),
                ({ status, ...answer }) => {
                  if (status === 200) return writes(label, is(NOTHING));
                  if (status === 412) return reads((state) => state !== NOTHING);
                  return unexpected({ status, ...answer });
                },
              );
            } else if (kind < 0.45 && etags.size > 0) {
              const [old, etag] = pick([...etags].slice(-3));
              const headers = { "if-match": etag };
              await record(
                id,
                `put ${label} over ${old}`,
                () => s3.send("PUT", path, { body, headers }),
                (answer) => {
                  if (answer.status === 200) return writes(label, is(old));
                  if (answer.status === 412) return reads((state) => state !== old && state !== NOTHING);
                  if (answer.status === 404) return reads(is(NOTHING));
                  return unexpected(answer);
                },
              );
            } else if (kind < 0.58) {
              await record(
                id,
                "delete",
                () => s3.send("DELETE", path),
                (answer) => (answer.status === 204 ? writes(NOTHING) : unexpected(answer)),
              );
            } else if (kind < 0.68) {
              const query = `list-type=2&prefix=${key}`;
              await record(
                id,
                "list",
                () => s3.send("GET", "/history", { query }),
                (answer) => {
                  if (answer.status !== 200) return unexpected(answer);
                  const listed = answer.text().includes(`<Key>${key}</Key>`);
                  return reads((state) => (state !== NOTHING) === listed);
                },
              );
            } else {
              const answer = await record(
                id,
                "get",
                () => s3.send("GET", path),
                (got) => {
                  if (got.status === 404) return reads(is(NOTHING));
                  return got.status === 200 ? reads(is(labelOf(got))) : unexpected(got);
                },
              );
              if (answer.status === 200) etags.set(labelOf(answer), answer.headers.get("etag")!);
            }
          }
        };
        await Promise.all(Array.from({ length: CLIENTS_PER_KEY }, (_, id) => client(id)));
        operations += history.length;
        const judged = checkLinearizable(KEY, history);
        if (judged.verdict === "violation") throw new Error(`seed ${seed}: ${key}: ${judged.text}`);
        expect([seed, key, judged.verdict]).toEqual([seed, key, "ok"]);
      };
      await Promise.all(Array.from({ length: KEYS }, (_, index) => oneKey(`k${index}`)));
      expect(operations).toBeGreaterThan(100);
      console.log(`seed ${seed}: ${operations} operations on ${KEYS} keys`);
    },
    60_000 + 2 * SECONDS * 1000,
  );

  test(`${CAS_CLIENTS} clients count with If-Match and lose nothing`, async () => {
    const path = "/history/counter";
    await s3.send("PUT", path, { body: "0" });
    const others: string[] = [];
    const increment = async (): Promise<boolean> => {
      const got = await s3.send("GET", path);
      const headers = { "if-match": got.headers.get("etag")! };
      const put = await s3.send("PUT", path, { body: String(Number(got.text()) + 1), headers });
      if (put.status !== 200 && put.status !== 412) others.push(`${put.status} ${put.code}`);
      return put.status === 200;
    };
    await Promise.all(
      Array.from({ length: CAS_CLIENTS }, async () => {
        for (let done = 0; done < CAS_INCREMENTS_EACH; ) if (await increment()) done++;
      }),
    );
    expect(others).toEqual([]);
    expect((await s3.send("GET", path)).text()).toBe(String(CAS_CLIENTS * CAS_INCREMENTS_EACH));
  }, 60_000);

  test("of 32 clients with If-None-Match: * exactly one wins, and its bytes stay", async () => {
    for (let round = 0; round < 10; round++) {
      const path = `/history/once-${round}`;
      const headers = { "if-none-match": "*" };
      const answers = await Promise.all(
        Array.from({ length: 32 }, (_, index) => s3.send("PUT", path, { body: `writer ${index}`, headers })),
      );
      const winners = answers.flatMap(({ status }, index) => (status === 200 ? [index] : []));
      expect(winners).toHaveLength(1);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 412]));
      expect((await s3.send("GET", path)).text()).toBe(`writer ${winners[0]}`);
    }
  }, 60_000);
});
