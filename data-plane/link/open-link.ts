/** The shell around the link's machine: carries out its effects and tells it what happened. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type ChangeStreamConnection,
  type Command,
  type CommandOrigin,
  type CommandOutcome,
  type ControlPlaneId,
  DATA_PLANE_KINDS,
  type DataPlaneId,
} from "#contracts";
import { randomUuid, type TimerHandle } from "#foundation/runtime";
import { ControlPlaneUnavailable, DataPlaneRefused } from "./catalog.ts";
import { openCatalogDisk } from "./catalog-disk.ts";
import { readIdentity, writeIdentity } from "./identity-file.ts";
import type { Link, LinkOptions, LinkReport } from "./link.ts";
import { declareLinkMetrics } from "./link-metrics.ts";
import { LocalCatalog } from "./local-catalog.ts";
import { initialLinkState, step } from "./machine.ts";
import type { LinkEffect, LinkEvent, LinkTimer } from "./machine-types.ts";
import { openSealingKeys } from "./sealing-keys.ts";

/** One caller of `execute`. */
interface Caller {
  readonly resolve: (outcome: CommandOutcome) => void;
  readonly reject: (error: ControlPlaneUnavailable) => void;
  readonly startedAtMs: number;
  timeout: TimerHandle | undefined;
}

/**
 * Opens the catalog from disk and the change stream to the control plane, and keeps both going until closed.
 *
 * The catalog can be read at once; `whenReady` tells when there is something in it. A control plane that is down or unknown is never an
 * error here: the link keeps trying (0.2 to 10 s apart) and the catalog keeps serving.
 *
 * @throws SqlError when the catalog on disk cannot be used
 * @example
 * const link = openLink({ directory: join(data, "link"), transport: webSocketTransport({ … }), … });
 * await link.whenReady();
 * link.catalog.bucket("photos");
 */
export function openLink(options: LinkOptions): Link {
  const { clock, timers, random, transport, logger } = options;
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  const wants = options.wants ?? DATA_PLANE_KINDS;
  const identityPath = join(options.directory, "identity");
  const identity = readIdentity(identityPath);
  const disk = openCatalogDisk({
    path: join(options.directory, "catalog.sqlite"),
    wants,
    newDataPlaneId: () => identity ?? (`dp-${randomUuid(random)}` as DataPlaneId),
  });
  // A catalog that was put here from elsewhere brings its own identity with it.
  if (identity !== disk.dataPlaneId) writeIdentity(identityPath, disk.dataPlaneId);
  const keys = openSealingKeys(join(options.directory, "sealing-keys.json"));
  const catalog = new LocalCatalog({
    disk,
    keys,
    timers,
    random: random.fork("sessions"),
    onProblem: (message, fields) => logger.error(message, fields),
  });
  const metrics = declareLinkMetrics(options.metrics);
  metrics.appliedThrough.set(catalog.appliedThrough);
  const state = initialLinkState(
    { dataPlaneId: disk.dataPlaneId, name: options.dataPlaneName, version: options.version, wants },
    catalog.position,
  );

  let connection: ChangeStreamConnection | undefined;
  let attempt: { cancel(): void } | undefined;
  let nextCorrelation = 1;
  const callers = new Map<number, Caller>();
  const running = new Map<LinkTimer, TimerHandle>();
  const readyWaiters: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];

  /** Why this data plane is not let in; undefined while it may hope. */
  let refusal: DataPlaneRefused | undefined;

  // Events are taken one after the other: an effect that causes an event at once must not run ahead of the effects still to come.
  const queue: LinkEvent[] = [];
  let stepping = false;
  const dispatch = (event: LinkEvent): void => {
    queue.push(event);
    if (stepping) return;
    stepping = true;
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        for (const effect of step(state, next, random)) carryOut(effect);
      }
    } finally {
      stepping = false;
      metrics.connected.set(state.phase === "streaming" ? 1 : 0);
    }
  };

  const connect = (number: number): void => {
    metrics.connections.inc();
    attempt = transport.connect({
      onOpen(opened) {
        if (number !== state.connection || state.phase !== "connecting") {
          opened.close();
          return;
        }
        connection = opened;
        dispatch({ type: "opened", connection: number });
      },
      onMessage: (message) => dispatch({ type: "message", connection: number, message }),
      onClose: (reason) => dispatch({ type: "closed", connection: number, reason }),
    });
  };

  const disconnect = (): void => {
    connection?.close();
    attempt?.cancel();
    connection = undefined;
    attempt = undefined;
  };

  /** Changes the catalog and reports how that went. */
  const change = (controlPlaneId: ControlPlaneId, run: () => void): void => {
    try {
      run();
    } catch (error) {
      dispatch({ type: "applyFailed", reason: error instanceof Error ? error.message : String(error) });
      return;
    }
    metrics.appliedThrough.set(catalog.appliedThrough);
    dispatch({ type: "applied", controlPlaneId, through: catalog.appliedThrough, run: catalog.position?.run });
    refusal = undefined;
    for (const waiter of readyWaiters.splice(0)) waiter.resolve();
  };

  const endCall = (correlation: number): Caller | undefined => {
    const caller = callers.get(correlation);
    callers.delete(correlation);
    caller?.timeout?.cancel();
    return caller;
  };

  const carryOut = (effect: LinkEffect): void => {
    switch (effect.type) {
      case "connect":
        connect(effect.connection);
        return;
      case "disconnect":
        disconnect();
        return;
      case "send":
        connection?.send(effect.message);
        return;
      case "heartbeat":
        connection?.send({
          type: "heartbeat",
          appliedThrough: effect.appliedThrough,
          status: options.status(),
        });
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
        return;
      case "keepSealingKey":
        try {
          keys.keep(effect.controlPlaneId, effect.sealingKey);
        } catch (error) {
          // Without the key on disk the catalog that follows could not be used after a restart: do not take it.
          dispatch({ type: "applyFailed", reason: `the sealing key: ${String(error)}` });
        }
        return;
      case "apply":
        metrics.changes.inc(effect.changes.length);
        change(effect.controlPlaneId, () => catalog.apply(effect));
        return;
      case "replace":
        metrics.snapshots.inc();
        change(effect.controlPlaneId, () => catalog.replace(effect));
        return;
      case "setCommandTimeout": {
        const caller = callers.get(effect.correlation);
        if (caller === undefined) return;
        caller.timeout = timers.after(effect.delayMs, () =>
          dispatch({ type: "commandTimeout", correlation: effect.correlation }),
        );
        return;
      }
      case "settle": {
        const caller = endCall(effect.correlation);
        if (caller === undefined) return;
        metrics.commands[effect.outcome.ok ? "done" : "refused"].inc();
        metrics.commandSeconds.observe((clock.monotonicMs() - caller.startedAtMs) / 1000);
        caller.resolve(effect.outcome);
        return;
      }
      case "fail":
        metrics.commands.unavailable.inc();
        endCall(effect.correlation)?.reject(
          new ControlPlaneUnavailable(`The control plane is not available: ${effect.reason}.`),
        );
        return;
      case "notLetIn":
        refusal = new DataPlaneRefused(effect.message);
        for (const waiter of readyWaiters.splice(0)) waiter.reject(refusal);
        return;
      case "log":
        logger.log(effect.level, effect.message, effect.reason === undefined ? {} : { reason: effect.reason });
        return;
    }
  };

  dispatch({ type: "start" });

  return {
    catalog,
    control: {
      get connected() {
        return state.phase === "streaming";
      },
      execute<C extends Command>(command: C, origin: CommandOrigin) {
        const correlation = nextCorrelation++;
        return new Promise<CommandOutcome<C["type"]>>((resolve, reject) => {
          callers.set(correlation, {
            // The control plane answers a command with the outcome of its type.
            resolve: (outcome) => resolve(outcome as CommandOutcome<C["type"]>),
            reject,
            startedAtMs: clock.monotonicMs(),
            timeout: undefined,
          });
          dispatch({ type: "execute", correlation, command, origin });
        });
      },
    },
    get state(): LinkReport {
      return {
        dataPlaneId: disk.dataPlaneId,
        phase: state.phase,
        connected: state.phase === "streaming",
        controlPlaneId: catalog.position?.controlPlaneId,
        appliedThrough: catalog.appliedThrough,
        records: catalog.size,
        lastFailure: state.lastFailure,
      };
    },
    whenReady() {
      if (catalog.position !== undefined) return Promise.resolve();
      if (state.phase === "stopped") return Promise.reject(closedBeforeReady());
      if (refusal !== undefined) return Promise.reject(refusal);
      return new Promise((resolve, reject) => readyWaiters.push({ resolve, reject }));
    },
    reportStatus() {
      if (state.phase === "streaming") dispatch({ type: "timer", timer: "heartbeat" });
    },
    close() {
      if (state.phase === "stopped") return;
      dispatch({ type: "stop" });
      for (const waiter of readyWaiters.splice(0)) waiter.reject(closedBeforeReady());
      catalog.close();
      disk.close();
    },
  };
}

function closedBeforeReady(): ControlPlaneUnavailable {
  return new ControlPlaneUnavailable("The data plane was stopped before it had a catalog.");
}
