/** The file that a gateway runs: a sealed archive of the plan, the descriptions it was made of, and plugins of others. Its name ends in `.bca`. */
import type { KeyObject } from "node:crypto";
import { canonicalJson } from "#foundation/canonical-json";
import {
  ArchiveError,
  type ArchiveLimits,
  type OpenedArchive,
  openArchive,
  type SealedArchive,
  sealArchive,
} from "#foundation/sealed-archive";
import { type GatewayPlan, PLAN_VERSION } from "./plan.ts";

export interface ArtifactContents {
  readonly plan: GatewayPlan;
  /** The descriptions and what they refer to, as they were written, by their names. */
  readonly specs: ReadonlyMap<string, Uint8Array>;
  /** Programs of the plan's modules, WebAssembly as it was given, by their names. Undefined: none. */
  readonly modules?: ReadonlyMap<string, Uint8Array>;
  readonly provenance: Provenance;
}

/** Where it comes from. Covered by digest and signatures, as everything is; without a time, so that the same input gives the same bytes. */
export interface Provenance {
  /** Version of the compiler. */
  readonly compiler: string;
  readonly commit?: string;
  readonly source?: string;
}

export interface GatewayArtifact extends ArtifactContents {
  /** `sha256:…` over everything in it. */
  readonly digest: string;
  /** Ids of the trusted keys that have signed it. */
  readonly signedBy: readonly string[];
}

export interface OpenArtifactOptions {
  readonly trustedKeys?: readonly KeyObject[];
  /** Default: whether there are trusted keys. */
  readonly requireSignature?: boolean;
  readonly limits?: Partial<ArchiveLimits>;
}

const KIND = "biplane-gateway/1";
const PLAN = "plan.json";
const SPECS = "specs/";
const MODULES = "plugins/";
const MODULE_ENDING = ".wasm";

/** The same contents give the same bytes. */
export function sealGatewayArtifact(contents: ArtifactContents, signingKeys: readonly KeyObject[] = []): SealedArchive {
  const members = new Map<string, Uint8Array>([[PLAN, Buffer.from(canonicalJson(contents.plan))]]);
  for (const [name, bytes] of contents.specs) members.set(`${SPECS}${name}`, bytes);
  for (const [name, bytes] of contents.modules ?? []) members.set(`${MODULES}${name}${MODULE_ENDING}`, bytes);
  return sealArchive(members, { kind: KIND, ...contents.provenance }, signingKeys);
}

/**
 * Verifies all of an artifact, then reads it.
 *
 * @throws ArchiveError for a file that is none, was changed, is not signed as it must be, or is made for another version of gateways
 */
export function openGatewayArtifact(bytes: Uint8Array, options: OpenArtifactOptions = {}): GatewayArtifact {
  return readGatewayArtifact(openArchive(bytes, options));
}

/** Reads what was verified. @throws ArchiveError for an archive that is no artifact, or one that is made for another version of gateways */
export function readGatewayArtifact({ about, members, digest, signedBy }: OpenedArchive): GatewayArtifact {
  const { kind, compiler, commit, source } = about;
  if (kind !== KIND || typeof compiler !== "string") {
    throw new ArchiveError("unknown-format", `The file is sealed, and is no artifact of a gateway (${KIND}).`);
  }
  const plan = readPlan(members.get(PLAN));
  const specs = new Map<string, Uint8Array>();
  const modules = new Map<string, Uint8Array>();
  for (const [path, member] of members) {
    if (path.startsWith(SPECS)) specs.set(path.slice(SPECS.length), member);
    else if (path.startsWith(MODULES) && path.endsWith(MODULE_ENDING)) {
      modules.set(path.slice(MODULES.length, -MODULE_ENDING.length), member);
    } else if (path !== PLAN) {
      // Whoever has put it there means something by it, and it would have no effect.
      throw new ArchiveError(
        "unknown-format",
        `The artifact has a member "${path}", which no gateway of this version reads.`,
      );
    }
  }
  return {
    plan,
    specs,
    modules,
    digest,
    signedBy,
    provenance: {
      compiler,
      ...(typeof commit === "string" ? { commit } : {}),
      ...(typeof source === "string" ? { source } : {}),
    },
  };
}

function readPlan(bytes: Uint8Array | undefined): GatewayPlan {
  if (bytes === undefined) throw new ArchiveError("malformed", `The artifact has no ${PLAN}.`);
  const plan = planIn(bytes);
  if (plan.version !== PLAN_VERSION) {
    throw new ArchiveError(
      "unknown-format",
      `The artifact's plan has version ${String(plan.version).slice(0, 20)}; this gateway reads version ${PLAN_VERSION}. Compile it again.`,
    );
  }
  return plan;
}

/** @throws ArchiveError malformed */
function planIn(bytes: Uint8Array): GatewayPlan {
  try {
    const plan: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    if (typeof plan === "object" && plan !== null) return plan as GatewayPlan;
  } catch {
    // Told below, as everything else that is no plan.
  }
  throw new ArchiveError("malformed", `The artifact's ${PLAN} is no plan.`);
}
