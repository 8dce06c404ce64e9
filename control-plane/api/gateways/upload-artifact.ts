/** Takes in an artifact that was compiled elsewhere: its octets while they come, verified before any of them is kept. */
import { createHash } from "node:crypto";
import { groups } from "#control-plane/events";
import { BLOB_BYTES_MAX } from "#control-plane/gateways/blobs";
import { trustedKeysOf } from "#control-plane/gateways/fleet";
import type { HeldRoom, UploadFault, VerifiedArtifact } from "#control-plane/gateways/uploads";
import { type HttpRequest, PayloadTooLarge, ProblemError } from "#foundation/http";
import type { Clock } from "#foundation/runtime";
import { actorOf } from "../authentication/caller.ts";
import type { ApiEnvironment } from "../environment.ts";
import { execute, idempotencyKeyOf } from "../execute.ts";
import type { OrgCall } from "../route.ts";
import { projectAt } from "./shared.ts";

export const ARTIFACT_BYTES_MAX = BLOB_BYTES_MAX;
/** 64 MiB at a megabit in a second are nine minutes. */
const UPLOAD_MS_MAX = 10 * 60_000;

/** What is wrong with an artifact, by what was found. Codes are permanent. */
const FAULTS: Readonly<
  Record<UploadFault, { readonly status: number; readonly code: string; readonly title: string }>
> = {
  malformed: { status: 422, code: "ARTIFACT_MALFORMED", title: "The body is no artifact." },
  "too-large": { status: 413, code: "ARTIFACT_TOO_LARGE", title: "The artifact unpacks to more than is taken." },
  altered: { status: 422, code: "ARTIFACT_ALTERED", title: "The artifact is not what was sealed." },
  "unknown-format": {
    status: 422,
    code: "ARTIFACT_FORMAT_UNKNOWN",
    title: "The artifact is made for other gateways than those of this version.",
  },
  unusable: { status: 422, code: "ARTIFACT_UNUSABLE", title: "No gateway could use the artifact." },
  "not-signed": { status: 422, code: "ARTIFACT_NOT_SIGNED", title: "The artifact is not signed." },
  "not-trusted": { status: 422, code: "ARTIFACT_NOT_TRUSTED", title: "The project does not trust who has signed it." },
  "wrong-signature": { status: 422, code: "ARTIFACT_SIGNATURE_WRONG", title: "A signature of the artifact is forged." },
};

export const UPLOAD_PROBLEMS: readonly string[] = [
  "NoSuchResource",
  "UNSUPPORTED_MEDIA_TYPE",
  "CONTENT_DIGEST_MISMATCH",
  ...Object.values(FAULTS).map(({ code }) => code),
  "ARTIFACT_NOT_VERIFIED",
  "ArtifactNotTrusted",
  "LimitExceeded",
  "UPLOADS_BUSY",
];

/** @throws ProblemError with what is wrong with it; 413, 415, 503 UPLOADS_BUSY; the body's errors */
export async function uploadArtifact(
  call: OrgCall,
  environment: ApiEnvironment,
): Promise<{ readonly artifactId: string; readonly isNew: boolean }> {
  const { accountId, projectId } = projectAt(call, environment);
  const { artifactUploads, core, clock } = environment;
  requireOctets(call.request);
  // What is wrong with it is said before a body is read.
  idempotencyKeyOf(call.request);
  const room = artifactUploads.room.enter(accountId);
  if (room === undefined) throw uploadsBusy();
  try {
    const bytes = await received(call.request, room, clock);
    // The keys that are trusted now, not those of when the upload began: it may have taken minutes.
    const trustedKeys = trustedKeysOf(core.views, projectId).map(({ publicKey }) => publicKey);
    const verdict = await artifactUploads.judge({ bytes, trustedKeys }, accountId);
    if (verdict === undefined) throw notVerified();
    if (!verdict.ok) throw new ProblemError({ ...FAULTS[verdict.fault], detail: verdict.message });
    return await keep(call, environment, projectId, bytes, verdict.artifact);
  } finally {
    room.release();
  }
}

/** Its octets are on disk before the event that names them, and go again when the command is refused. */
async function keep(
  call: OrgCall,
  environment: ApiEnvironment,
  projectId: string,
  bytes: Uint8Array,
  { signatures, ...artifact }: VerifiedArtifact,
): Promise<{ readonly artifactId: string; readonly isNew: boolean }> {
  const { gatewayBlobs, views } = environment.core;
  const hold = await gatewayBlobs.put([bytes]);
  const contentDigest = hold.digests[0]!;
  try {
    return await execute(call, environment, {
      type: "gatewayArtifact.upload",
      accountId: call.org.accountId,
      projectId,
      artifact: { ...artifact, contentDigest, sizeBytes: bytes.byteLength },
      signatures,
      uploadedBy: actorOf(call.caller),
    });
  } catch (error) {
    hold.release();
    // Of what failed otherwise nobody knows whether it was decided: then the collector looks for it at the next start.
    if (error instanceof ProblemError) {
      const isNeeded = (): boolean =>
        views.countInGroup("gatewayArtifact", groups.ofBlob(contentDigest)) > 0 ||
        views.countInGroup("gatewaySpecRevision", groups.ofBlob(contentDigest)) > 0;
      await gatewayBlobs.discard(contentDigest, isNeeded);
    }
    throw error;
  } finally {
    hold.release();
  }
}

/** @throws ProblemError 415 */
function requireOctets({ headers }: HttpRequest): void {
  const type = headers.get("content-type");
  const coding = headers.get("content-encoding");
  if (coding !== undefined && coding.toLowerCase() !== "identity") {
    throw new ProblemError(
      {
        status: 415,
        code: "UNSUPPORTED_MEDIA_TYPE",
        title: "The body must not be in a coding.",
        detail: "An artifact is compressed already: send the file as it is, without `content-encoding`.",
      },
      { headers: [["accept-encoding", "identity"]] },
    );
  }
  if (type === undefined || /^application\/octet-stream\s*(?:;|$)/i.test(type)) return;
  throw new ProblemError({
    status: 415,
    code: "UNSUPPORTED_MEDIA_TYPE",
    title: "The body must be the file of an artifact.",
    detail: "Send it with the header `content-type: application/octet-stream`.",
  });
}

/** @throws PayloadTooLarge and the other body errors; ProblemError 503 UPLOADS_BUSY, 408 UPLOAD_TOO_SLOW, 400 CONTENT_DIGEST_MISMATCH */
async function received(request: HttpRequest, room: HeldRoom, clock: Clock): Promise<Uint8Array> {
  if ((request.contentLength ?? 0) > ARTIFACT_BYTES_MAX) throw new PayloadTooLarge(ARTIFACT_BYTES_MAX);
  const declared = declaredDigests(request);
  const hash = createHash("sha256");
  const chunks: Uint8Array[] = [];
  const endsAt = clock.now() + UPLOAD_MS_MAX;
  let length = 0;
  for await (const chunk of request.body) {
    length += chunk.length;
    if (length > ARTIFACT_BYTES_MAX) throw new PayloadTooLarge(ARTIFACT_BYTES_MAX);
    if (!room.take(chunk.length)) throw uploadsBusy();
    if (clock.now() > endsAt) throw tooSlow();
    hash.update(chunk);
    // Its memory is the connection's again when the next one is asked for.
    chunks.push(new Uint8Array(chunk));
  }
  const digest = hash.digest("base64");
  if (declared.some((one) => one !== digest)) {
    throw new ProblemError({
      status: 400,
      code: "CONTENT_DIGEST_MISMATCH",
      title: "Other octets came than were announced.",
      detail: `Their SHA-256 is sha-256=:${digest}:.`,
    });
  }
  return Buffer.concat(chunks, length);
}

/** SHA-256 of the body as the request says it, in base64 (RFC 9530); other algorithms are passed over. @throws ProblemError 400 */
function declaredDigests({ headers }: HttpRequest): readonly string[] {
  return ["content-digest", "repr-digest"].flatMap((name) => {
    const said = headers.get(name);
    return (said ?? "").split(",").flatMap((member) => {
      const [, value] = /^\s*sha-256\s*=(.*)$/i.exec(member) ?? [];
      if (value === undefined) return [];
      const [, base64] = /^:([A-Za-z0-9+/]{43}=):\s*(?:;.*)?$/.exec(value.trim()) ?? [];
      if (base64 !== undefined) return [base64];
      throw new ProblemError({
        status: 400,
        code: "INVALID_DIGEST",
        title: `The header ${name} is not as it must be.`,
        detail: "RFC 9530: `sha-256=:` and 44 characters of base64, then `:`.",
      });
    });
  });
}

const uploadsBusy = () =>
  new ProblemError(
    {
      status: 503,
      code: "UPLOADS_BUSY",
      title: "Too much is being uploaded at once.",
      detail: "Try again when other uploads are done.",
      retryable: true,
    },
    { headers: [["retry-after", "5"]] },
  );

const tooSlow = () =>
  new ProblemError({
    status: 408,
    code: "UPLOAD_TOO_SLOW",
    title: "The upload takes too long.",
    detail: `All of it has to come within ${UPLOAD_MS_MAX / 60_000} minutes.`,
  });

const notVerified = () =>
  new ProblemError({
    status: 422,
    code: "ARTIFACT_NOT_VERIFIED",
    title: "The artifact could not be verified.",
    detail: "It took too long, or could not be read at all; the log of the control plane says more.",
  });
