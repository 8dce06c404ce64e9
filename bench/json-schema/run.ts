/**
 * `npm run bench -- json-schema`: values of about 1 KiB held against their schemas, by what is written here and by Ajv in the same process, in turns.
 *
 * Both stop at the first error, both check formats; decimals are exact here, and rounded to nine digits there. Numbers are of one run on one machine.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { compileSchema, createValidator } from "#foundation/json-schema";
import { installPeers } from "../harness/peers.ts";
import { median } from "../harness/statistics.ts";

const ROUNDS = 9;
const ROUND_MS = 200;

const order = {
  type: "object",
  required: ["id", "customer", "lines", "placed"],
  additionalProperties: false,
  properties: {
    id: { type: "string", format: "uuid" },
    placed: { type: "string", format: "date-time" },
    customer: { $ref: "#/$defs/customer" },
    lines: { type: "array", minItems: 1, maxItems: 100, items: { $ref: "#/$defs/line" } },
    note: { type: "string", maxLength: 500 },
    channel: { enum: ["web", "shop", "phone"] },
  },
  $defs: {
    customer: {
      type: "object",
      required: ["name", "email"],
      properties: {
        name: { type: "string", minLength: 1, maxLength: 100 },
        email: { type: "string", format: "email" },
        address: { type: "object", additionalProperties: { type: "string", maxLength: 200 } },
      },
    },
    line: {
      type: "object",
      required: ["sku", "count", "price"],
      properties: {
        sku: { type: "string", pattern: "^[A-Z]{3}-[0-9]{4}$" },
        count: { type: "integer", minimum: 1, maximum: 1000 },
        price: { type: "number", minimum: 0, multipleOf: 0.01 },
        tags: { type: "array", items: { type: "string" }, uniqueItems: true },
      },
    },
  },
};
const event = {
  type: "object",
  required: ["kind"],
  oneOf: ["created", "changed", "deleted"].map((kind) => ({
    properties: { kind: { const: kind }, at: { type: "integer" }, by: { type: "string" }, data: { type: "object" } },
    required: ["kind", "at"],
  })),
};

const orderValue = {
  id: "3fec0068-3b16-48cd-c97d-a651edee776f",
  placed: "2026-11-26T17:58:09.123Z",
  customer: {
    name: "Ada Lovelace",
    email: "ada@example.com",
    address: { street: "12 St James's Square", town: "London", code: "SW1Y 4JH", country: "United Kingdom" },
  },
  lines: Array.from({ length: 8 }, (_, index) => ({
    sku: `ABC-${1000 + index}`,
    count: index + 1,
    price: 19.99 + index,
    tags: ["new", "red", `size-${index}`],
  })),
  channel: "web",
};
const eventValue = { kind: "deleted", at: 1_795_714_742_817, by: "x".repeat(800), data: { a: 1 } };

const cases = [
  { name: "an order of 1 KiB", schema: order, value: orderValue },
  { name: "one of three events", schema: event, value: eventValue },
  {
    name: "an order with one wrong price",
    schema: order,
    value: { ...orderValue, lines: [{ ...orderValue.lines[0], price: -1 }] },
  },
] as const;

installPeers("ajv-formats");
const peers = createRequire(join(import.meta.dir, "../peers/package.json"));
const { Ajv2020 } = peers("ajv/dist/2020.js") as {
  Ajv2020: new (options: object) => { compile(schema: object): (value: unknown) => boolean };
};
const addFormats = (peers("ajv-formats") as { default: (ajv: object) => void }).default;
const ajv = new Ajv2020({ strict: false, multipleOfPrecision: 9 });
addFormats(ajv);

function perCall(check: (value: unknown) => boolean, value: unknown): number {
  let calls = 0;
  const begun = performance.now();
  while (performance.now() - begun < ROUND_MS) {
    for (let turn = 0; turn < 200; turn++) check(value);
    calls += 200;
  }
  return ((performance.now() - begun) * 1_000) / calls;
}

for (const { name, schema, value } of cases) {
  const own = createValidator(schema, { assertFormat: true });
  const peer = ajv.compile(schema);
  const ours = (given: unknown): boolean => own.fits(given);
  if (ours(value) !== peer(value)) throw new Error(`${name}: they do not agree`);
  const [mine, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    mine.push(perCall(ours, value));
    theirs.push(perCall(peer, value));
  }
  const ratio = median(theirs) / median(mine);
  console.log(
    `${name.padEnd(32)} ${JSON.stringify(value).length} B   ours ${median(mine).toFixed(2)} µs   Ajv ${median(theirs).toFixed(2)} µs   ours is ${ratio.toFixed(2)} times as fast`,
  );
}
const begun = performance.now();
for (let count = 0; count < 200; count++) compileSchema({ ...order, title: String(count) }, { assertFormat: true });
console.log(`compiling the schema of an order      ${((performance.now() - begun) / 200).toFixed(2)} ms`);
