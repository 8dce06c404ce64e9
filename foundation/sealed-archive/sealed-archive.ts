/**
 * Files sealed into one: a gzipped tar whose first member, the manifest, has the length and the SHA-256 of every other one, and is what signatures are over.
 *
 * The same contents give the same digest, whoever makes them and when. Everything is verified before any of it is looked at.
 */
import { createHash, type KeyObject } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { canonicalJson, parseCanonicalJson } from "#foundation/canonical-json";
import { ArchiveError } from "./archive-error.ts";
import { type Signature, signersOf, signManifest } from "./signatures.ts";
import { isMemberPath, type Members, readTarForm, writeTarForm } from "./tar-form.ts";

export interface ArchiveManifest {
  readonly format: string;
  /** What is in it, for whoever opens it. Covered by digest and signatures like everything else. */
  readonly about: Readonly<Record<string, unknown>>;
  /** In the order of their paths. */
  readonly members: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
}

export interface SealedArchive {
  /** The file. */
  readonly bytes: Uint8Array;
  /** `sha256:…` of the manifest, and by it of everything. */
  readonly digest: string;
}

export interface OpenedArchive {
  readonly about: ArchiveManifest["about"];
  readonly members: Members;
  readonly digest: string;
  /** Ids of the trusted keys that have signed it. */
  readonly signedBy: readonly string[];
  /** Ids of the keys that its signatures say they are of, each once: claims, but for those in {@link signedBy}. */
  readonly claimedBy: readonly string[];
}

export interface OpenOptions {
  /** Keys whose signatures count. */
  readonly trustedKeys?: readonly KeyObject[];
  /** Whether one of them must have signed; default: whether there are any. */
  readonly requireSignature?: boolean;
  readonly limits?: Partial<ArchiveLimits>;
}

export interface ArchiveLimits {
  /** Of the contents, unpacked. */
  readonly bytes: number;
  readonly members: number;
}

export const DEFAULT_ARCHIVE_LIMITS: ArchiveLimits = { bytes: 256 * 1024 * 1024, members: 10_000 };

const FORMAT = "biplane-archive/1";
const MANIFEST = "manifest.json";
const SIGNATURES = "signatures.json";

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const byPath = ([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number =>
  left < right ? -1 : 1;

/**
 * @param about what is in it; JSON
 * @throws TypeError for a path that members do not have, or that is the archive's own
 */
export function sealArchive(
  members: Members,
  about: ArchiveManifest["about"],
  signingKeys: readonly KeyObject[] = [],
): SealedArchive {
  for (const path of [MANIFEST, SIGNATURES])
    if (members.has(path)) throw new TypeError(`"${path}" is the archive's own.`);
  const sorted = [...members].toSorted(byPath);
  const manifest: ArchiveManifest = {
    format: FORMAT,
    about,
    members: sorted.map(([path, bytes]) => ({ path, bytes: bytes.length, sha256: sha256(bytes) })),
  };
  const text = Buffer.from(canonicalJson(manifest));
  const signatures = signingKeys
    .map((key) => signManifest(text, key))
    .toSorted((left, right) => (left.keyId < right.keyId ? -1 : 1));
  const tar = writeTarForm(
    new Map([[MANIFEST, text], [SIGNATURES, Buffer.from(canonicalJson(signatures))], ...sorted]),
  );
  return { bytes: gzipSync(tar, { level: 9 }), digest: `sha256:${sha256(text)}` };
}

/** @throws ArchiveError */
export function openArchive(bytes: Uint8Array, options: OpenOptions = {}): OpenedArchive {
  const limits = { ...DEFAULT_ARCHIVE_LIMITS, ...options.limits };
  const all = new Map(readTarForm(unzip(bytes, limits.bytes), limits.members + 2));
  const [manifestText, signatureText] = [taken(all, MANIFEST), taken(all, SIGNATURES)];
  const signatures = readSignatures(parseCanonical(signatureText, SIGNATURES));
  const { trustedKeys = [] } = options;
  const signedBy = signersOf(manifestText, signatures, trustedKeys);
  if ((options.requireSignature ?? trustedKeys.length > 0) && signedBy.length === 0) {
    const why = signatures.length === 0 ? "It is not signed." : "None of the keys that are trusted has signed it.";
    throw new ArchiveError("not-trusted", why);
  }
  const manifest = readManifest(parseCanonical(manifestText, MANIFEST));
  assertAsSealed(manifest, all);
  const claimedBy = [...new Set(signatures.map(({ keyId }) => keyId))];
  return { about: manifest.about, members: all, digest: `sha256:${sha256(manifestText)}`, signedBy, claimedBy };
}

function unzip(bytes: Uint8Array, bytesMax: number): Uint8Array {
  try {
    const unzipped = gunzipSync(bytes, { maxOutputLength: bytesMax, info: true }) as unknown as Unzipped;
    if (unzipped.engine.bytesWritten === bytes.length) return unzipped.buffer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      throw new ArchiveError("too-large", `An archive unpacks to at most ${bytesMax} bytes.`);
    }
    throw new ArchiveError("malformed", "It is no gzip file, or is cut off.");
  }
  throw new ArchiveError("malformed", "Something follows behind its end.");
}

/** With `info`: what came out, and how much went in. Zeros behind the end would pass for nothing otherwise. */
interface Unzipped {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

function parseCanonical(bytes: Uint8Array, path: string): unknown {
  const read = parseCanonicalJson(bytes);
  if (read === undefined) throw new ArchiveError("malformed", `${path} is not canonical JSON (RFC 8785).`);
  return read.value;
}

function taken(members: Map<string, Uint8Array>, path: string): Uint8Array {
  const bytes = members.get(path);
  if (bytes === undefined) throw new ArchiveError("malformed", `It has no ${path}.`);
  members.delete(path);
  return bytes;
}

/** Every member is there, is what it was, and nothing else is. */
function assertAsSealed({ members: listed }: ArchiveManifest, members: Members): void {
  if (listed.map(({ path }) => path).join("\n") !== [...members.keys()].join("\n")) {
    throw new ArchiveError("altered", "Its members are not those of its manifest.");
  }
  for (const { path, bytes: length, sha256: digest } of listed) {
    const bytes = members.get(path)!;
    if (bytes.length !== length || sha256(bytes) !== digest)
      throw new ArchiveError("altered", `The member "${path}" is not what was sealed.`);
  }
}

function readManifest(value: unknown): ArchiveManifest {
  const { format, about, members } = (value ?? {}) as Partial<ArchiveManifest>;
  if (typeof format === "string" && format !== FORMAT) {
    throw new ArchiveError(
      "unknown-format",
      `It is of the format ${JSON.stringify(format)}; this program reads ${FORMAT}.`,
    );
  }
  const isListed = (one: Partial<ArchiveManifest["members"][number]> | null): boolean =>
    typeof one?.path === "string" &&
    isMemberPath(one.path) &&
    Number.isSafeInteger(one.bytes) &&
    /^[0-9a-f]{64}$/.test(String(one.sha256));
  const isSound =
    typeof about === "object" &&
    about !== null &&
    !Array.isArray(about) &&
    Array.isArray(members) &&
    members.every(isListed);
  if (format !== FORMAT || !isSound) throw new ArchiveError("malformed", `${MANIFEST} is not a manifest.`);
  return value as ArchiveManifest;
}

function readSignatures(value: unknown): readonly Signature[] {
  const isSignature = (one: Partial<Signature> | null): boolean =>
    typeof one?.keyId === "string" && typeof one.signature === "string";
  if (!Array.isArray(value) || value.length > 16 || !value.every(isSignature)) {
    throw new ArchiveError("malformed", `${SIGNATURES} has no signatures in it.`);
  }
  return value as readonly Signature[];
}
