/** Projects, apps and environments: what holds everything else. */
import type { EnvRecord } from "#contracts";
import { type CatalogReader, type CommandHandlers, groups, type NewEvent, refuse } from "#control-plane/events";
import type { ApplicationDependencies } from "./dependencies.ts";
import { noSuch, owned, versionProblem } from "./find.ts";
import { descriptionProblem, labelProblem, projectNameProblem } from "./names.ts";
import { endOfGateways, gatewaysProblem } from "./project-contents.ts";
import { quotaProblem } from "./quotas.ts";

export type TenantCommands =
  | "project.create"
  | "project.update"
  | "project.delete"
  | "app.create"
  | "app.update"
  | "app.delete"
  | "env.create"
  | "env.update"
  | "env.delete"
  | "env.confirmNoSecrets"
  | "env.restart";

/** Releases that end with their app in one transaction. */
const RELEASES_ENDED_MAX = 5_000;

const done = { ok: true, events: [], result: {} } as const;

export function createTenantHandlers({ newId }: ApplicationDependencies): CommandHandlers<TenantCommands> {
  return {
    "project.create"({ accountId, name }, views) {
      const problem = projectNameProblem(name);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      if (views.account(accountId) === undefined) return refuse("NoSuchAccount", "There is no such account");
      if (views.inGroup("project", groups.named(accountId, name)).length > 0) return taken("project", name);
      const projectId = newId("prj_");
      const payload = { projectId, accountId, name };
      return {
        ok: true,
        events: [{ type: "project.created", aggregateId: projectId, org: accountId, payload }],
        result: { projectId },
      };
    },

    "project.update"(command, views) {
      const { accountId, projectId, name } = command;
      const project = owned(views, "project", accountId, projectId);
      if (project === undefined) return noSuch("project");
      const problem = name === undefined ? undefined : projectNameProblem(name);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      const stale = versionProblem(project, command);
      if (stale !== undefined) return stale;
      if (name === undefined || name === project.name) return done;
      const others = views.inGroup("project", groups.named(accountId, name));
      if (others.some((other) => other.projectId !== projectId)) return taken("project", name);
      const payload = { projectId, name };
      return {
        ok: true,
        events: [{ type: "project.updated", aggregateId: projectId, org: accountId, payload }],
        result: {},
      };
    },

    "project.delete"(command, views) {
      const { accountId, projectId } = command;
      const project = owned(views, "project", accountId, projectId);
      if (project === undefined) return noSuch("project");
      const stale = versionProblem(project, command);
      if (stale !== undefined) return stale;
      const apps = views.inGroup("app", groups.ofProject(projectId));
      if (apps.length > 0) {
        const names = apps.map(({ name }) => name).slice(0, 5);
        return refuse("ResourceInUse", `The project has apps (${names.join(", ")}): delete or move them first`);
      }
      const gateways = gatewaysProblem(views, project);
      if (gateways !== undefined) return gateways;
      const events = [...endOfGateways(views, project), ended("project", projectId, accountId)];
      return { ok: true, events, result: {} };
    },

    "app.create"({ accountId, name, description, projectId }, views) {
      const problem = labelProblem("name", name) ?? descriptionProblem(description);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      if (views.account(accountId) === undefined) return refuse("NoSuchAccount", "There is no such account");
      if (projectId !== undefined && owned(views, "project", accountId, projectId) === undefined) {
        return noSuch("project");
      }
      if (views.inGroup("app", groups.named(accountId, name)).length > 0) return taken("app", name);
      const over = quotaProblem(views, accountId, { apps: 1 });
      if (over !== undefined) return over;
      const appId = newId("app_");
      const payload = {
        appId,
        accountId,
        name,
        ...(description === undefined ? {} : { description }),
        ...(projectId === undefined ? {} : { projectId }),
      };
      return {
        ok: true,
        events: [{ type: "app.created", aggregateId: appId, org: accountId, payload }],
        result: { appId },
      };
    },

    "app.update"(command, views) {
      const { accountId, appId, name, description, projectId } = command;
      const app = owned(views, "app", accountId, appId);
      if (app === undefined) return noSuch("app");
      const problem = (name === undefined ? undefined : labelProblem("name", name)) ?? descriptionProblem(description);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      const stale = versionProblem(app, command);
      if (stale !== undefined) return stale;
      if (typeof projectId === "string" && owned(views, "project", accountId, projectId) === undefined) {
        return noSuch("project");
      }
      if (name !== undefined) {
        const others = views.inGroup("app", groups.named(accountId, name));
        if (others.some((other) => other.appId !== appId)) return taken("app", name);
      }
      const payload = {
        appId,
        ...(name === undefined || name === app.name ? {} : { name }),
        ...(description === undefined || description === (app.description ?? null) ? {} : { description }),
        ...(projectId === undefined || projectId === (app.projectId ?? null) ? {} : { projectId }),
      };
      if (Object.keys(payload).length === 1) return done;
      return { ok: true, events: [{ type: "app.updated", aggregateId: appId, org: accountId, payload }], result: {} };
    },

    "app.delete"(command, views) {
      const { accountId, appId } = command;
      const app = owned(views, "app", accountId, appId);
      if (app === undefined) return noSuch("app");
      const stale = versionProblem(app, command);
      if (stale !== undefined) return stale;
      const envs = views.inGroup("env", groups.ofApp(appId));
      if (envs.length > 0) {
        const names = envs.map(({ name }) => name).slice(0, 5);
        return refuse("ResourceInUse", `The app has environments (${names.join(", ")}): delete them first`);
      }
      // Instances of an environment that is gone run until they are drained, and need their release as long.
      const releases = views.inGroup("release", groups.ofApp(appId));
      const running = views.inGroup("instance", groups.ofAccount(accountId)).find((one) => one.appId === appId);
      if (running !== undefined) {
        return refuse("ResourceInUse", "Instances of the app are still being taken away: try again in a moment");
      }
      if (releases.length > RELEASES_ENDED_MAX) {
        return refuse("LimitExceeded", `The app has more than ${RELEASES_ENDED_MAX} releases`);
      }
      const events = releases.map(({ releaseId }) => ended("release", releaseId, accountId, "app_deleted"));
      return { ok: true, events: [...events, ended("app", appId, accountId)], result: {} };
    },

    "env.create"({ accountId, appId, name }, views) {
      const problem = labelProblem("name", name);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      if (owned(views, "app", accountId, appId) === undefined) return noSuch("app");
      if (views.inGroup("env", groups.ofApp(appId)).some((other) => other.name === name)) {
        return taken("environment", name);
      }
      const over = quotaProblem(views, accountId, { envs: 1 });
      if (over !== undefined) return over;
      const envId = newId("env_");
      const payload = {
        envId,
        accountId,
        appId,
        name,
        scale: {},
        desired: {},
        unschedulable: {},
        secretsNotNeeded: false,
        restarts: {},
      };
      return {
        ok: true,
        events: [{ type: "env.created", aggregateId: envId, org: accountId, payload }],
        result: { envId },
      };
    },

    "env.update"(command, views) {
      const { accountId, envId, name } = command;
      const env = owned(views, "env", accountId, envId);
      if (env === undefined) return noSuch("environment");
      const problem = name === undefined ? undefined : labelProblem("name", name);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      const stale = versionProblem(env, command);
      if (stale !== undefined) return stale;
      if (name === undefined || name === env.name) return done;
      if (views.inGroup("env", groups.ofApp(env.appId)).some((other) => other.name === name)) {
        return taken("environment", name);
      }
      const payload = { envId, name };
      return { ok: true, events: [{ type: "env.updated", aggregateId: envId, org: accountId, payload }], result: {} };
    },

    "env.delete"(command, views) {
      const { accountId, envId } = command;
      const env = owned(views, "env", accountId, envId);
      if (env === undefined) return noSuch("environment");
      const stale = versionProblem(env, command);
      if (stale !== undefined) return stale;
      return { ok: true, events: endOfEnv(views, env), result: {} };
    },

    "env.confirmNoSecrets"({ accountId, envId }, views) {
      const env = owned(views, "env", accountId, envId);
      if (env === undefined) return noSuch("environment");
      if (env.secretsNotNeeded) return done;
      const payload = { envId, secretsNotNeeded: true };
      return {
        ok: true,
        events: [{ type: "env.secretsNotNeeded", aggregateId: envId, org: accountId, payload }],
        result: {},
      };
    },

    "env.restart"({ accountId, envId, processTypes }, views) {
      const env = owned(views, "env", accountId, envId);
      if (env === undefined) return noSuch("environment");
      const running = Object.keys(env.desired);
      const chosen = processTypes ?? running;
      const unknown = chosen.find((type) => !running.includes(type));
      if (unknown !== undefined) {
        const there = running.length === 0 ? "nothing is deployed" : `there are: ${running.join(", ")}`;
        return refuse(
          "ValidationFailed",
          `processTypes: nothing of the name ${JSON.stringify(unknown)} is deployed; ${there}`,
        );
      }
      if (chosen.length === 0) return refuse("ValidationFailed", "Nothing is deployed in this environment");
      const restarts = { ...env.restarts };
      for (const type of new Set(chosen)) restarts[type] = (restarts[type] ?? 0) + 1;
      const payload = { envId, restarts };
      return {
        ok: true,
        events: [{ type: "env.restartRequested", aggregateId: envId, org: accountId, payload }],
        result: {},
      };
    },
  };
}

/** Everything that ends with an environment. Its instances are for the scheduler, which sees that it is gone. */
function endOfEnv(views: CatalogReader, { envId, accountId }: EnvRecord): readonly NewEvent[] {
  const all = groups.inEnv(envId);
  const reason = "env_deleted";
  return [
    ...views.inGroup("route", all).map(({ routeId }) => ended("route", routeId, accountId, reason)),
    ...views
      .inGroup("volumeAttachment", all)
      .map(({ attachmentId }) => ended("volumeAttachment", attachmentId, accountId, reason)),
    ...views.inGroup("secretBundle", all).map(({ bundleId }) => ended("secretBundle", bundleId, accountId, reason)),
    ...views.inGroup("deploy", all).map(({ deployId }) => ended("deploy", deployId, accountId, reason)),
    ended("env", envId, accountId),
  ];
}

const KEYS = {
  project: "projectId",
  app: "appId",
  env: "envId",
  release: "releaseId",
  route: "routeId",
  deploy: "deployId",
  secretBundle: "bundleId",
  volumeAttachment: "attachmentId",
} as const;

/** The event that takes a record away. */
export function ended(kind: keyof typeof KEYS, id: string, org: EnvRecord["accountId"], reason?: string): NewEvent {
  const payload = { [KEYS[kind]]: id, ...(reason === undefined ? {} : { reason }) };
  // The table gives each kind its own key.
  return { type: `${kind}.deleted`, aggregateId: id, org, payload } as unknown as NewEvent;
}

const taken = (what: string, name: string) =>
  refuse(
    "ResourceAlreadyExists",
    `name: there is ${what === "app" || what === "environment" ? "an" : "a"} ${what} named ${name} already`,
  );
