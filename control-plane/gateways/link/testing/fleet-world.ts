/** A real control plane with projects, keys and artifacts, the link, and gateways that a test plays. In virtual time. */
import type { AccountId, Command, CommandOutcome, DesiredArtifact, GatewayMessage, MessageToGateway } from "#contracts";
import { origin, withControlPlane } from "#control-plane/core/testing";
import type { CompileBuild } from "#control-plane/gateways/builds";
import type { VirtualTime } from "#foundation/runtime";
import { createMetrics, silentLogger } from "#foundation/telemetry";
import { createGatewayLink, type GatewayLink } from "../gateway-link.ts";
import { HEALTH, registration } from "./messages.ts";

type Said<Type extends MessageToGateway["type"]> = Extract<MessageToGateway, { readonly type: Type }>;

/** One connection, of which a test is the gateway. */
export interface PlayedGateway {
  readonly heard: MessageToGateway[];
  /** Why the control plane has closed it. */
  readonly closed: () => string | undefined;
  send(message: GatewayMessage | string): void;
  /** Waits for it. */
  next<Type extends MessageToGateway["type"]>(type: Type): Promise<Said<Type>>;
  heartbeat(servedDigest?: string | null, more?: object): DesiredArtifact | undefined;
  hangUp(): void;
}

export interface FleetWorld {
  readonly time: VirtualTime;
  readonly link: GatewayLink;
  readonly core: Parameters<Parameters<typeof withControlPlane>[0]>[0]["controlPlane"];
  readonly accountId: AccountId;
  does<Given extends Command>(command: Given): Promise<Extract<CommandOutcome<Given["type"]>, { readonly ok: true }>>;
  project(name: string): Promise<string>;
  key(projectId: string, more?: object): Promise<{ readonly keyId: string; readonly key: string }>;
  /** An artifact of the project with this digest. @returns its id */
  artifact(projectId: string, digest: string): Promise<string>;
  deploy(projectId: string, digest: string): Promise<number>;
  connect(apiKey: string): PlayedGateway;
  /** Registered, and answered once. @throws when it is not let in */
  join(
    apiKey: string,
    projectId: string,
    instanceId: string,
    more?: object,
  ): Promise<PlayedGateway & { readonly id: string }>;
}

export function withFleet(body: (world: FleetWorld) => Promise<void>): Promise<void> {
  return withControlPlane(
    async ({ controlPlane: core, time }) => {
      const { accountId } = await core.ensureRoot();
      const link = createGatewayLink({
        core,
        clock: time.clock,
        timers: time.timers,
        logger: silentLogger,
        metrics: createMetrics(),
      });
      const does: FleetWorld["does"] = async (command) => {
        const outcome = await core.execute(command, origin());
        if (!outcome.ok) throw new Error(`${command.type}: ${outcome.code}: ${outcome.message}`);
        return outcome as never;
      };
      const connect = (apiKey: string): PlayedGateway => {
        const heard: MessageToGateway[] = [];
        let closed: string | undefined;
        let wake: (() => void) | undefined;
        const session = link.accept(apiKey, {
          send(message) {
            heard.push(message);
            wake?.();
          },
          close(reason) {
            closed = reason;
            wake?.();
          },
        });
        const next: PlayedGateway["next"] = async (type) => {
          for (;;) {
            const index = heard.findIndex((message) => message.type === type);
            if (index !== -1) return heard.splice(index, 1)[0] as never;
            if (closed !== undefined) throw new Error(`closed: ${closed}, ${JSON.stringify(heard)}`);
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        };
        const send: PlayedGateway["send"] = (message) =>
          session.receive(typeof message === "string" ? message : JSON.stringify(message));
        return {
          heard,
          closed: () => closed,
          send,
          next,
          heartbeat(servedDigest = null, more = {}) {
            send({ type: "heartbeat", artifact_digest: servedDigest, uptime_secs: 5, health: HEALTH, ...more });
            // It is answered in the same turn.
            const answer = heard.findLast((message) => message.type === "heartbeat_ack");
            if (answer === undefined) throw new Error(`no answer to a heartbeat: ${JSON.stringify(heard)}`);
            heard.splice(heard.indexOf(answer), 1);
            return answer.desired;
          },
          hangUp: () => session.closed(),
        };
      };
      const world: FleetWorld = {
        time,
        link,
        core,
        accountId,
        does,
        async project(name) {
          return (await does({ type: "project.create", accountId, name })).result.projectId;
        },
        async key(projectId, more = {}) {
          const made = await does({
            type: "gatewayKey.create",
            accountId,
            projectId,
            name: `key ${Math.random()}`,
            ...more,
          });
          return made.result;
        },
        async artifact(projectId, digest) {
          // What the file says is what its artifact is called, see `compile`.
          const contents = Buffer.from(digest);
          const { digests, release } = await core.gatewayBlobs.put([contents]);
          const files = [{ path: "a.yaml", digest: digests[0]!, sizeBytes: contents.length }];
          const name = `spec of ${digest}`.slice(0, 40);
          const spec = await does({
            type: "gatewaySpec.create",
            accountId,
            projectId,
            name,
            files,
            descriptions: ["a.yaml"],
          });
          release();
          const revisions = [spec.result.revisionId];
          const { buildId } = (
            await does({ type: "gatewayBuild.request", accountId, projectId, revisions, options: {} })
          ).result;
          await settled(() => core.views.record("gatewayBuild", buildId)?.status !== "queued");
          const build = core.views.record("gatewayBuild", buildId)!;
          if (build.artifactId === undefined) throw new Error(JSON.stringify(build));
          return build.artifactId;
        },
        async deploy(projectId, digest) {
          const known = [...core.views.records("gatewayArtifact")].find(
            (one) => one.projectId === projectId && one.digest === digest,
          );
          const artifactId = known?.artifactId ?? (await world.artifact(projectId, digest));
          const started = await does({ type: "gatewayDeployment.start", accountId, projectId, artifactId });
          return core.views.record("gatewayDeployment", started.result.deploymentId)!.generation;
        },
        connect,
        async join(apiKey, projectId, instanceId, more) {
          const gateway = connect(apiKey);
          gateway.send(registration(apiKey, projectId, instanceId, more));
          const { data_plane_id: id } = await gateway.next("registered");
          return { ...gateway, id };
        },
      };
      try {
        await body(world);
      } finally {
        link.close();
      }
    },
    { compile },
  );
}

/** An artifact whose digest is what the description says. */
const compile: CompileBuild = async ({ specs: [spec] }) => {
  const bytes = spec!.files.get("a.yaml")!;
  const artifact = { bytes, digest: Buffer.from(bytes).toString(), operations: 1 };
  return { diagnostics: [], errors: 0, warnings: 0, artifact };
};

/** Commits happen in real time. */
export async function settled(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
