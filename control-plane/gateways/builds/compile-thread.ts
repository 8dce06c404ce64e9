/** Runs each build in a thread of its own, which ends with it or when it takes too long. */
import type { Timers } from "#foundation/runtime";
import { workerEntry } from "#foundation/sql";
import type { BuildInput, BuildOutput, CompileBuild } from "./build-input.ts";

export type FromCompileThread =
  | { readonly type: "built"; readonly output: BuildOutput }
  | { readonly type: "failed"; readonly message: string };

/** The largest published descriptions take some seconds. */
const BUILD_MS_MAX = 120_000;

export function createCompileThreads(timers: Timers): CompileBuild {
  return (input: BuildInput, signal: AbortSignal) => {
    const { promise, resolve, reject } = Promise.withResolvers<BuildOutput>();
    signal.throwIfAborted();
    const worker = new Worker(workerEntry("control-plane/gateways/builds/compile.worker.ts"), { type: "module" });
    // A build that is not done goes on after the next start: no reason for the process to stay.
    worker.unref();
    const late = timers.after(BUILD_MS_MAX, () =>
      reject(new Error(`The compiler was stopped after ${BUILD_MS_MAX / 1_000} seconds.`)),
    );
    const stop = (): void => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    worker.onmessage = ({ data: message }: MessageEvent<FromCompileThread>) => {
      if (message.type === "built") resolve(message.output);
      else reject(new Error(`The compiler failed: ${message.message}`));
    };
    worker.onerror = (event) => reject(new Error(`The compiler failed: ${event.message}`));
    worker.postMessage(input);
    return promise.finally(() => {
      late.cancel();
      signal.removeEventListener("abort", stop);
      worker.terminate();
    });
  };
}
