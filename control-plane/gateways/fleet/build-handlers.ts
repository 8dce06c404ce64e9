/** Builds. */
import { BUILD_DIAGNOSTICS_MAX, type BuildDiagnostic, type BuildOptions } from "#contracts";
import { noSuch, owned } from "#control-plane/applications";
import { type CatalogReader, type CommandHandlers, groups, type NewEvent, refuse } from "#control-plane/events";
import { artifactsProblem } from "./artifact-handlers.ts";
import type { FleetDependencies } from "./dependencies.ts";
import { builtRevision, done, invalid, limited, projectOf, surplus } from "./find.ts";
import { FLEET_LIMITS } from "./limits.ts";
import { digestProblem, shortTextProblem } from "./rules.ts";

type BuildCommands = "gatewayBuild.request" | "gatewayBuild.succeed" | "gatewayBuild.fail";

export function createBuildHandlers({ newId, now }: FleetDependencies): CommandHandlers<BuildCommands> {
  return {
    "gatewayBuild.request"({ accountId, projectId, revisions, options }, views) {
      if (projectOf(views, accountId, projectId) === undefined) return noSuch("project");
      const problem = optionsProblem(options);
      if (problem !== undefined) return invalid(problem);
      if (revisions.length === 0 || revisions.length > FLEET_LIMITS.specsPerBuild) {
        return invalid(`revisions: a build is of 1 to ${FLEET_LIMITS.specsPerBuild} revisions`);
      }
      const found = revisions.map((revisionId) => owned(views, "gatewaySpecRevision", accountId, revisionId));
      const known = found.filter((revision) => revision?.projectId === projectId).map((revision) => revision!);
      if (known.length < found.length) return noSuch("revision of a spec of this project");
      if (new Set(known.map(({ specId }) => specId)).size < known.length) {
        return invalid("revisions: a build is of one revision of a spec at most");
      }
      const full = queueProblem(views, projectId) ?? artifactsProblem(views, projectId);
      if (full !== undefined) return limited(full);
      const buildId = newId("bld_");
      const payload = {
        buildId,
        accountId,
        projectId,
        revisions: known.map((revision) => builtRevision(views, revision)),
        options: givenOptions(options),
        status: "queued" as const,
      };
      const finished = views
        .inGroup("gatewayBuild", groups.ofProject(projectId))
        .filter(({ status }) => status !== "queued");
      return {
        ok: true,
        events: [
          { type: "gatewayBuild.requested", aggregateId: buildId, org: accountId, payload },
          ...surplus(finished, FLEET_LIMITS.buildsPerProject).map(
            (build): NewEvent => ({
              type: "gatewayBuild.collected",
              aggregateId: build.buildId,
              org: accountId,
              payload: { buildId: build.buildId, reason: "too_many" },
            }),
          ),
        ],
        result: { buildId },
      };
    },

    "gatewayBuild.succeed"({ buildId, artifact, diagnostics, warnings }, views) {
      const build = views.record("gatewayBuild", buildId);
      if (build === undefined) return noSuch("build");
      if (build.status !== "queued") return hasOutcome();
      const problem =
        digestProblem("artifact.digest", artifact.digest) ??
        digestProblem("artifact.contentDigest", artifact.contentDigest);
      if (problem !== undefined) return invalid(problem);
      const { accountId, projectId, revisions, options } = build;
      // Signed by others or not: it is the same in everything that gateways serve.
      const alike = views.inGroup("gatewayArtifact", groups.digested(projectId, artifact.digest));
      const same = alike.find(({ contentDigest }) => contentDigest === artifact.contentDigest) ?? alike[0];
      const artifactId = same?.artifactId ?? newId("art_");
      const { commit, source } = options;
      const made: NewEvent = {
        type: "gatewayArtifact.created",
        aggregateId: artifactId,
        org: accountId,
        payload: {
          artifactId,
          accountId,
          projectId,
          ...artifact,
          buildId,
          revisions,
          ...(commit === undefined ? {} : { commit }),
          ...(source === undefined ? {} : { source }),
        },
      };
      const payload = {
        buildId,
        status: "succeeded" as const,
        artifactId,
        diagnostics: shown(diagnostics),
        warnings,
        finishedAt: now(),
      };
      return {
        ok: true,
        events: [
          ...(same === undefined ? [made] : []),
          { type: "gatewayBuild.succeeded", aggregateId: buildId, org: accountId, payload },
        ],
        result: { artifactId },
      };
    },

    "gatewayBuild.fail"({ buildId, diagnostics, errors, warnings, message }, views) {
      const build = views.record("gatewayBuild", buildId);
      if (build === undefined) return noSuch("build");
      if (build.status !== "queued") return hasOutcome();
      const payload = {
        buildId,
        status: "failed" as const,
        diagnostics: shown(diagnostics),
        errors,
        warnings,
        ...(message === undefined ? {} : { message }),
        finishedAt: now(),
      };
      return {
        ...done,
        events: [{ type: "gatewayBuild.failed", aggregateId: buildId, org: build.accountId, payload }],
      };
    },
  };
}

const hasOutcome = () => refuse("ResourceInUse", "The build has an outcome already");

/** What a diagnostic says at most, so that an event stays small: 100 of these are 200 KiB. */
const WORDS_MAX = 1_000;

const RANK = { error: 0, warning: 1, note: 2 } as const;

function shown(diagnostics: readonly BuildDiagnostic[]): readonly BuildDiagnostic[] {
  const cut = (words: string): string =>
    words.length > WORDS_MAX ? `${words.slice(0, WORDS_MAX)}…`.toWellFormed() : words;
  return diagnostics
    .toSorted((left, right) => RANK[left.level] - RANK[right.level])
    .slice(0, BUILD_DIAGNOSTICS_MAX)
    .map(({ hint, ...one }) => ({
      ...one,
      message: cut(one.message),
      pointer: cut(one.pointer),
      ...(hint === undefined ? {} : { hint: cut(hint) }),
    }));
}

function optionsProblem({ upstream, commit, source }: BuildOptions): string | undefined {
  if (upstream !== undefined && (upstream.length > 2_048 || !/^https?:\/\/[^/\s]+\S*$/.test(upstream))) {
    return "options.upstream must be an http or https URL";
  }
  return shortTextProblem("options.commit", commit) ?? shortTextProblem("options.source", source);
}

/** Empty texts say nothing. */
function givenOptions(options: BuildOptions): BuildOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== "" && value !== undefined));
}

function queueProblem(views: CatalogReader, projectId: string): string | undefined {
  const waiting = views.inGroup("gatewayBuild", groups.unfinished());
  if (waiting.length >= FLEET_LIMITS.queued) return "Too many builds are waiting: try again later";
  const own = waiting.filter((build) => build.projectId === projectId).length;
  if (own < FLEET_LIMITS.queuedPerProject) return undefined;
  return `${own} builds of this project are waiting: try again when some are done`;
}
