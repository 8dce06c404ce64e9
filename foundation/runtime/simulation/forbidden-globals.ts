/**
 * Catches, while a simulation runs, the calls that would let the outside world in.
 *
 * A run is one synchronous loop, so the globals can be replaced for its duration without anybody else noticing.
 */

/** Code under simulation touched the real world. */
export class ForbiddenGlobalError extends Error {
  override readonly name = "ForbiddenGlobalError";
}

const REMEDIES: Readonly<Record<string, string>> = {
  "Date.now": "runtime.clock.now()",
  "new Date": "new Date(runtime.clock.now())",
  "performance.now": "runtime.clock.monotonicMs()",
  "Math.random": "runtime.random.float()",
  "crypto.getRandomValues": "runtime.random.bytes()",
  "crypto.randomUUID": "randomUuid(runtime.random)",
  setTimeout: "runtime.timers.after()",
  setInterval: "runtime.timers.every()",
  setImmediate: "runtime.timers.after(0, …)",
  fetch: "runtime.network.connect()",
};

function forbidden(name: string): () => never {
  return () => {
    throw new ForbiddenGlobalError(
      `${name} was called inside a simulation; its result differs from run to run. Use ${REMEDIES[name]}, which is real in production.`,
    );
  };
}

/** `Date` without access to the time: with arguments it works as always. */
const TimelessDate: DateConstructor = new Proxy(Date, {
  construct(target, args, newTarget) {
    return args.length === 0 ? forbidden("new Date")() : Reflect.construct(target, args, newTarget);
  },
  apply: forbidden("new Date"),
  get: (target, key) => (key === "now" ? forbidden("Date.now") : Reflect.get(target, key)),
});

const REPLACEMENTS: readonly { readonly holder: object; readonly key: string; readonly value: unknown }[] = [
  { holder: globalThis, key: "Date", value: TimelessDate },
  { holder: performance, key: "now", value: forbidden("performance.now") },
  { holder: Math, key: "random", value: forbidden("Math.random") },
  { holder: crypto, key: "getRandomValues", value: forbidden("crypto.getRandomValues") },
  { holder: crypto, key: "randomUUID", value: forbidden("crypto.randomUUID") },
  { holder: globalThis, key: "setTimeout", value: forbidden("setTimeout") },
  { holder: globalThis, key: "setInterval", value: forbidden("setInterval") },
  { holder: globalThis, key: "setImmediate", value: forbidden("setImmediate") },
  { holder: globalThis, key: "fetch", value: forbidden("fetch") },
];

/** Runs `run`, a synchronous function, with the outside world out of reach. */
export function withForbiddenGlobals<T>(run: () => T): T {
  const saved = REPLACEMENTS.map(({ holder, key }) => Object.getOwnPropertyDescriptor(holder, key));
  for (const { holder, key, value } of REPLACEMENTS) {
    Object.defineProperty(holder, key, { value, configurable: true, writable: true });
  }
  try {
    return run();
  } finally {
    REPLACEMENTS.forEach(({ holder, key }, index) => {
      const descriptor = saved[index];
      // What was inherited from a prototype shows again when the replacement is gone.
      if (descriptor === undefined) Reflect.deleteProperty(holder, key);
      else Object.defineProperty(holder, key, descriptor);
    });
  }
}
