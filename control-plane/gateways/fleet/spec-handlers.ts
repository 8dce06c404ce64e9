/** Specs and their revisions. */
import { createHash } from "node:crypto";
import type { AccountId, GatewaySpecRevisionRecord, SpecFile } from "#contracts";
import { noSuch, owned, versionProblem } from "#control-plane/applications";
import { type CatalogReader, type CommandHandlers, groups, type NewEvent } from "#control-plane/events";
import { canonicalJson } from "#foundation/canonical-json";
import type { FleetDependencies } from "./dependencies.ts";
import { done, invalid, limited, nameTaken, projectOf, revisionsOf } from "./find.ts";
import { FLEET_LIMITS } from "./limits.ts";
import { filesProblem, messageProblem, nameProblem } from "./rules.ts";

type SpecCommands = "gatewaySpec.create" | "gatewaySpec.revise" | "gatewaySpec.delete";

interface Contents {
  readonly files: readonly SpecFile[];
  readonly descriptions: readonly string[];
  readonly message?: string;
}

export function createSpecHandlers({ newId }: FleetDependencies): CommandHandlers<SpecCommands> {
  /** The event that makes a revision. */
  function revisionCreated(
    place: { readonly accountId: AccountId; readonly projectId: string; readonly specId: string },
    number: number,
    given: Contents,
  ): { readonly revisionId: string; readonly event: NewEvent } {
    const revisionId = newId("spr_");
    const { message } = given;
    const payload = {
      revisionId,
      ...place,
      number,
      ...contentsOf(given),
      ...(message === undefined || message === "" ? {} : { message }),
    };
    return {
      revisionId,
      event: { type: "gatewaySpecRevision.created", aggregateId: revisionId, org: place.accountId, payload },
    };
  }

  return {
    "gatewaySpec.create"(command, views) {
      const { accountId, projectId, name } = command;
      if (projectOf(views, accountId, projectId) === undefined) return noSuch("project");
      const problem = nameProblem(name) ?? contentsProblem(command);
      if (problem !== undefined) return invalid(problem);
      if (views.inGroup("gatewaySpec", groups.namedInProject(projectId, name)).length > 0) {
        return nameTaken("spec", name);
      }
      if (views.countInGroup("gatewaySpec", groups.ofProject(projectId)) >= FLEET_LIMITS.specsPerProject) {
        return limited(`A project has ${FLEET_LIMITS.specsPerProject} specs at most`);
      }
      const full = roomProblem(views, projectId, command);
      if (full !== undefined) return limited(full);
      const specId = newId("spc_");
      const { revisionId, event } = revisionCreated({ accountId, projectId, specId }, 1, command);
      const payload = { specId, accountId, projectId, name, latest: { revisionId, number: 1 } };
      return {
        ok: true,
        events: [event, { type: "gatewaySpec.created", aggregateId: specId, org: accountId, payload }],
        result: { specId, revisionId },
      };
    },

    "gatewaySpec.revise"(command, views) {
      const { accountId, specId } = command;
      const spec = owned(views, "gatewaySpec", accountId, specId);
      if (spec === undefined) return noSuch("spec");
      const problem = contentsProblem(command);
      if (problem !== undefined) return invalid(problem);
      const stale = versionProblem(spec, command);
      if (stale !== undefined) return stale;
      const before = views.record("gatewaySpecRevision", spec.latest.revisionId);
      if (before?.digest === contentsOf(command).digest) {
        return { ok: true, events: [], result: { revisionId: before.revisionId } };
      }
      const { projectId } = spec;
      const full = roomProblem(views, projectId, command);
      if (full !== undefined) return limited(full);
      const number = spec.latest.number + 1;
      const { revisionId, event } = revisionCreated({ accountId, projectId, specId }, number, command);
      const payload = { specId, latest: { revisionId, number } };
      const gone = revisionsOf(views, specId).slice(FLEET_LIMITS.revisionsPerSpec - 1);
      return {
        ok: true,
        events: [
          event,
          { type: "gatewaySpec.revised", aggregateId: specId, org: accountId, payload },
          ...gone.map((revision) => revisionDeleted(revision, "too_many")),
        ],
        result: { revisionId },
      };
    },

    "gatewaySpec.delete"(command, views) {
      const { accountId, specId } = command;
      const spec = owned(views, "gatewaySpec", accountId, specId);
      if (spec === undefined) return noSuch("spec");
      const stale = versionProblem(spec, command);
      if (stale !== undefined) return stale;
      return {
        ...done,
        events: [
          ...revisionsOf(views, specId).map((revision) => revisionDeleted(revision, "spec_deleted")),
          { type: "gatewaySpec.deleted", aggregateId: specId, org: accountId, payload: { specId } },
        ],
      };
    },
  };
}

const contentsProblem = ({ files, descriptions, message }: Contents) =>
  filesProblem(files, descriptions) ?? messageProblem(message);

/** In the one order in which the same contents are always written, and their digest. */
function contentsOf({ files, descriptions }: Contents) {
  const ordered = files.toSorted((left, right) => (left.path < right.path ? -1 : 1));
  const named = descriptions.toSorted();
  const text = canonicalJson({ files: ordered.map(({ path, digest }) => [path, digest]), descriptions: named });
  return {
    files: ordered,
    descriptions: named,
    digest: `sha256:${createHash("sha256").update(text).digest("hex")}`,
  };
}

function roomProblem(views: CatalogReader, projectId: string, { files }: Contents): string | undefined {
  let bytes = sizeOf(files);
  for (const revision of views.inGroup("gatewaySpecRevision", groups.ofProject(projectId))) {
    bytes += sizeOf(revision.files);
  }
  if (bytes <= FLEET_LIMITS.revisionBytesPerProject) return undefined;
  return `The revisions of a project have ${FLEET_LIMITS.revisionBytesPerProject} bytes at most, all together: delete specs`;
}

const sizeOf = (files: readonly SpecFile[]): number => files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

function revisionDeleted({ revisionId, accountId }: GatewaySpecRevisionRecord, reason: string): NewEvent {
  const payload = { revisionId, reason };
  return { type: "gatewaySpecRevision.deleted", aggregateId: revisionId, org: accountId, payload };
}
