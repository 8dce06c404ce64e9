/** Artifacts as they come from elsewhere: compiled and signed, and resealed with something else in them. For tests. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { canonicalJson } from "#foundation/canonical-json";
import type { GatewayPlan } from "#foundation/gateway-artifact";
import { openArchive, sealArchive } from "#foundation/sealed-archive";
import { wat } from "#foundation/wasm/testing";
import { compileGateway } from "../../index.ts";

export const keyPair = () => generateKeyPairSync("ed25519");
export const pemOf = (key: KeyObject): string => String(key.export({ type: "spki", format: "pem" }));

const DESCRIPTION = (title: string) => `openapi: 3.1.0
info: {title: ${title}, version: "1"}
x-biplane-plugins: {stamp: stamp.wasm}
paths:
  /orders/{id}:
    post:
      operationId: order
      x-biplane-mcp: {enabled: true}
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
      x-biplane-middlewares: [{name: stamp}, {name: rate-limit, config: {quota: 10, window: 60}}]
      x-biplane-dispatch: {name: mock, config: {body: "env://GREETING"}}
      responses: {"200": {description: ok, content: {application/json: {schema: {type: object}}}}}
  /orders:
    get:
      x-biplane-dispatch: {name: mock}
      responses: {"200": {description: ok}}
components: {schemas: {Order: {type: object, properties: {of: {$ref: '#/components/schemas/Order'}}}}}
`;

const MANIFEST = "name: stamp\nversion: 1.0.0\nkind: middleware\ncapabilities: [change-request]\n";
const MODULE = wat(`(module (import "biplane_1" "request_header_set" (func (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (func (export "on_request") (result i32) i32.const 0))`);

/** Compiled by the compiler of this program. @throws Error with what is wrong */
export function compiled(title = "Shop", signingKeys: readonly KeyObject[] = [], description = DESCRIPTION(title)) {
  const files: Readonly<Record<string, string | Uint8Array>> = {
    "api.yaml": description,
    "stamp.plugin.yaml": MANIFEST,
    "stamp.wasm": MODULE,
  };
  const made = compileGateway({
    files: ["api.yaml"],
    read: (path) => files[path],
    provenance: { compiler: "9.9.9", commit: "abc", source: "ci.example" },
    signingKeys,
  });
  if (made.artifact === undefined) throw new Error(JSON.stringify(made.diagnostics));
  return made.artifact;
}

interface Changes {
  readonly about?: Readonly<Record<string, unknown>>;
  /** Undefined takes a member away. */
  readonly members?: Readonly<Record<string, Uint8Array | string | undefined>>;
  readonly signingKeys?: readonly KeyObject[];
}

/** Its contents with changes, sealed anew: every checksum is right. */
export function resealed(bytes: Uint8Array, { about = {}, members = {}, signingKeys = [] }: Changes): Uint8Array {
  const opened = openArchive(bytes);
  const all = new Map(opened.members);
  for (const [path, member] of Object.entries(members)) {
    if (member === undefined) all.delete(path);
    else all.set(path, Buffer.from(member));
  }
  return sealArchive(all, { ...opened.about, ...about }, signingKeys).bytes;
}

// Plans that no type allows.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnyPlan = any;

/** Its plan changed in place, and sealed anew. */
export function replanned(bytes: Uint8Array, change: (plan: AnyPlan) => unknown, signingKeys?: readonly KeyObject[]) {
  const plan = JSON.parse(Buffer.from(openArchive(bytes).members.get("plan.json")!).toString("utf8")) as GatewayPlan;
  change(plan);
  const members = { "plan.json": canonicalJson(plan) };
  return resealed(bytes, signingKeys === undefined ? { members } : { members, signingKeys });
}

/** The archive's text changed, its checksums not. */
export function altered(bytes: Uint8Array, change: (text: string) => string): Uint8Array {
  return gzipSync(Buffer.from(change(gunzipSync(bytes).toString("latin1")), "latin1"));
}
