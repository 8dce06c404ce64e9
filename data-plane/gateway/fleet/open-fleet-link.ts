/** The shell around the fleet link's machine: carries out its effects and tells it what happened. */
import {
  type ArtifactRefusal,
  GATEWAY_FLEET_PROTOCOL,
  type GatewayHealth,
  type GatewayMessage,
  type MessageToGateway,
} from "#contracts";
import type { Clock, Random, TimerHandle, Timers } from "#foundation/runtime";
import type { Logger } from "#foundation/telemetry";
import { FetchFailed, fetchArtifact } from "./fetch-artifact.ts";
import { type FleetAddress, fleetAddress } from "./fleet-address.ts";
import { initialFleetState, step } from "./fleet-machine.ts";
import type { FleetEffect, FleetEvent, FleetPhase, FleetTimer, WantedArtifact } from "./fleet-machine-types.ts";
import { type FleetTransport, fleetSocket } from "./fleet-socket.ts";
import { keepArtifact, readKeptArtifact } from "./kept-artifact.ts";

/** What the link needs of a gateway. */
export interface FleetGateway {
  /** What it serves. */
  readonly artifact: { readonly digest: string } | undefined;
  /** Serves this from now on. When it rejects, what was served before still is. */
  use(bytes: Uint8Array): Promise<unknown>;
}

export interface FleetLinkOptions {
  /** `http(s)` or `ws(s)`, with a path prefix where the control plane has one. */
  readonly controlPlaneUrl: string;
  readonly projectId: string;
  readonly apiKey: string;
  /** The key as it is now, asked for before each connection: it may have been rotated. Undefined: it cannot be read, and the last one is shown again. Must not throw. */
  readonly readApiKey?: () => string | undefined;
  /** For people. */
  readonly name?: string;
  /** Which others it belongs with. */
  readonly group?: string;
  /** The same after every restart. */
  readonly instanceId: string;
  readonly version: string;
  readonly hostname: string;
  readonly gateway: FleetGateway;
  /** Asked for every heartbeat; must not throw. */
  readonly health: () => GatewayHealth;
  /** Seconds since the gateway was started; must not throw. */
  readonly uptimeSecs: () => number;
  /** Where the last good artifact is kept. Its folder must be there. Undefined: a restart needs the control plane, or a file. */
  readonly keptPath?: string;
  /** Certificate authorities in PEM, for a control plane with a private one. */
  readonly ca?: string;
  /** Largest artifact that is fetched. Default 64 MiB. */
  readonly artifactBytesMax?: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
}

export interface FleetReport {
  readonly phase: FleetPhase;
  readonly dataPlaneId: string | undefined;
  readonly desired: { readonly generation: number; readonly digest: string } | undefined;
  readonly lastRefusal: ArtifactRefusal | undefined;
  /** Why there is no connection, or was none the last time; undefined while there is one. */
  readonly lastFailure: string | undefined;
}

export interface FleetLink {
  report(): FleetReport;
  /** Ends the link; the gateway serves on. Resolves when nothing of it is going on any more. */
  close(): Promise<void>;
}

/** Names go into messages and files as they are. */
const NAME = /^[A-Za-z0-9._:-]{1,128}$/;
const KEY = /^[\x21-\x7e]{1,512}$/;

/**
 * Puts the artifact that was kept last into the gateway, then keeps it at what the fleet's control plane wants, until closed.
 *
 * A control plane that is down, wrong or hostile to this gateway is never an error here, and never takes anything away from what is served: the link tries
 * again after 1 to 60 seconds, or, told that there is no use, stops and says so in the log.
 *
 * @throws TypeError for a URL, a project, an instance or a key that cannot be one
 * @example
 * const link = await openFleetLink({ controlPlaneUrl: "https://ops.example", projectId, apiKey, gateway, … });
 */
export async function openFleetLink(options: FleetLinkOptions): Promise<FleetLink> {
  const address = fleetAddress(options.controlPlaneUrl);
  if (!NAME.test(options.projectId)) throw new TypeError("the project's id must be letters, digits and . _ : -");
  if (!NAME.test(options.instanceId)) throw new TypeError("the instance's id must be letters, digits and . _ : -");
  if (!KEY.test(options.apiKey)) throw new TypeError("the API key must be printable ASCII without spaces");
  await useKept(options);
  const key = new CurrentKey(options);
  const transport = fleetSocket({ url: address.socketUrl, apiKey: () => key.text, ca: options.ca });
  return runFleetLink(options, address, transport, key);
}

class CurrentKey {
  text: string;

  constructor(private readonly options: Pick<FleetLinkOptions, "apiKey" | "readApiKey" | "log">) {
    this.text = options.apiKey;
  }

  /** @returns whether it is another one than before */
  refresh(): boolean {
    const found = this.options.readApiKey?.();
    if (found === undefined || found === this.text || !KEY.test(found)) return false;
    this.text = found;
    this.options.log.info("another API key is used from now on");
    return true;
  }
}

/** A gateway that is let in no more for its key comes back when it has another one by now. */
function withLeaveToReturn(message: MessageToGateway, key: CurrentKey): MessageToGateway {
  const isEnd = message.type === "registration_failed" || message.type === "disconnect";
  if (!isEnd || message.retry || !message.reason.endsWith("_key")) return message;
  return key.refresh() ? { ...message, retry: true } : message;
}

/** What was served last is served until the control plane says more. Without it the gateway has what it was started with. */
async function useKept({ keptPath, projectId, gateway, log }: FleetLinkOptions): Promise<void> {
  if (keptPath === undefined) return;
  try {
    const kept = readKeptArtifact(keptPath, projectId);
    if (kept === "damaged") log.error("the kept artifact is damaged and not used", { path: keptPath });
    else if (kept !== undefined) {
      await gateway.use(kept.bytes);
      log.info("the artifact that was kept is served", { digest: kept.digest });
    }
  } catch (error) {
    log.error("the kept artifact cannot be used", { path: keptPath, error });
  }
}

function runFleetLink(
  options: FleetLinkOptions,
  address: FleetAddress,
  transport: FleetTransport,
  key: CurrentKey,
): FleetLink {
  const { gateway, timers, clock, random, log } = options;
  const state = initialFleetState();
  const served = (): string | null => gateway.artifact?.digest ?? null;
  const around = { float: () => random.float(), now: () => clock.now(), served };
  const running = new Map<FleetTimer, TimerHandle>();
  let connection: { send(message: GatewayMessage): void; close(): void } | undefined;
  let attempt: { cancel(): void } | undefined;
  let fetching: AbortController | undefined;
  let held: { readonly bytes: Uint8Array; readonly digest: string } | undefined;
  /** The download or application that is going on; never rejects. */
  let working: Promise<void> = Promise.resolve();

  // Events are taken one after the other: an effect that causes an event at once must not run ahead of the effects still to come.
  const queue: FleetEvent[] = [];
  let stepping = false;
  const dispatch = (event: FleetEvent): void => {
    queue.push(event);
    if (stepping) return;
    stepping = true;
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        for (const effect of step(state, next, around)) carryOut(effect);
      }
    } finally {
      stepping = false;
    }
  };

  const connect = (number: number): void => {
    key.refresh();
    attempt = transport.connect({
      onOpen(opened) {
        if (number !== state.connection || state.phase !== "connecting") {
          opened.close();
          return;
        }
        connection = opened;
        dispatch({ type: "opened", connection: number });
      },
      onMessage: (message) =>
        dispatch({ type: "message", connection: number, message: withLeaveToReturn(message, key) }),
      onClose: (reason) => dispatch({ type: "closed", connection: number, reason }),
    });
  };

  const download = async (number: number, artifact: WantedArtifact): Promise<void> => {
    fetching = new AbortController();
    const { ca, artifactBytesMax: bytesMax } = options;
    const path = artifact.downloadPath ?? `/v1/artifacts/${encodeURIComponent(artifact.artifact_id)}/download`;
    try {
      const url = address.below(path);
      held = await fetchArtifact({ url, apiKey: key.text, ca, timers, bytesMax, signal: fetching.signal });
    } catch (error) {
      const stage = error instanceof FetchFailed ? error.stage : "verify";
      dispatch({ type: "downloadFailed", download: number, stage, reason: messageOf(error) });
      return;
    }
    dispatch({ type: "downloaded", download: number, digest: held.digest });
  };

  const apply = async (number: number, { bytes, digest }: NonNullable<typeof held>): Promise<void> => {
    try {
      await gateway.use(bytes);
    } catch (error) {
      dispatch({ type: "applyFailed", download: number, reason: messageOf(error) });
      return;
    }
    const { keptPath: path, projectId } = options;
    if (path !== undefined) {
      // It is served; that it would not be after a restart is for the log.
      await keepArtifact(path, { projectId, digest, bytes }).catch((error: unknown) =>
        log.error("the artifact cannot be kept", { path, error }),
      );
    }
    dispatch({ type: "applied", download: number });
  };

  const carryOut = (effect: FleetEffect): void => {
    switch (effect.type) {
      case "connect":
        connect(effect.connection);
        return;
      case "disconnect":
        connection?.close();
        attempt?.cancel();
        connection = undefined;
        attempt = undefined;
        return;
      case "register":
        connection?.send(registration(options, key.text, served()));
        return;
      case "heartbeat":
        connection?.send({
          type: "heartbeat",
          artifact_digest: served(),
          uptime_secs: options.uptimeSecs(),
          health: options.health(),
          ...(effect.lastRefusal === undefined ? {} : { last_refusal: effect.lastRefusal }),
        });
        return;
      case "reportApplied": {
        const { generation, error } = effect;
        const success = error === undefined;
        connection?.send({ type: "artifact_applied", generation, success, ...(success ? {} : { error }) });
        return;
      }
      case "setTimer":
        running.get(effect.timer)?.cancel();
        running.set(
          effect.timer,
          timers.after(effect.delayMs, () => dispatch({ type: "timer", timer: effect.timer })),
        );
        return;
      case "clearTimer":
        running.get(effect.timer)?.cancel();
        return;
      case "download":
        working = download(effect.download, effect.artifact);
        return;
      case "cancelDownload":
        fetching?.abort();
        return;
      case "apply": {
        const artifact = held!;
        held = undefined;
        working = apply(effect.download, artifact);
        return;
      }
      case "drop":
        held = undefined;
        return;
      case "log":
        log.log(effect.level, effect.message, effect.fields);
        return;
    }
  };

  dispatch({ type: "start" });
  return {
    report: () => ({
      phase: state.phase,
      dataPlaneId: state.dataPlaneId,
      desired:
        state.desired === undefined
          ? undefined
          : { generation: state.desired.generation, digest: state.desired.digest },
      lastRefusal: state.lastRefusal,
      lastFailure: state.lastFailure,
    }),
    async close() {
      dispatch({ type: "stop" });
      // A download that has just ended may have become an application.
      for (let last: Promise<void> | undefined; last !== working; ) {
        last = working;
        await last;
      }
    },
  };
}

function registration(options: FleetLinkOptions, apiKey: string, artifactDigest: string | null): GatewayMessage {
  return {
    type: "register",
    protocol: GATEWAY_FLEET_PROTOCOL,
    project_id: options.projectId,
    api_key: apiKey,
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.group === undefined ? {} : { group: options.group }),
    instance_id: options.instanceId,
    artifact_digest: artifactDigest,
    metadata: { version: options.version, hostname: options.hostname },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
