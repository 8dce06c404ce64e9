/** Releases: an image and a manifest, for ever. */
import type { ReleaseArtifact } from "#contracts";
import { type CommandHandlers, refuse } from "#control-plane/events";
import { manifestFromJson, manifestHash } from "#foundation/manifest";
import type { ApplicationDependencies } from "./dependencies.ts";
import { noSuch, owned, releasesOf } from "./find.ts";

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const REFERENCE_MAX = 512;
const MESSAGE_MAX = 1_024;

/** Problems of a manifest that one refusal tells. */
const PROBLEMS_TOLD = 10;

export function createReleaseHandlers({ newId }: ApplicationDependencies): CommandHandlers<"release.create"> {
  return {
    "release.create"({ accountId, appId, artifact, manifest: given, message }, views) {
      const app = owned(views, "app", accountId, appId);
      if (app === undefined) return noSuch("app");
      const problem = artifactProblem(artifact) ?? messageProblem(message);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      const parsed = manifestFromJson(given);
      const { manifest } = parsed;
      if (manifest === undefined) {
        const told = parsed.problems
          .slice(0, PROBLEMS_TOLD)
          .map(({ path, message: why }) => `manifest ${path}: ${why}`);
        const more = parsed.problems.length - told.length;
        return refuse("ValidationFailed", told.join("; ") + (more > 0 ? `; and ${more} more` : ""));
      }
      if (manifest.app.name !== app.name) {
        return refuse("ValidationFailed", `manifest app.name: it is ${manifest.app.name}, and the app is ${app.name}`);
      }
      const releaseId = newId("rel_");
      const number = (releasesOf(views, appId)[0]?.number ?? 0) + 1;
      const payload = {
        releaseId,
        accountId,
        appId,
        number,
        artifact,
        manifest,
        manifestHash: manifestHash(manifest),
        ...(message === undefined ? {} : { message }),
      };
      return {
        ok: true,
        events: [{ type: "release.created", aggregateId: releaseId, org: accountId, payload }],
        result: { releaseId, number },
      };
    },
  };
}

function artifactProblem({ digest, resolvedDigests = [], reference, sizeBytes }: ReleaseArtifact): string | undefined {
  if (!DIGEST.test(digest)) return "artifact.digest must be sha256: and 64 hexadecimal digits in lower case";
  const wrong = resolvedDigests.findIndex((resolved) => !DIGEST.test(resolved.digest));
  if (wrong >= 0) return `artifact.resolvedDigests[${wrong}].digest must be sha256: and 64 hexadecimal digits`;
  if (reference !== undefined && reference.length > REFERENCE_MAX) {
    return `artifact.reference must have ${REFERENCE_MAX} characters at most`;
  }
  return sizeBytes > 0 ? undefined : "artifact.sizeBytes must be more than 0";
}

const messageProblem = (message: string | undefined): string | undefined =>
  message === undefined || message.length <= MESSAGE_MAX
    ? undefined
    : `message must have ${MESSAGE_MAX} characters at most`;
