import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import {
  type AnyPlan,
  altered,
  compiled,
  keyPair,
  pemOf,
  replanned,
  resealed,
} from "#control-plane/gateways/uploads/testing";
import { keyIdOf, openArchive, sealArchive } from "#foundation/sealed-archive";
import { judgeUpload, UPLOAD_LIMITS } from "./judge-upload.ts";

const [ours, theirs] = [keyPair(), keyPair()];
const unsigned = compiled();
const signed = compiled("Shop", [ours.privateKey]);

const judge = (bytes: Uint8Array, ...trustedKeys: readonly string[]) => judgeUpload({ bytes, trustedKeys });
const faultOf = (bytes: Uint8Array, ...trustedKeys: readonly string[]): string => {
  const verdict = judge(bytes, ...trustedKeys);
  return verdict.ok ? "none" : `${verdict.fault}: ${verdict.message}`;
};

describe("what the compiler has made", () => {
  test("is taken, with what it says of itself and who has signed it", () => {
    expect(judge(unsigned.bytes)).toEqual({
      ok: true,
      artifact: {
        digest: unsigned.digest,
        operations: 2,
        compiler: "9.9.9",
        commit: "abc",
        source: "ci.example",
        signatures: [],
      },
    });
    const keyId = keyIdOf(ours.publicKey);
    expect(judge(signed.bytes, pemOf(theirs.publicKey), pemOf(ours.publicKey))).toMatchObject({
      ok: true,
      artifact: { digest: unsigned.digest, signatures: [{ keyId, verified: true }] },
    });
    // Nobody is trusted: who has signed is what the artifact says.
    expect(judge(signed.bytes)).toMatchObject({ ok: true, artifact: { signatures: [{ keyId, verified: false }] } });
  });

  test("is taken when somebody else has signed it, too", () => {
    const { bytes } = compiled("Shop", [ours.privateKey, theirs.privateKey]);
    const verdict = judge(bytes, pemOf(ours.publicKey));
    expect(verdict.ok && verdict.artifact.signatures).toEqual(
      [
        { keyId: keyIdOf(ours.publicKey), verified: true },
        { keyId: keyIdOf(theirs.publicKey), verified: false },
      ].toSorted((left, right) => (left.keyId < right.keyId ? -1 : 1)),
    );
  });
});

describe("a project that trusts keys", () => {
  const trusted = pemOf(ours.publicKey);
  const keyId = keyIdOf(ours.publicKey);

  test("takes nothing unsigned, and nothing that others have signed", () => {
    expect(faultOf(unsigned.bytes, trusted)).toStartWith("not-signed");
    const foreign = faultOf(compiled("Shop", [theirs.privateKey]).bytes, trusted);
    expect(foreign).toStartWith("not-trusted");
    expect(foreign).toContain(keyIdOf(theirs.publicKey).slice(0, 16));
    expect(foreign).toContain(keyId.slice(0, 16));
  });

  test("takes no signature of something else", () => {
    const other = gunzipSync(compiled("Bank", [ours.privateKey]).bytes).toString("latin1");
    const signatures = /\[\{"keyId".*?\}\]/.exec(other)![0];
    const moved = altered(signed.bytes, (text) => text.replace(/\[\{"keyId".*?\}\]/, () => signatures));
    expect(faultOf(moved, trusted)).toStartWith("wrong-signature");
  });

  test("takes no artifact with a forged signature beside a good one", () => {
    const both = compiled("Shop", [ours.privateKey, theirs.privateKey]).bytes;
    const forged = altered(both, (text) =>
      text.replace(new RegExp(`("keyId":"${keyIdOf(theirs.publicKey)}","signature":")...`), "$1AAA"),
    );
    expect(faultOf(forged, trusted, pemOf(theirs.publicKey))).toStartWith("wrong-signature");
  });

  test("asks for the signature before it reads what was signed", () => {
    const hostile = replanned(unsigned.bytes, (plan) => {
      plan.operations = "none";
    });
    expect(faultOf(hostile, trusted)).toStartWith("not-signed");
    expect(faultOf(hostile)).toStartWith("unusable");
  });

  test.each(["", "x", "A".repeat(64), `${"a".repeat(63)}\n`])("names nobody by %j", (claim) => {
    // The member is written anew, so that the archive is one.
    const parts = gunzipSync(signed.bytes).toString("latin1");
    const before = /\[\{"keyId".*?\}\]/.exec(parts)![0];
    const after = before.replace(keyId, JSON.stringify(claim).slice(1, -1));
    const odd = altered(signed.bytes, (text) =>
      text
        .replace(before.padEnd(Math.ceil(before.length / 512) * 512, "\0"), after.padEnd(512, "\0"))
        .replace(/signatures\.json.{496}/s, (head) => withSize(head, after.length)),
    );
    expect(faultOf(odd)).toBe("unusable: A signature does not say which key it is of.");
    expect(faultOf(odd, trusted)).toStartWith("not-trusted: It is signed by somebody;");
  });
});

describe("what was changed on its way", () => {
  test("a file that is cut off anywhere is none", () => {
    fc.assert(
      fc.property(fc.nat(signed.bytes.length - 1), (length) => {
        expect(faultOf(signed.bytes.subarray(0, length))).toStartWith("malformed");
      }),
      { numRuns: 200 },
    );
  });

  test("any octet of it: it is refused, or is the same artifact", () => {
    fc.assert(
      fc.property(fc.nat(signed.bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const copy = Buffer.from(signed.bytes);
        copy[at]! ^= by;
        const verdict = judge(copy, pemOf(ours.publicKey));
        // What is the same when it is unpacked may be packed in other ways.
        if (verdict.ok) expect(verdict.artifact.digest).toBe(signed.digest);
      }),
      { numRuns: 300 },
    );
  });

  test("a member that is other octets than was sealed", () => {
    expect(faultOf(altered(unsigned.bytes, (text) => text.replace("title: Shop", "title: Bank")))).toStartWith(
      "altered",
    );
  });

  test("something behind its end", () => {
    for (const more of [Buffer.alloc(1_000), Buffer.from("#!/bin/sh"), unsigned.bytes]) {
      expect(faultOf(Buffer.concat([unsigned.bytes, more]))).toStartWith("malformed");
    }
  });
});

describe("what was never an artifact", () => {
  test.each([
    ["nothing", new Uint8Array(0), "malformed"],
    ["a text", Buffer.from("openapi: 3.1.0"), "malformed"],
    ["a gzip file of something else", gzipSync(Buffer.from("openapi: 3.1.0")), "malformed"],
    ["an archive of something else", sealArchive(new Map(), { kind: "backup/1" }).bytes, "unknown-format"],
    [
      "an artifact of a later kind",
      resealed(unsigned.bytes, { about: { kind: "biplane-gateway/2" } }),
      "unknown-format",
    ],
    ["one that names no compiler", resealed(unsigned.bytes, { about: { compiler: 7 } }), "unknown-format"],
    [
      "one with a plan of a later version",
      replanned(unsigned.bytes, (plan) => {
        plan.version = 2;
      }),
      "unknown-format",
    ],
    ["one without a plan", resealed(unsigned.bytes, { members: { "plan.json": undefined } }), "malformed"],
    ["one whose plan is no JSON", resealed(unsigned.bytes, { members: { "plan.json": "{" } }), "malformed"],
    ["one whose plan is nothing", resealed(unsigned.bytes, { members: { "plan.json": "null" } }), "malformed"],
    [
      "one with a member that nothing reads",
      resealed(unsigned.bytes, { members: { "run.sh": "x" } }),
      "unknown-format",
    ],
    [
      "one with a plugin that is no module",
      resealed(unsigned.bytes, { members: { "plugins/x.so": "x" } }),
      "unknown-format",
    ],
  ])("%s", (_, bytes, fault) => {
    expect(faultOf(bytes)).toStartWith(`${fault}:`);
  });

  test("a file that unpacks to more than is taken", () => {
    const bomb = gzipSync(Buffer.alloc(UPLOAD_LIMITS.bytes + 1));
    expect(bomb.length).toBeLessThan(1024 * 1024);
    expect(faultOf(bomb)).toStartWith("too-large");
    const many = new Map(Array.from({ length: UPLOAD_LIMITS.members + 1 }, (_, one) => [`m${one}`, new Uint8Array(0)]));
    expect(faultOf(sealArchive(many, {}).bytes)).toStartWith("too-large");
  });
});

describe("what was sealed in good order, and no gateway could use", () => {
  test.each<[string, (plan: AnyPlan) => unknown, string]>([
    ["an unknown member", (plan) => (plan.hooks = []), "must not have"],
    ["a member less", (plan) => delete plan.schemas, "schemas"],
    ["operations that are none", (plan) => (plan.operations = { length: 1 }), "/operations"],
    ["an operation without a method", (plan) => delete plan.operations[0].method, "/operations/0"],
    ["a method that breaks a line", (plan) => (plan.operations[0].method = "GET\r\nX: y"), "/operations/0/method"],
    ["a sunset that breaks a line", (plan) => (plan.operations[0].sunset = "now\r\nX: y"), "/operations/0/sunset"],
    ["an operation by another's name", (plan) => (plan.operations[0].id = "GET /admin"), "another name"],
    ["a template of another path", (plan) => (plan.operations[1].template = plan.operations[0].template), "template"],
    [
      "the same operation twice",
      (plan) => plan.operations.push(structuredClone(plan.operations[0])),
      "what another operation answers",
    ],
    ["an API that is not there", (plan) => (plan.operations[0].api = 7), "no API"],
    ["a middleware that is not there", (plan) => plan.operations[0].middlewares.push(99), "middleware"],
    [
      "a dispatcher as a middleware",
      (plan) => plan.operations[0].middlewares.push(plan.operations[0].dispatch),
      "middleware",
    ],
    [
      "a middleware as a dispatcher",
      (plan) => (plan.operations[1].dispatch = plan.operations[1].middlewares[0]),
      "dispatcher",
    ],
    ["a place below nothing", (plan) => (plan.operations[0].dispatch = -1), "/operations/0/dispatch"],
    ["a plugin that nobody has", (plan) => (plan.plugins[0].name = "shell"), "do not have"],
    ["a plugin of the other kind", (plan) => (plan.plugins.find(isMock).kind = "middleware"), "mock as a middleware"],
    ["a configuration that does not fit", (plan) => (plan.plugins.find(isMock).config.status = "ok"), "status of mock"],
    ["a schema that is not there", (plan) => (parameterOf(plan).schema.pointer = "/nowhere"), "not there"],
    ["a document that is not there", (plan) => (parameterOf(plan).schema.document = 12), "not there"],
    [
      "a schema that is none",
      (plan) => (plan.schemas[0].root.components.schemas.Order.type = "thing"),
      "schema cannot be used",
    ],
    ["a tool with another's parameter", (plan) => (toolOf(plan).arguments[0].parameter = 9), "tool"],
    ["a tool with a body that is not there", (plan) => (toolOf(plan).body.content = 9), "tool"],
    ["a module that is not there", (plan) => (plan.modules[0].name = "other"), "does not name"],
    ["a module twice", (plan) => plan.modules.push(plan.modules[0]), "twice"],
    ["a module of another digest", (plan) => (plan.modules[0].sha256 = "0".repeat(64)), "another one"],
    ["a module that may do more than it says", (plan) => (plan.modules[0].capabilities = []), "capability"],
    ["a module without bounds", (plan) => (plan.modules[0].limits.memory_mib = 100_000), "memory_mib"],
    ["a number where a text is", (plan) => (plan.apis[0].title = 7), "/apis/0/title"],
    [
      "descriptions that are not there",
      (plan) => plan.apis.push({ ...plan.apis[0], file: "b" }, { ...plan.apis[0], file: "c" }),
      "descriptions",
    ],
  ])("%s", (_, change, words) => {
    const fault = faultOf(replanned(unsigned.bytes, change));
    expect(fault).toStartWith("unusable: ");
    expect(fault).toContain(words);
  });

  test("a module that its plan does not name", () => {
    expect(faultOf(resealed(unsigned.bytes, { members: { "plugins/more.wasm": "x" } }))).toContain("does not name");
    const without = resealed(unsigned.bytes, { members: { "plugins/stamp.wasm": undefined } });
    expect(faultOf(without)).toContain("no module for the plugin stamp");
    const other = resealed(unsigned.bytes, { members: { "plugins/stamp.wasm": "x" } });
    expect(faultOf(other)).toContain("another one than the plan says");
    const refused = replanned(
      other,
      (plan) => (plan.modules[0].sha256 = createHash("sha256").update("x").digest("hex")),
    );
    expect(faultOf(refused)).toContain("The module is refused");
  });

  test("a module in place of a plugin that gateways have", () => {
    const module = openArchive(unsigned.bytes).members.get("plugins/stamp.wasm")!;
    const moved = resealed(unsigned.bytes, {
      members: { "plugins/stamp.wasm": undefined, "plugins/rate-limit.wasm": module },
    });
    const renamed = replanned(moved, (plan) => (plan.modules[0].name = "rate-limit"));
    expect(faultOf(renamed)).toContain("rate-limit, which gateways have");
  });

  test("two tools of one name", () => {
    const twice = replanned(unsigned.bytes, (plan) => {
      for (const operation of plan.operations) operation.tool = { ...toolOf(plan), arguments: [], body: undefined };
    });
    expect(faultOf(twice)).toContain("a tool of the name of another");
  });

  test.each([
    ["compiler", "a".repeat(300)],
    ["commit", "two\nlines"],
    ["source", "\u001b[31mred"],
  ])("a %s that is not for people to read", (member, value) => {
    const fault = faultOf(resealed(unsigned.bytes, { about: { [member]: value } }));
    expect(fault).toStartWith(`unusable: Its ${member}`);
  });

  test("whatever stands in its plan, it is judged", () => {
    const plan = fc.jsonValue({ maxDepth: 4 });
    fc.assert(
      fc.property(
        plan,
        fc.constantFrom("apis", "operations", "plugins", "modules", "schemas", "mcp"),
        (value, member) => {
          const verdict = judge(replanned(unsigned.bytes, (planned) => (planned[member] = value)));
          if (!verdict.ok) expect(["unusable", "malformed", "unknown-format"]).toContain(verdict.fault);
        },
      ),
      { numRuns: 200 },
    );
  });
});

/** The header of a member (POSIX.1-1988 ustar) with another size, and so with another checksum. */
function withSize(head: string, size: number): string {
  const bytes = Buffer.from(head, "latin1");
  bytes.write(`${size.toString(8).padStart(11, "0")}`, 124, "latin1");
  bytes.fill(" ", 148, 156);
  const sum = bytes.reduce((all, one) => all + one, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes.toString("latin1");
}

const isMock = ({ name }: AnyPlan): boolean => name === "mock";
const toolOf = (plan: AnyPlan): AnyPlan => plan.operations.find(({ tool }: AnyPlan) => tool !== undefined).tool;
const parameterOf = (plan: AnyPlan): AnyPlan =>
  plan.operations.flatMap(({ parameters }: AnyPlan) => parameters).find(({ schema }: AnyPlan) => schema !== undefined);
