/** A control plane as a process, driven through its REST API, and gateways as processes of their own. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { readCredentials } from "#apps/biplane/state";
import { type CliAnswer, type CloudProcess, createCloud } from "../../support/cloud.ts";
import { until } from "../../support/until.ts";
import { descriptionSaying } from "./artifacts.ts";
import { type GatewayProcess, startGatewayProcess } from "./gateway-process.ts";

/** A gateway as the API shows it, as far as tests look at it. */
export interface ShownGateway {
  readonly id: string;
  readonly name?: string;
  readonly status: string;
  readonly [member: string]: unknown;
}

export interface FleetGatewayProcess extends GatewayProcess {
  readonly name: string;
  /** `fleet` of `/health` on the admin port. */
  link(): Promise<Record<string, unknown>>;
  /** What it answers to `GET /version`. */
  says(): Promise<string>;
  /** Whether an artifact is on its disk for the next start: a moment after it is served. */
  keeps(): boolean;
  kill(): Promise<void>;
}

export interface StartOptions {
  readonly projectId: string;
  readonly key: string;
  /** Default: `http:` without a path. */
  readonly controlPlane?: (apiUrl: string) => string;
  readonly options?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export interface FleetOfProcesses {
  readonly apiUrl: string;
  /** Of the control plane. */
  readonly dataDirectory: string;
  /** The command line, against this control plane. */
  cli(...args: readonly string[]): Promise<CliAnswer>;
  startControl(): Promise<void>;
  killControl(): Promise<void>;
  /** The exit code of the control plane that was started last, once it has ended. */
  controlExited(): Promise<number>;
  /** @throws for an answer that is not 2xx */
  call<Answer = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Whatever is answered; without a bearer token unless one is given. */
  ask(method: string, path: string, bearer?: string): Promise<Response>;
  project(name: string): Promise<string>;
  key(projectId: string, name: string, more?: object): Promise<{ readonly id: string; readonly key: string }>;
  /** Compiles a description. @returns the artifact's id */
  build(projectId: string, description: string): Promise<string>;
  deploy(projectId: string, artifactId: string): Promise<void>;
  /** A description that answers the text, built and deployed. */
  deploySaying(projectId: string, text: string): Promise<void>;
  gateways(projectId: string): Promise<readonly ShownGateway[]>;
  /** The same name again is the same gateway, from the same directory. */
  startGateway(name: string, start: StartOptions): Promise<FleetGatewayProcess>;
  dispose(): Promise<void>;
}

export interface FleetOptions {
  /** Of the control plane, besides its port. */
  readonly controlOptions?: readonly string[];
}

export function createFleet({ controlOptions = [] }: FleetOptions = {}): FleetOfProcesses {
  const cloud = createCloud();
  const folder = mkdtempSync(join(tmpdir(), "biplane-fleet-"));
  const running: Subprocess[] = [];
  let control: CloudProcess | undefined;
  let apiUrl = "";
  let specs = 0;

  const token = (): string => readCredentials(cloud.dataDirectory)!.apiToken;
  const ask: FleetOfProcesses["ask"] = (method, path, bearer) =>
    fetch(`${apiUrl}${path}`, {
      method,
      ...(bearer === undefined ? {} : { headers: { authorization: `Bearer ${bearer}` } }),
    });
  const call = async <Answer>(method: string, path: string, body?: unknown): Promise<Answer> => {
    const answer = await fetch(`${apiUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${token()}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text === "" ? {} : JSON.parse(text)) as Answer;
  };

  const fleet: FleetOfProcesses = {
    get apiUrl() {
      return apiUrl;
    },
    dataDirectory: cloud.dataDirectory,
    cli: (...args) => cloud.cli(...args),
    async startControl() {
      // The second time where it was, so that gateways find it.
      const port = apiUrl === "" ? "0" : new URL(apiUrl).port;
      control = await cloud.start("control", "--api-port", port, ...controlOptions);
      apiUrl = /control API +(\S+)/.exec(control.output())![1]!;
    },
    async killControl() {
      await control!.kill();
    },
    controlExited: () => control!.exited,
    call,
    ask,
    async project(name) {
      const { accountId } = readCredentials(cloud.dataDirectory)!;
      const { id } = await call<{ readonly id: string }>("POST", `/v1/orgs/${accountId}/projects`, { name });
      return id;
    },
    key: (projectId, name, more = {}) => call("POST", `/v1/projects/${projectId}/api-keys`, { name, ...more }),
    async build(projectId, description) {
      const files = [{ path: "api.yaml", content: description }];
      const { spec } = await call<{ readonly spec: { readonly id: string } }>(
        "POST",
        `/v1/projects/${projectId}/specs`,
        {
          name: `spec ${++specs}`,
          files,
        },
      );
      const { id } = await call<{ readonly id: string }>("POST", `/v1/specs/${spec.id}/compile`, {});
      let build: Record<string, unknown> = {};
      await until("a build has an outcome", async () => {
        build = await call("GET", `/v1/builds/${id}`);
        return build.status !== "queued";
      });
      if (typeof build.artifact_id !== "string") throw new Error(JSON.stringify(build));
      return build.artifact_id;
    },
    async deploy(projectId, artifactId) {
      await call("POST", `/v1/projects/${projectId}/deploy`, { artifact_id: artifactId });
    },
    async deploySaying(projectId, text) {
      await fleet.deploy(projectId, await fleet.build(projectId, descriptionSaying(text)));
    },
    async gateways(projectId) {
      const { items } = await call<{ readonly items: readonly ShownGateway[] }>(
        "GET",
        `/v1/projects/${projectId}/data-planes`,
      );
      return items;
    },
    async startGateway(name, { projectId, key, controlPlane, options = [], environment = {} }) {
      const state = join(folder, name);
      mkdirSync(state, { recursive: true });
      const started = await startGatewayProcess(
        [
          ...["--control-plane", controlPlane?.(apiUrl) ?? apiUrl],
          ...["--project-id", projectId, "--state-dir", state, "--data-plane-name", name],
          ...options,
        ],
        { BIPLANE_GATEWAY_API_KEY: key, ...environment },
        running,
      );
      return {
        ...started,
        name,
        async link() {
          const health = (await (await fetch(`${started.admin}/health`)).json()) as { fleet: Record<string, unknown> };
          return health.fleet;
        },
        keeps: () => existsSync(join(state, "artifact.kept")),
        says: async () => (await fetch(`${started.url}/version`)).text(),
        async kill() {
          started.child.kill("SIGKILL");
          await started.child.exited;
        },
      };
    },
    async dispose() {
      for (const child of running) child.kill("SIGKILL");
      await Promise.all(running.map(({ exited }) => exited));
      await cloud.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return fleet;
}
