/** A WebAssembly module as a plugin: see `docs/gateway-plugins.md` for what modules can do, and decision 0023 for why they may. */
import { createHash } from "node:crypto";
import {
  type GuestFunctionName,
  type JsonObject,
  type JsonValue,
  judgeModule,
  type PlannedModule,
  type PluginDeclaration,
} from "#foundation/gateway-artifact";
import { createSlidingWindows, type SlidingWindows } from "#foundation/rate-limit";
import type { Counter } from "#foundation/telemetry";
import type { Answer } from "../../message/answer.ts";
import { ExchangeNote } from "../../message/exchange-note.ts";
import { HeaderFields } from "../../message/header-fields.ts";
import type { Dispatcher, DispatcherPlugin, MaybeAsync, Middleware, MiddlewarePlugin, PluginHost } from "../plugin.ts";
import { Guest, type GuestProgram } from "./guest.ts";
import { type GuestCall, guestCall } from "./guest-call.ts";
import { type FaultKind, GuestFault } from "./guest-fault.ts";
import { GuestPool } from "./guest-pool.ts";
import type { ModuleServices } from "./module-services.ts";
import { ValueStore } from "./value-store.ts";

/** Of all instances of one use together, where they wait for other servers and there are several. */
const MEMORY_MIB_MAX = 256;
const INSTANCES_MAX = 64;
const INSTANCES_MIN = 4;
const WAITING_MAX = 1000;
const QUOTAS_MAX = 16;

const GO_ON = 0;
const ANSWERED = 1;

/** What is declared of a module, and its program. */
export interface ModulePlugin {
  readonly declaration: PluginDeclaration;
  readonly program: MiddlewarePlugin | DispatcherPlugin;
}

/**
 * @param bytes as they are in the artifact: they are judged again, and given their limits, here
 * @throws TypeError when they are not what is planned
 */
export function modulePlugin(planned: PlannedModule, bytes: Uint8Array): ModulePlugin {
  const { name, kind, summary, config, urls, phase, enforces } = planned;
  if (createHash("sha256").update(bytes).digest("hex") !== planned.sha256) {
    throw new TypeError("its module is another one than the plan says");
  }
  const { faults, metered, imported, exported } = judgeModule(bytes, planned);
  if (metered === undefined) throw new TypeError(faults.join(" "));
  const setUp = async (given: JsonObject, host: PluginHost): Promise<ModuleUse> => {
    const compiled = await compiledOnce(planned, metered.bytes, host);
    const { instructions } = planned.limits;
    const isReset = planned.state !== "kept";
    return new ModuleUse(planned, { compiled, metered, imported, exported, instructions, isReset }, given, host);
  };
  const common = { name, summary, config, urls };
  if (kind === "dispatcher") {
    const program: DispatcherPlugin = { name, setup: async (given, host) => (await setUp(given, host)).dispatcher() };
    return { declaration: { ...common, kind }, program };
  }
  const program: MiddlewarePlugin = { name, setup: async (given, host) => (await setUp(given, host)).middleware() };
  return { declaration: { ...common, kind, phase, enforces }, program };
}

/** Once for all of its uses, and over reloads. */
function compiledOnce(
  { name, sha256, limits }: PlannedModule,
  bytes: Uint8Array,
  host: PluginHost,
): Promise<WebAssembly.Module> {
  const key = JSON.stringify([name, sha256, limits.memory_mib]);
  return host.keep("module", key, () => WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>));
}

class ModuleUse {
  readonly #planned: PlannedModule;
  readonly #program: GuestProgram;
  readonly #pool: GuestPool<Guest>;
  readonly #well: Counter;
  readonly #failed: (kind: FaultKind) => void;

  /** Makes the first instance: what does not take its configuration keeps the artifact from being used. @throws GuestFault, TypeError */
  constructor(planned: PlannedModule, program: GuestProgram, config: JsonObject, host: PluginHost) {
    const { name, limits } = planned;
    this.#planned = planned;
    this.#program = program;
    const calls = host.metrics.counter({
      name: "biplane_gateway_plugin_calls_total",
      help: "Calls into plugins of others, by what became of them.",
      labels: ["plugin", "outcome"],
    });
    this.#well = calls.labels(name, "ok");
    this.#failed = (kind) => calls.labels(name, kind).inc();
    const services = servicesOf(planned, config, host);
    this.#pool = new GuestPool({
      create: () => new Guest(program, services),
      instancesMax: Math.min(INSTANCES_MAX, Math.max(INSTANCES_MIN, Math.floor(MEMORY_MIB_MAX / limits.memory_mib))),
      waitingMax: WAITING_MAX,
    });
    this.#pool.give(this.#pool.take() as Guest);
  }

  middleware(): Middleware {
    const { capabilities } = this.#planned;
    const { exported } = this.#program;
    const has = (one: (typeof capabilities)[number]): boolean => capabilities.includes(one);
    return {
      readsRequestBody: has("read-request-body") || has("change-request-body"),
      readsResponseBody: has("read-response-body") || has("change-response-body"),
      ...(exported.has("on_request")
        ? { onRequest: (exchange) => this.#run("on_request", guestCall(exchange), this.#onRequest) }
        : {}),
      ...(exported.has("on_response")
        ? { onResponse: (exchange, answer) => this.#run("on_response", guestCall(exchange, answer), this.#onResponse) }
        : {}),
    };
  }

  dispatcher(): Dispatcher {
    const { capabilities } = this.#planned;
    return {
      readsRequestBody: capabilities.includes("read-request-body") || capabilities.includes("change-request-body"),
      dispatch: (exchange) => this.#run("dispatch", guestCall(exchange), this.#onDispatch),
    };
  }

  readonly #onRequest = (result: number, call: GuestCall): Answer | undefined => {
    if (result === GO_ON) return undefined;
    const { kind, capabilities } = this.#planned;
    if (result === ANSWERED && (kind === "dispatcher" || capabilities.includes("answer"))) return answerOf(call);
    throw new GuestFault("bad-answer", `on_request gives ${result}`);
  };

  readonly #onResponse = (result: number): void => {
    if (result !== GO_ON) throw new GuestFault("bad-answer", `on_response gives ${result}`);
  };

  readonly #onDispatch = (result: number, call: GuestCall): Answer => {
    if (result !== ANSWERED) throw new GuestFault("bad-answer", `dispatch gives ${result}`);
    return answerOf(call);
  };

  /** Without a promise as long as nobody waits. */
  #run<Result>(
    name: GuestFunctionName,
    call: GuestCall,
    conclude: (result: number, call: GuestCall) => Result,
  ): MaybeAsync<Result> {
    let guest: MaybeAsync<Guest>;
    try {
      guest = this.#pool.take();
    } catch (error) {
      throw this.#fail(error);
    }
    if (!(guest instanceof Promise)) return this.#runIn(guest, name, call, conclude);
    return guest.then(
      (one) => this.#runIn(one, name, call, conclude),
      (error: unknown) => {
        throw this.#fail(error);
      },
    );
  }

  #runIn<Result>(
    guest: Guest,
    name: GuestFunctionName,
    call: GuestCall,
    conclude: (result: number, call: GuestCall) => Result,
  ): MaybeAsync<Result> {
    const dropped = (error: unknown): Error => {
      this.#pool.drop();
      return this.#fail(error);
    };
    const done = (result: number): Result => {
      let concluded: Result;
      try {
        concluded = conclude(result, call);
      } catch (error) {
        throw dropped(error);
      }
      if (guest.reset()) this.#pool.give(guest);
      else this.#pool.drop();
      this.#well.inc();
      return concluded;
    };
    let result: MaybeAsync<number>;
    try {
      result = guest.run(name, call);
    } catch (error) {
      throw dropped(error);
    }
    if (!(result instanceof Promise)) return done(result);
    return result.then(done, (error: unknown) => {
      throw dropped(error);
    });
  }

  #fail(error: unknown): Error {
    if (!(error instanceof GuestFault)) return error as Error;
    this.#failed(error.kind);
    return new GuestFault(error.kind, `The plugin ${this.#planned.name} fails: ${error.message}.`, { cause: error });
  }
}

function answerOf({ answerStatus, answerFields, answerBody }: GuestCall): Answer {
  const hasBody = answerBody !== undefined && answerStatus !== 204 && answerStatus !== 304;
  return { status: answerStatus, headers: HeaderFields.of(answerFields), body: hasBody ? answerBody : null };
}

function servicesOf(planned: PlannedModule, config: JsonObject, host: PluginHost): ModuleServices {
  const { name, limits, hosts } = planned;
  const quotas = new Map<string, SlidingWindows>();
  let values: ValueStore | undefined;
  return {
    name,
    host,
    config: Buffer.from(JSON.stringify(config)),
    origins: new Set(hosts.flatMap((one) => originsOf(one, config))),
    waitMs: limits.wait_ms,
    notes: new ExchangeNote(),
    values() {
      values ??= host.keep("module-values", name, () => new ValueStore(host.clock));
      return values;
    },
    windows(quota, windowS) {
      const key = `${quota}/${windowS}`;
      const known = quotas.get(key);
      if (known !== undefined || quotas.size >= QUOTAS_MAX) return known;
      const windows = host.keep("module-quota", JSON.stringify([name, quota, windowS]), () =>
        createSlidingWindows({ clock: host.clock, quota, windowMs: windowS * 1000, whenFull: "share" }),
      );
      quotas.set(key, windows);
      return windows;
    },
  };
}

const OF_CONFIG = "config:";

/** @throws TypeError for what is no address of a server */
function originsOf(host: string, config: JsonObject): readonly string[] {
  if (!host.startsWith(OF_CONFIG)) return [originOf(host)];
  const found = valueAt(config, host.slice(OF_CONFIG.length));
  const all = Array.isArray(found) ? (found as readonly JsonValue[]) : [found];
  return all.flatMap((one) => (one === undefined || one === null ? [] : [originOf(one)]));
}

function originOf(address: JsonValue): string {
  const url = typeof address === "string" ? URL.parse(address) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new TypeError(`${JSON.stringify(address)} is no address of a server`);
  }
  return url.origin;
}

function valueAt(config: JsonObject, pointer: string): JsonValue | undefined {
  let found: JsonValue | undefined = config;
  for (const step of pointer === "" ? [] : pointer.slice(1).split("/")) {
    if (typeof found !== "object" || found === null) return undefined;
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    found = Object.hasOwn(found, name) ? (found as JsonObject)[name] : undefined;
  }
  return found;
}
