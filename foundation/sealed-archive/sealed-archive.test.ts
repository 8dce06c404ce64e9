import { describe, expect, test } from "bun:test";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { ArchiveError, keyIdOf, openArchive, readSigningKey, readTrustedKey, sealArchive } from "./index.ts";

const MEMBERS = new Map<string, Uint8Array>([
  ["routes.json", Buffer.from('{"routes":[{"path":"/a","auth":true}]}')],
  ["specs/api.yaml", Buffer.from("openapi: 3.1.0\n")],
  ["plugins/limit.wasm", Buffer.alloc(1_500, 7)],
  ["empty", new Uint8Array(0)],
]);
const ABOUT = { kind: "gateway", compiler: "0.1.0", provenance: { commit: "abc" } };
const keys = () => generateKeyPairSync("ed25519");
const [ours, theirs] = [keys(), keys()];

const faultOf = (bytes: Uint8Array, trustedKeys: readonly KeyObject[] = [], more: object = {}): string => {
  try {
    openArchive(bytes, { trustedKeys, ...more });
    return "none";
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    return error.fault;
  }
};
const contents = (members: ReadonlyMap<string, Uint8Array>) =>
  [...members].map(([path, bytes]) => [path, Buffer.from(bytes).toString("base64")]).sort();

test("what was sealed comes out, with what it is about, its digest and who has signed it", () => {
  const { bytes, digest } = sealArchive(MEMBERS, ABOUT, [ours.privateKey]);
  const opened = openArchive(bytes, { trustedKeys: [theirs.publicKey, ours.publicKey] });
  expect(contents(opened.members)).toEqual(contents(MEMBERS));
  const signedBy = [keyIdOf(ours.publicKey)];
  expect(opened).toMatchObject({ about: ABOUT, digest, signedBy, claimedBy: signedBy });
  // Who trusts nobody learns what is claimed, and nothing that is proved.
  expect(openArchive(bytes)).toMatchObject({ signedBy: [], claimedBy: signedBy });
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
});

test("the same contents are the same bytes, in whatever order they were given", () => {
  const reversed = new Map([...MEMBERS].reverse());
  const about = { provenance: { commit: "abc" }, compiler: "0.1.0", kind: "gateway" };
  expect(Buffer.from(sealArchive(reversed, about, [ours.privateKey, theirs.privateKey]).bytes)).toEqual(
    Buffer.from(sealArchive(MEMBERS, ABOUT, [theirs.privateKey, ours.privateKey]).bytes),
  );
  // Signatures are over the contents, not part of them.
  expect(sealArchive(MEMBERS, ABOUT).digest).toBe(sealArchive(MEMBERS, ABOUT, [ours.privateKey]).digest);
  expect(sealArchive(MEMBERS, { ...ABOUT, compiler: "0.1.1" }).digest).not.toBe(sealArchive(MEMBERS, ABOUT).digest);
});

describe("who trusts keys opens nothing that none of them has signed", () => {
  test.each([
    ["unsigned", sealArchive(MEMBERS, ABOUT).bytes, [ours.publicKey], {}, "not-trusted"],
    ["signed by another", sealArchive(MEMBERS, ABOUT, [theirs.privateKey]).bytes, [ours.publicKey], {}, "not-trusted"],
    [
      "signed by one of several",
      sealArchive(MEMBERS, ABOUT, [theirs.privateKey]).bytes,
      [ours.publicKey, theirs.publicKey],
      {},
      "none",
    ],
    [
      "unsigned, where signatures are asked for and no key is trusted",
      sealArchive(MEMBERS, ABOUT, [ours.privateKey]).bytes,
      [],
      { requireSignature: true },
      "not-trusted",
    ],
    [
      "unsigned, where that is allowed",
      sealArchive(MEMBERS, ABOUT).bytes,
      [ours.publicKey],
      { requireSignature: false },
      "none",
    ],
  ] as const)("%s", (_, bytes, trusted, more, fault) => {
    expect(faultOf(bytes, trusted, more)).toBe(fault);
  });

  test("a signature of other contents is none of these", () => {
    const other = gunzipSync(sealArchive(MEMBERS, { ...ABOUT, compiler: "0.1.1" }, [ours.privateKey]).bytes);
    const signatures = /\[\{"keyId".*?\}\]/.exec(other.toString("latin1"))![0];
    const own = gunzipSync(sealArchive(MEMBERS, ABOUT, [ours.privateKey]).bytes).toString("latin1");
    const moved = own.replace(/\[\{"keyId".*?\}\]/, () => signatures);
    expect(faultOf(gzipSync(Buffer.from(moved, "latin1")), [ours.publicKey])).toBe("not-trusted");
  });
});

describe("what was changed is not opened", () => {
  const sealed = sealArchive(MEMBERS, ABOUT, [ours.privateKey]).bytes;
  const changed = (change: (text: string) => string): Uint8Array =>
    gzipSync(Buffer.from(change(gunzipSync(sealed).toString("latin1")), "latin1"));

  test("a member that is still sound JSON", () => {
    expect(faultOf(changed((text) => text.replace('"auth":true', '"auth":null')))).toBe("altered");
  });

  test("a member and its digest in the manifest: then the signature is over something else", () => {
    const other = new Map(MEMBERS).set("routes.json", Buffer.from('{"routes":[{"path":"/a","auth":null}]}'));
    const forged = sealArchive(other, ABOUT).bytes;
    expect(faultOf(forged, [ours.publicKey])).toBe("not-trusted");
    expect(faultOf(forged)).toBe("none");
  });

  test.each([
    ["one more member", new Map([...MEMBERS, ["more", Buffer.from("x")]])],
    ["one member less", new Map([...MEMBERS].slice(1))],
    [
      "a member of another name",
      new Map([...MEMBERS].map(([path, bytes]) => [path === "empty" ? "void" : path, bytes])),
    ],
  ])("%s", (_, members) => {
    // The manifest and signatures of one archive before the members of another.
    const [own, other] = [sealed, sealArchive(members, ABOUT).bytes].map((bytes) =>
      gunzipSync(bytes).toString("latin1"),
    );
    const bodyOf = (text: string): number =>
      text.indexOf("empty".padEnd(100, "\0")) === -1
        ? text.indexOf("more".padEnd(100, "\0"))
        : text.indexOf("empty".padEnd(100, "\0"));
    const cut = bodyOf(own!);
    const start = other!.search(/(?:empty|more|plugins\/limit\.wasm)\0/);
    expect(["altered", "malformed"]).toContain(
      faultOf(gzipSync(Buffer.from(own!.slice(0, cut) + other!.slice(start), "latin1"))),
    );
  });

  test("any byte", () => {
    const tar = gunzipSync(sealed);
    fc.assert(
      fc.property(fc.nat(tar.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const copy = Buffer.from(tar);
        copy[at]! ^= by;
        expect(["altered", "malformed", "not-trusted", "unknown-format"]).toContain(
          faultOf(gzipSync(copy), [ours.publicKey]),
        );
      }),
      { numRuns: 500 },
    );
  });

  test("bytes behind the end, blocks before it, and a file that is cut off", () => {
    const tar = gunzipSync(sealed);
    expect(faultOf(gzipSync(Buffer.concat([tar, Buffer.alloc(512)])))).toBe("malformed");
    expect(faultOf(gzipSync(Buffer.concat([Buffer.alloc(512), tar])))).toBe("malformed");
    expect(faultOf(sealed.subarray(0, sealed.length - 20))).toBe("malformed");
    expect(faultOf(new Uint8Array(0))).toBe("malformed");
    for (const more of [Buffer.from("more"), Buffer.alloc(1), Buffer.alloc(512)]) {
      expect(faultOf(Buffer.concat([sealed, more]))).toBe("malformed");
    }
    expect(faultOf(Buffer.from("PK\u0003\u0004"))).toBe("malformed");
  });
});

describe("what is hostile", () => {
  test("a file that unpacks to more than is allowed", () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    expect(bomb.length).toBeLessThan(50_000);
    expect(faultOf(bomb, [], { limits: { bytes: 1_000_000 } })).toBe("too-large");
  });

  test("more members than are allowed", () => {
    const many = new Map(Array.from({ length: 20 }, (_, index) => [`m${index}`, new Uint8Array(0)]));
    expect(faultOf(sealArchive(many, ABOUT).bytes, [], { limits: { members: 10 } })).toBe("too-large");
  });

  test.each([
    "../a",
    "/a",
    "a//b",
    ".a",
    "a/../b",
    "a/.b",
    "a\\b",
    "",
    "a\0b",
    "ü",
    "x".repeat(101),
    "manifest.json",
    "signatures.json",
    "a/",
  ])("the path %p", (path) => {
    expect(() => sealArchive(new Map([[path, new Uint8Array(0)]]), ABOUT)).toThrow(TypeError);
  });

  test("a format of a later program", () => {
    const later = gunzipSync(sealArchive(MEMBERS, ABOUT).bytes)
      .toString("latin1")
      .replace("biplane-archive/1", "biplane-archive/2");
    expect(faultOf(gzipSync(Buffer.from(later, "latin1")))).toBe("unknown-format");
  });

  test("a key of another kind", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
    expect(() => readSigningKey(rsa.privateKey.export({ type: "pkcs8", format: "pem" }) as string)).toThrow(
      "must be one for Ed25519",
    );
    expect(() => readTrustedKey("no key")).toThrow();
    const pem = ours.publicKey.export({ type: "spki", format: "pem" }) as string;
    expect(keyIdOf(readTrustedKey(pem))).toBe(keyIdOf(ours.privateKey));
  });
});
