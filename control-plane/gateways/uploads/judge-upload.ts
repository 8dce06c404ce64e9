/** What was uploaded, verified from its first octet to its last, before anybody takes it for an artifact. Pure. */
import type { ArtifactSignature } from "#contracts";
import { shortTextProblem } from "#control-plane/gateways/fleet";
import { type Provenance, readGatewayArtifact } from "#foundation/gateway-artifact";
import {
  ArchiveError,
  type ArchiveLimits,
  keyIdOf,
  type OpenedArchive,
  openArchive,
  readTrustedKey,
} from "#foundation/sealed-archive";
import { planProblem } from "./judge-plan.ts";

/** Unpacked. Half of what gateways take: the largest published descriptions make artifacts of a tenth of it. */
export const UPLOAD_LIMITS: ArchiveLimits = { bytes: 128 * 1024 * 1024, members: 10_000 };

/** Octets that came, and the keys that the project trusts, in PEM. Plain data, which goes from thread to thread. */
export interface Upload {
  readonly bytes: Uint8Array;
  readonly trustedKeys: readonly string[];
}

export interface VerifiedArtifact {
  readonly digest: string;
  readonly compiler: string;
  readonly operations: number;
  readonly commit?: string;
  readonly source?: string;
  readonly signatures: readonly ArtifactSignature[];
}

export type UploadFault =
  /** It is no archive, is cut off, or is written otherwise than archives are. */
  | "malformed"
  /** It unpacks to more than is taken. */
  | "too-large"
  /** A member is not what the manifest says, is missing, or is not in the manifest. */
  | "altered"
  /** It is an archive of something else, or for another version of gateways. */
  | "unknown-format"
  /** It was sealed as it is, and no gateway could use it. */
  | "unusable"
  | "not-signed"
  /** Signed by keys that the project does not trust. */
  | "not-trusted"
  /** A signature says that it is of a key that the project trusts, and is not. */
  | "wrong-signature";

export type UploadVerdict =
  | { readonly ok: true; readonly artifact: VerifiedArtifact }
  | { readonly ok: false; readonly fault: UploadFault; readonly message: string };

const KEY_ID = /^[0-9a-f]{64}$/;

/** Who has signed is known before anything is read of what was signed. */
export function judgeUpload({ bytes, trustedKeys: pems }: Upload): UploadVerdict {
  try {
    const trustedKeys = pems.map(readTrustedKey);
    const opened = openArchive(bytes, { trustedKeys, requireSignature: false, limits: UPLOAD_LIMITS });
    const distrust = trustedKeys.length === 0 ? undefined : distrustOf(opened, trustedKeys.map(keyIdOf));
    if (distrust !== undefined) return distrust;
    const artifact = readGatewayArtifact(opened);
    const { digest, plan, provenance } = artifact;
    const problem = claimsProblem(opened) ?? provenanceProblem(provenance) ?? planProblem(artifact);
    if (problem !== undefined) return refused("unusable", problem);
    const signatures = opened.claimedBy.map((keyId) => ({ keyId, verified: opened.signedBy.includes(keyId) }));
    return { ok: true, artifact: { digest, operations: plan.operations.length, ...provenance, signatures } };
  } catch (error) {
    if (error instanceof ArchiveError) return refused(error.fault, error.message);
    throw error;
  }
}

const refused = (fault: UploadFault, message: string) => ({ ok: false, fault, message }) as const;

function distrustOf({ signedBy, claimedBy }: OpenedArchive, trusted: readonly string[]): UploadVerdict | undefined {
  if (claimedBy.length === 0) return refused("not-signed", "It is not signed, and the project takes what is signed.");
  const forged = claimedBy.find((keyId) => trusted.includes(keyId) && !signedBy.includes(keyId));
  if (forged !== undefined) {
    return refused("wrong-signature", `Its signature of the key ${shortId(forged)} is not that key's.`);
  }
  if (signedBy.length > 0) return undefined;
  const by = claimedBy.map(shortId).join(", ");
  return refused("not-trusted", `It is signed by ${by}; the project trusts ${trusted.map(shortId).join(", ")}.`);
}

/** As much as `biplane gateway verify` shows; of what is no id at all, nothing else. */
const shortId = (keyId: string): string => (KEY_ID.test(keyId) ? keyId.slice(0, 16) : "somebody");

function claimsProblem({ claimedBy }: OpenedArchive): string | undefined {
  return claimedBy.every((keyId) => KEY_ID.test(keyId)) ? undefined : "A signature does not say which key it is of.";
}

function provenanceProblem({ compiler, commit, source }: Provenance): string | undefined {
  return (
    shortTextProblem("Its compiler", compiler) ??
    shortTextProblem("Its commit", commit) ??
    shortTextProblem("Its source", source)
  );
}
