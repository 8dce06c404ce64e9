/** The control plane's end of one change stream, whatever it runs over. */
import {
  CHANGE_STREAM_PROTOCOL,
  type CommandOrigin,
  type ControlPlaneMessage,
  type DataPlaneMessage,
} from "#contracts";
import type { FeedEnd, FeedSubscription } from "#control-plane/events";
import { sealingKeyToBase64 } from "#foundation/crypto";
import type { Clock, TimerHandle, Timers } from "#foundation/runtime";
import type { Logger } from "#foundation/telemetry";
import type { ControlPlaneCore } from "./core.ts";
import { isDataPlaneCommand } from "./data-plane-commands.ts";
import type { DataPlaneRegistry, RegistryEntry } from "./data-plane-registry.ts";
import { COMMANDS_IN_FLIGHT_MAX, DATA_PLANES_MAX, HEARTBEAT_MS, REGISTER_TIMEOUT_MS } from "./limits.ts";

/** The data plane as a session sees it. */
export interface DataPlaneClient {
  /** A promise holds back what follows until it resolves. */
  send(message: ControlPlaneMessage): void | Promise<void>;
  /** Ends the stream. */
  close(reason: string): void;
}

/** A session as its transport sees it. */
export interface DataPlaneSession {
  receive(message: DataPlaneMessage): void;
  /** The data plane is gone. */
  closed(): void;
}

export interface DataPlaneSessionOptions {
  readonly core: ControlPlaneCore;
  readonly registry: DataPlaneRegistry;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

type Registration = Extract<DataPlaneMessage, { readonly type: "register" }>;
type Refusal = Extract<ControlPlaneMessage, { readonly type: "refused" }>;

/** Who enrols a data plane: nobody asks for it by name. */
const ENROLMENT: CommandOrigin = { actor: "system:data-plane", requestId: "enrolment" };

const WHY_THE_FEED_ENDED: Readonly<Record<FeedEnd, string>> = {
  slow: "this data plane does not keep up; it will resume",
  failed: "the change feed failed; try again",
  rebuilt: "the views were rebuilt; a new snapshot is due",
  closed: "the control plane is stopping",
};

/**
 * Makes the function that serves data planes: `accept(client)` gives the session of one stream. In process, hand it to the data plane's transport as it is;
 * the WebSocket endpoint uses the same.
 *
 * @param via how the data planes of this function are connected, for `status`
 */
export function acceptDataPlanes(
  options: DataPlaneSessionOptions,
  via = "in process",
): (client: DataPlaneClient) => DataPlaneSession {
  return (client) => openSession(options, client, via);
}

function openSession(options: DataPlaneSessionOptions, client: DataPlaneClient, via: string): DataPlaneSession {
  const { core, registry, clock, timers } = options;
  let logger = options.logger;
  let open = true;
  let entry: RegistryEntry | undefined;
  let subscription: FeedSubscription | undefined;
  let registered = false;
  let commandsInFlight = 0;
  const registerTimeout: TimerHandle = timers.after(REGISTER_TIMEOUT_MS, () => hangUp("no registration came in time"));

  const end = (): void => {
    if (!open) return;
    open = false;
    registerTimeout.cancel();
    entry?.remove();
    subscription?.close();
  };
  const hangUp = (reason: string): void => {
    if (!open) return;
    end();
    logger.info("a change stream was ended", { reason });
    client.close(reason);
  };
  const refuse = (code: Refusal["code"], message: string): void => {
    if (!open) return;
    void client.send({ type: "refused", code, message });
    hangUp(message);
  };

  /** Lets the cloud's own data plane in, or the first that comes; see `control-plane/nodes`. */
  const admit = async (message: Registration): Promise<void> => {
    const { dataPlaneId, name } = message;
    const outcome = await core.execute({ type: "dataPlane.enroll", dataPlaneId, name }, ENROLMENT);
    if (!open) return;
    if (outcome.ok) welcome(message);
    else if (outcome.code === "AnotherDataPlane") refuse("AnotherDataPlane", outcome.message);
    else hangUp(`this data plane could not be enrolled: ${outcome.message}`);
  };

  const register = (message: Registration): void => {
    registerTimeout.cancel();
    registered = true;
    const { dataPlaneId, name } = message;
    logger = logger.child({ dataPlaneId, dataPlane: name });
    if (core.views.dataPlane()?.dataPlaneId === dataPlaneId) welcome(message);
    else void admit(message);
  };

  const welcome = (message: Registration): void => {
    const { dataPlaneId, name, kind, version, resume, wants } = message;
    entry = registry.add({ dataPlaneId, name, kind, version, via, connectedAt: clock.now() }, hangUp);
    logger.info("a data plane has registered", { via, resumesAfter: resume?.cursor });
    void client.send({
      type: "welcome",
      protocol: CHANGE_STREAM_PROTOCOL,
      controlPlaneId: core.controlPlaneId,
      run: core.run,
      head: core.head,
      heartbeatMs: HEARTBEAT_MS,
      sealingKey: sealingKeyToBase64(core.sealingKey),
    });
    const started = core.feed.subscribe(
      { resume, wants },
      {
        deliver: (part) => (open ? client.send(part) : undefined),
        ended: (reason) => hangUp(WHY_THE_FEED_ENDED[reason]),
      },
    );
    // The feed may have ended the stream before it returned.
    if (open) subscription = started;
    else started.close();
  };

  const execute = (message: Extract<DataPlaneMessage, { readonly type: "command" }>): void => {
    commandsInFlight++;
    void core.execute(message.command, message.origin).then((outcome) => {
      commandsInFlight--;
      if (open) void client.send({ type: "commandResult", correlation: message.correlation, outcome });
    });
  };

  return {
    receive(message) {
      if (!open) return;
      if (message.type === "register") {
        if (registered) refuse("BadMessage", "registered already");
        else if (message.protocol !== CHANGE_STREAM_PROTOCOL) {
          refuse(
            "ProtocolMismatch",
            `this control plane speaks protocol ${CHANGE_STREAM_PROTOCOL}, not ${message.protocol}`,
          );
        } else if (registry.size >= DATA_PLANES_MAX) hangUp(`${DATA_PLANES_MAX} data planes are connected already`);
        else register(message);
      } else if (entry === undefined) refuse("BadMessage", `${message.type} before register`);
      else if (message.type === "heartbeat") entry.heartbeat(clock.now(), message.appliedThrough, message.status);
      else if (commandsInFlight >= COMMANDS_IN_FLIGHT_MAX) {
        refuse("BadMessage", `more than ${COMMANDS_IN_FLIGHT_MAX} commands at once`);
      } else if (!isDataPlaneCommand(message.command)) {
        refuse("BadMessage", "this command is not for data planes to give");
      } else execute(message);
    },
    closed: end,
  };
}
