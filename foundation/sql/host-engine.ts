/** Where an engine runs is a choice of configuration, not of its code. */
import type { EngineHost, EngineOperations } from "./engine.ts";
import { hostInline, type InlineHostOptions } from "./inline-host.ts";
import { hostInWorker, type WorkerHostOptions } from "./worker-host.ts";

export type HostOptions<Operations extends EngineOperations<Operations>, Settings> =
  | InlineHostOptions<Operations, Settings>
  | WorkerHostOptions<Settings>;

/**
 * Runs an engine with group commit, in this thread or in a worker.
 *
 * @throws EngineError, SqlError or the driver's error when the database cannot be opened or migrated
 * @example
 * const host = await hostEngine<CounterOperations, CounterSettings>({
 *   kind: "worker",
 *   entry: "data-plane/counter/counter.worker.ts",
 *   database: { path: join(directory, "counter.sqlite") },
 *   settings: { start: 0 },
 * });
 * await host.apply("add", 1); // durable
 * await host.close();
 */
export async function hostEngine<Operations extends EngineOperations<Operations>, Settings>(
  options: HostOptions<Operations, Settings>,
): Promise<EngineHost<Operations>> {
  return options.kind === "inline" ? hostInline(options) : hostInWorker<Operations, Settings>(options);
}
