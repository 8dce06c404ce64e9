/** An instance of a module: one call at a time, each with its own fuel. */
import { ABORT, type GuestFunctionName, HOST_MODULE } from "#foundation/gateway-artifact";
import type { MeteredModule } from "#foundation/wasm";
import type { MaybeAsync } from "../plugin.ts";
import { type GuestCall, guestCall } from "./guest-call.ts";
import { GuestFault } from "./guest-fault.ts";
import { GuestMemory } from "./guest-memory.ts";
import { httpFunctions } from "./host/http-functions.ts";
import { requestFunctions } from "./host/request-functions.ts";
import { answerFunctions, responseFunctions } from "./host/response-functions.ts";
import { sharedFunctions } from "./host/shared-functions.ts";
import type { Caller, HostFunctions, ModuleServices } from "./module-services.ts";

/** A module, ready to be instantiated. */
export interface GuestProgram {
  readonly compiled: WebAssembly.Module;
  readonly metered: MeteredModule;
  readonly imported: ReadonlySet<string>;
  readonly exported: ReadonlySet<GuestFunctionName>;
  readonly instructions: number;
  /** Whether each call finds an instance as it was when it was configured. */
  readonly isReset: boolean;
}

type GuestFunction = () => MaybeAsync<number>;
/** JavaScript Promise Integration, which the types do not know yet. */
const promises = WebAssembly as unknown as {
  readonly Suspending: new (run: unknown) => unknown;
  readonly promising: (run: unknown) => GuestFunction;
};

const NO_CALL = guestCall();

export class Guest implements Caller {
  readonly memory: GuestMemory;
  call: GuestCall = NO_CALL;
  readonly #program: GuestProgram;
  readonly #fuel: WebAssembly.Global;
  readonly #state: readonly WebAssembly.Global[];
  readonly #functions = new Map<GuestFunctionName, GuestFunction>();
  /** What it is put back to. */
  readonly #memoryBefore: Uint8Array | undefined;
  readonly #stateBefore: readonly unknown[];

  /** Instantiates and configures it. @throws GuestFault */
  constructor(program: GuestProgram, services: ModuleServices) {
    this.#program = program;
    const { compiled, metered, exported, imported, isReset } = program;
    const exports = this.#instantiate(compiled, importsOf(this, services, imported));
    this.memory = new GuestMemory(exports.memory as WebAssembly.Memory);
    this.#fuel = exports[metered.fuel] as WebAssembly.Global;
    this.#state = metered.state.map((name) => exports[name] as WebAssembly.Global);
    const waits = imported.has("http_send");
    for (const name of exported) {
      const run = exports[name] as GuestFunction;
      // While it is set up it cannot wait: instances are made when a request needs one.
      const isLater = name !== "_initialize" && name !== "on_configure";
      this.#functions.set(name, waits && isLater ? promises.promising(run) : run);
    }
    if (metered.start !== undefined) this.#call(exports[metered.start] as GuestFunction, NO_CALL);
    if (exported.has("_initialize")) this.#run("_initialize", NO_CALL);
    const taken = exported.has("on_configure") ? this.#run("on_configure", NO_CALL) : 0;
    if (taken !== 0)
      throw new GuestFault("bad-answer", `it does not take its configuration (on_configure gives ${taken})`);
    this.#memoryBefore = isReset ? Uint8Array.from(this.memory.view) : undefined;
    this.#stateBefore = isReset ? this.#state.map(({ value }) => value as unknown) : [];
  }

  /** @returns what the function returns; a promise when the module can wait. Throws, or rejects with, GuestFault: then it is not to be used again */
  run(name: GuestFunctionName, call: GuestCall): MaybeAsync<number> {
    return this.#run(name, call);
  }

  /** Makes it as it was when it was configured, unless it keeps its state. @returns false when that cannot be done */
  reset(): boolean {
    const before = this.#memoryBefore;
    if (before === undefined) return true;
    const { view } = this.memory;
    if (this.#program.metered.hasHiddenState || view.length !== before.length) return false;
    view.set(before);
    const state = this.#state;
    for (let index = 0; index < state.length; index++) state[index]!.value = this.#stateBefore[index];
    return true;
  }

  #instantiate(compiled: WebAssembly.Module, imports: object): Readonly<Record<string, unknown>> {
    try {
      const { exports } = new WebAssembly.Instance(compiled, imports as never);
      return exports as Readonly<Record<string, unknown>>;
    } catch (error) {
      // Nothing of the module has run: its data do not fit, or there is no memory left.
      throw faultOf(error, 0);
    }
  }

  #run(name: GuestFunctionName, call: GuestCall): MaybeAsync<number> {
    return this.#call(this.#functions.get(name)!, call);
  }

  #call(run: GuestFunction, call: GuestCall): MaybeAsync<number> {
    const { instructions } = this.#program;
    this.#fuel.value = instructions;
    this.memory.budget = instructions;
    this.call = call;
    let result: MaybeAsync<number>;
    try {
      result = run();
    } catch (error) {
      throw this.#faultOf(error);
    }
    if (!(result instanceof Promise)) {
      this.call = NO_CALL;
      return result;
    }
    return result.then(
      (value) => {
        this.call = NO_CALL;
        return value;
      },
      (error: unknown) => {
        throw this.#faultOf(error);
      },
    );
  }

  #faultOf(error: unknown): GuestFault {
    return faultOf(error, this.#fuel.value as number);
  }
}

function faultOf(error: unknown, fuel: number): GuestFault {
  if (error instanceof GuestFault) return error;
  const cause = { cause: error };
  if (fuel < 0) return new GuestFault("instructions", "it does more than it may in one call", cause);
  if (error instanceof RangeError)
    return new GuestFault("stack", "it calls itself too deeply, or needs more memory than there is", cause);
  const message = error instanceof Error ? error.message : String(error);
  return new GuestFault(
    error instanceof WebAssembly.RuntimeError ? "trap" : "fault",
    `it ends with: ${message}`,
    cause,
  );
}

/** Only what it imports: nothing else is within its reach. */
function importsOf(caller: Caller, services: ModuleServices, imported: ReadonlySet<string>) {
  const all: HostFunctions = {
    ...sharedFunctions(caller, services),
    ...requestFunctions(caller),
    ...responseFunctions(caller),
    ...answerFunctions(caller),
    ...(imported.has("http_send") || imported.has("http_header") ? httpFunctions(caller, services) : {}),
  };
  const given: Record<string, unknown> = {};
  for (const name of imported) {
    if (Object.hasOwn(all, name)) given[name] = name === "http_send" ? new promises.Suspending(all[name]) : all[name];
  }
  const abort = (): never => {
    throw new GuestFault("trap", "it calls abort");
  };
  return { [HOST_MODULE]: given, [ABORT.module]: { [ABORT.name]: abort } };
}
