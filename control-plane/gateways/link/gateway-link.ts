/** The shell around the sessions of gateways: carries out their effects and tells them what was decided. */
import type { DesiredArtifact, GatewayRecord, MessageToGateway, RegistrationFailure } from "#contracts";
import { type AnyEvent, groups } from "#control-plane/events";
import {
  currentDeployment,
  desiredArtifact,
  desiredOf,
  type GatewayPresence,
  gatewayKeyHash,
  gatewayKeyProblem,
} from "#control-plane/gateways/fleet";
import type { Clock, TimerHandle, Timers } from "#foundation/runtime";
import type { Logger, MetricsRegistry } from "#foundation/telemetry";
import { type AdmissionCore, admitGateway } from "./admit-gateway.ts";
import { CONNECTIONS_MAX, UNREGISTERED_MAX } from "./link-limits.ts";
import { LiveSessions } from "./live-sessions.ts";
import { readGatewayMessage } from "./read-gateway-message.ts";
import { isContested, type Replacements, replacementsAfter } from "./replacements.ts";
import { initialSession, stepSession } from "./session-machine.ts";
import type {
  Registration,
  SessionEffect,
  SessionEvent,
  SessionSurroundings,
  SessionTimer,
} from "./session-machine-types.ts";

export interface GatewayLinkOptions {
  readonly core: AdmissionCore & {
    readonly gatewayPresence: GatewayPresence;
    onCommitted(listener: (events: readonly AnyEvent[]) => void): () => void;
  };
  /** How often gateways are asked to say how they do; default 30. */
  readonly heartbeatSecs?: number | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

/** The gateway as a session sees it. */
export interface GatewayClient {
  send(message: MessageToGateway): void;
  /** Ends the connection, after what was sent. */
  close(reason: string): void;
  /** It was not let in, and is told so. */
  refused?(refusal: RefusedGateway): void;
}

/** Who was not let in, and why: for the record. */
export interface RefusedGateway {
  readonly reason: RegistrationFailure;
  readonly message: string;
  /** Of the key that was shown. */
  readonly keyId?: string;
  /** What it said of itself, where it came to that. */
  readonly claimed?: { readonly projectId: string; readonly instanceId: string; readonly name?: string };
}

/** A session as its transport sees it. */
export interface GatewaySession {
  receive(data: string | Uint8Array): void;
  /** The gateway is gone. */
  closed(): void;
}

export interface GatewayLink {
  /** Gateways that are registered now. */
  readonly size: number;
  /** Whether this is, or was, the key of any gateway: whoever has none gets no connection. */
  knows(apiKey: string): boolean;
  /** Whether there is room for one more connection. */
  readonly hasRoom: boolean;
  /** Serves one connection. @param apiKey that it has shown; `knows` it */
  accept(apiKey: string, client: GatewayClient): GatewaySession;
  /** Tells every gateway to come back later. */
  close(): void;
}

/** A gateway that is registered. */
interface Live {
  readonly gatewayId: string;
  readonly projectId: string;
  readonly keyId: string;
  readonly dispatch: (event: SessionEvent) => void;
  /** How often connections of this gateway took the place of one another lately. */
  readonly replacements: Replacements;
}

export function createGatewayLink(options: GatewayLinkOptions): GatewayLink {
  const { core, metrics } = options;
  const live = new LiveSessions<Live>();
  const open = new Set<(event: SessionEvent) => void>();
  const stop = core.onCommitted((events) => publish(events));
  const counts = {
    registrations: metrics.counter({
      name: "biplane_gateway_registrations_total",
      help: "Gateways that asked to be let in, by the answer.",
      labels: ["outcome"],
    }),
    disconnections: metrics.counter({
      name: "biplane_gateway_disconnections_total",
      help: "Connections of gateways that were ended here, by the reason.",
      labels: ["reason"],
    }),
  };
  const connected = metrics
    .gauge({ name: "biplane_gateways_connected", help: "Gateways that are registered and not silent." })
    .labels();
  metrics.onCollect(() => connected.set(live.size));

  /** Tells those, and only those, for whom something is different now. */
  const publish = (events: readonly AnyEvent[]): void => {
    const projects = new Set<string>();
    for (const { type, aggregateId } of events) {
      if (type.startsWith("gatewayDeployment.")) {
        const projectId = core.views.record("gatewayDeployment", aggregateId)?.projectId;
        if (projectId !== undefined) projects.add(projectId);
      } else if (type.startsWith("gatewayKey.")) {
        for (const session of [...live.ofKey(aggregateId)]) session.dispatch({ type: "keyChanged" });
      } else if (type === "gateway.updated") {
        const gateway = core.views.record("gateway", aggregateId);
        if (gateway !== undefined)
          live.of(aggregateId)?.dispatch({ type: "desired", desired: desiredOf(core.views, gateway) });
      } else if (type === "gateway.removed") {
        const message = "this gateway was removed from its project";
        live.of(aggregateId)?.dispatch({ type: "end", reason: "removed", message, retry: false });
        core.gatewayPresence.forget(aggregateId);
      }
    }
    for (const projectId of projects) publishDesired(projectId);
  };

  const publishDesired = (projectId: string): void => {
    const current = currentDeployment(core.views, projectId);
    for (const session of [...live.ofProject(projectId)]) {
      const gateway = core.views.record("gateway", session.gatewayId);
      if (gateway !== undefined) session.dispatch({ type: "desired", desired: desiredArtifact(current, gateway) });
    }
  };

  return {
    get size() {
      return live.size;
    },
    knows: (apiKey) => core.views.countInGroup("gatewayKey", groups.hashed(gatewayKeyHash(apiKey))) > 0,
    get hasRoom() {
      return open.size < CONNECTIONS_MAX && open.size - live.size < UNREGISTERED_MAX;
    },
    accept: (apiKey, client) => openSession({ ...options, live, open, counts }, apiKey, client),
    close() {
      stop();
      const message = "the control plane is stopping";
      for (const dispatch of [...open]) dispatch({ type: "end", reason: "shutting_down", message, retry: true });
    },
  };
}

interface Link extends GatewayLinkOptions {
  readonly live: LiveSessions<Live>;
  readonly open: Set<(event: SessionEvent) => void>;
  readonly counts: Readonly<Record<"registrations" | "disconnections", ReturnType<MetricsRegistry["counter"]>>>;
}

function openSession(link: Link, apiKey: string, client: GatewayClient): GatewaySession {
  const { core, clock, timers, live, open, counts } = link;
  const { views, gatewayPresence: presence } = core;
  const state = initialSession(clock.now());
  const running = new Map<SessionTimer, TimerHandle>();
  let logger = link.logger;
  let entry: Live | undefined;
  let claimed: RefusedGateway["claimed"];
  let admitted: { readonly keyId: string; readonly hash: string; readonly projectId: string } | undefined;

  const record = (): GatewayRecord | undefined =>
    state.gatewayId === undefined ? undefined : views.record("gateway", state.gatewayId);
  const key = () => (admitted === undefined ? undefined : views.record("gatewayKey", admitted.keyId));
  const around: SessionSurroundings = {
    heartbeatSecs: link.heartbeatSecs,
    now: () => clock.now(),
    keyProblem: () => gatewayKeyProblem(key(), admitted?.hash ?? "", clock.now()),
    keyValidUntil() {
      const found = key();
      const ends = [
        found?.expiresAt,
        found?.previous?.hash === admitted?.hash ? found?.previous?.validUntil : undefined,
      ];
      const known = ends.filter((end) => end !== undefined);
      return known.length === 0 ? undefined : Math.min(...known);
    },
    desired(): DesiredArtifact | undefined {
      const gateway = record();
      return gateway === undefined ? undefined : desiredOf(views, gateway);
    },
  };

  const dispatch = (event: SessionEvent): void => {
    for (const effect of stepSession(state, event, around)) carryOut(effect);
    if (state.phase === "ended") open.delete(dispatch);
  };

  const admit = async (registration: Registration): Promise<void> => {
    const { project_id: projectId, instance_id: instanceId, name } = registration;
    claimed = { projectId, instanceId, ...(name === undefined ? {} : { name }) };
    const answer = await admitGateway(registration, apiKey, core, clock.now()).catch((error: unknown) => {
      logger.error("a gateway could not be let in", { error });
      return {
        ok: false,
        reason: "unavailable",
        message: "the control plane failed; see its log",
        retry: true,
      } as const;
    });
    if (!answer.ok) {
      dispatch({ type: "refused", ...answer });
      return;
    }
    const { gatewayId } = answer;
    if (isContested(live.of(gatewayId)?.replacements, clock.now())) {
      const message = "another gateway is connected with this identity; give each a state directory of its own";
      dispatch({ type: "refused", reason: "duplicate_instance", message, retry: true });
      return;
    }
    admitted = { keyId: answer.key.keyId, hash: answer.hash, projectId: answer.key.projectId };
    dispatch({ type: "admitted", gatewayId });
  };

  const join = (gatewayId: string, servedDigest: string | null): void => {
    const { keyId, projectId } = admitted!;
    const now = clock.now();
    logger = logger.child({ gatewayId, projectId });
    const before = live.of(gatewayId);
    entry = { gatewayId, projectId, keyId, dispatch, replacements: replacementsAfter(before?.replacements, now) };
    live.add(entry);
    const message = "this gateway has connected anew";
    before?.dispatch({ type: "end", reason: "replaced", message, retry: true });
    presence.connected({ gatewayId, projectId, servedDigest }, now);
    counts.registrations.labels("registered").inc();
    logger.info("a gateway has registered", { keyId });
  };

  const report = async ({ served, refusal }: Extract<SessionEffect, { readonly type: "report" }>): Promise<void> => {
    const gatewayId = state.gatewayId!;
    const outcome = await core.execute(
      { type: "gateway.report", gatewayId, served, refusal },
      { actor: `gateway:${gatewayId}`, requestId: "gateway-report" },
    );
    // It is in the next heartbeat too.
    if (!outcome.ok && outcome.code === "Internal") dispatch({ type: "reportFailed" });
  };

  const carryOut = (effect: SessionEffect): void => {
    switch (effect.type) {
      case "send": {
        const { message } = effect;
        if (message.type === "registration_failed") {
          counts.registrations.labels(message.reason).inc();
          const { keyId } = views.inGroup("gatewayKey", groups.hashed(gatewayKeyHash(apiKey)))[0] ?? {};
          const { reason } = message;
          client.refused?.({
            reason,
            message: message.message ?? message.reason,
            ...(keyId === undefined ? {} : { keyId }),
            ...(claimed === undefined ? {} : { claimed }),
          });
        }
        if (message.type === "disconnect") counts.disconnections.labels(message.reason).inc();
        client.send(message);
        return;
      }
      case "close":
        logger.info("the connection of a gateway was ended", { reason: effect.reason });
        client.close(effect.reason);
        return;
      case "admit":
        void admit(effect.registration);
        return;
      case "join":
        join(effect.gatewayId, effect.servedDigest);
        return;
      case "leave":
        // A newer connection of the same gateway stays.
        if (live.remove(entry!)) presence.disconnected(entry!.gatewayId, clock.now());
        return;
      case "heard": {
        const { servedDigest, uptimeSeconds, health, refusal } = effect;
        const heard = { servedDigest, uptimeSeconds, health, ...(refusal === undefined ? {} : { refusal }) };
        presence.heard(state.gatewayId!, heard, clock.now());
        return;
      }
      case "report":
        void report(effect);
        return;
      case "setTimer":
        running.get(effect.timer)?.cancel();
        running.set(
          effect.timer,
          timers.after(effect.delayMs, () => dispatch({ type: "timer", timer: effect.timer })),
        );
        return;
      case "clearTimer":
        running.get(effect.timer)?.cancel();
        running.delete(effect.timer);
        return;
    }
  };

  open.add(dispatch);
  dispatch({ type: "start" });
  return {
    receive(data) {
      const message = readGatewayMessage(data);
      if (message === undefined) dispatch({ type: "malformed" });
      else if (message !== "unknown") dispatch({ type: "message", message });
    },
    closed: () => dispatch({ type: "closed" }),
  };
}
