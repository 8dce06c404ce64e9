/** Artifacts: those that were compiled elsewhere, and their end. */
import type { ArtifactSignature, GatewayArtifactRecord } from "#contracts";
import { TRUSTED_KEYS_MAX } from "#contracts";
import { noSuch, owned } from "#control-plane/applications";
import { type CatalogReader, type CommandHandlers, groups, type NewEvent, refuse } from "#control-plane/events";
import type { FleetDependencies } from "./dependencies.ts";
import { currentDeployment } from "./deployments.ts";
import { done, invalid, limited, projectOf } from "./find.ts";
import { FLEET_LIMITS } from "./limits.ts";
import { digestProblem, shortTextProblem } from "./rules.ts";
import { trustProblem } from "./trust.ts";

type ArtifactCommands = "gatewayArtifact.upload" | "gatewayArtifact.delete";

const KEY_ID = /^[0-9a-f]{64}$/;

export function createArtifactHandlers({ newId }: Pick<FleetDependencies, "newId">): CommandHandlers<ArtifactCommands> {
  return {
    "gatewayArtifact.upload"({ accountId, projectId, artifact, signatures, uploadedBy }, views) {
      if (projectOf(views, accountId, projectId) === undefined) return noSuch("project");
      const { digest, contentDigest, compiler, commit, source } = artifact;
      const problem =
        digestProblem("artifact.digest", digest) ??
        digestProblem("artifact.contentDigest", contentDigest) ??
        shortTextProblem("artifact.compiler", compiler) ??
        shortTextProblem("artifact.commit", commit) ??
        shortTextProblem("artifact.source", source) ??
        shortTextProblem("uploadedBy", uploadedBy) ??
        signaturesProblem(signatures);
      if (problem !== undefined) return invalid(problem);
      // It was verified a moment ago; what is trusted may be another key by now.
      const distrust = trustProblem(views, projectId, signatures);
      if (distrust !== undefined) return refuse("ArtifactNotTrusted", distrust);
      const same = views
        .inGroup("gatewayArtifact", groups.digested(projectId, digest))
        .find((one) => one.contentDigest === contentDigest);
      if (same !== undefined) {
        const { artifactId } = same;
        return { ok: true, events: verifiedAnew(same, signatures), result: { artifactId, isNew: false } };
      }
      const full = artifactsProblem(views, projectId);
      if (full !== undefined) return limited(full);
      const artifactId = newId("art_");
      const payload = { artifactId, accountId, projectId, ...artifact, revisions: [], uploadedBy, signatures };
      return {
        ok: true,
        events: [{ type: "gatewayArtifact.created", aggregateId: artifactId, org: accountId, payload }],
        result: { artifactId, isNew: true },
      };
    },

    "gatewayArtifact.delete"({ accountId, artifactId }, views) {
      const artifact = owned(views, "gatewayArtifact", accountId, artifactId);
      if (artifact === undefined) return noSuch("artifact");
      if (isWanted(views, artifact)) {
        return refuse(
          "ResourceInUse",
          "The project's current deployment needs this artifact: deploy another one first",
        );
      }
      const payload = { artifactId };
      return {
        ...done,
        events: [{ type: "gatewayArtifact.deleted", aggregateId: artifactId, org: accountId, payload }],
      };
    },
  };
}

/** The same bytes, and other keys are trusted than when they came first. */
function verifiedAnew(artifact: GatewayArtifactRecord, signatures: readonly ArtifactSignature[]): readonly NewEvent[] {
  const { artifactId, accountId, signatures: before, uploadedBy } = artifact;
  // What was compiled here is signed by nobody, and needs nobody's signature.
  if (uploadedBy === undefined || JSON.stringify(before) === JSON.stringify(signatures)) return [];
  const payload = { artifactId, signatures };
  return [{ type: "gatewayArtifact.verified", aggregateId: artifactId, org: accountId, payload }];
}

function signaturesProblem(signatures: readonly ArtifactSignature[]): string | undefined {
  if (signatures.length > TRUSTED_KEYS_MAX) return `signatures: an artifact has ${TRUSTED_KEYS_MAX} at most`;
  return signatures.every(({ keyId }) => KEY_ID.test(keyId))
    ? undefined
    : "signatures: a keyId has 64 hexadecimal digits";
}

function isWanted(views: CatalogReader, { projectId, artifactId }: GatewayArtifactRecord): boolean {
  const current = currentDeployment(views, projectId);
  return current?.artifactId === artifactId || current?.baseline?.artifactId === artifactId;
}

export function artifactsProblem(views: CatalogReader, projectId: string): string | undefined {
  const artifacts = views.inGroup("gatewayArtifact", groups.ofProject(projectId));
  const bytes = artifacts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (artifacts.length < FLEET_LIMITS.artifactsPerProject && bytes < FLEET_LIMITS.artifactBytesPerProject) {
    return undefined;
  }
  return `The project has ${artifacts.length} artifacts of ${bytes} bytes: delete some that are not needed any more`;
}
