/** An artifact in use: everything that was made of it, until the last of its requests is over. */
import type { GatewayArtifact, PluginDeclaration, PluginUse } from "#foundation/gateway-artifact";
import { mcpOperation } from "../mcp/index.ts";
import { modulePlugin } from "../plugins/modules/index.ts";
import type { DispatcherPlugin, MiddlewarePlugin, PluginHost } from "../plugins/plugin.ts";
import { Router } from "../routing/router.ts";
import { ValidatorSet } from "../validation/validator-set.ts";
import type { GatewayMetrics } from "./gateway-metrics.ts";
import type { GatewayLimits } from "./gateway-settings.ts";
import type { InnerCalls } from "./inner-call.ts";
import type { KeptThings } from "./kept.ts";
import { type ReadyPlugin, type RunningOperation, runningOperation } from "./running-operation.ts";
import { resolveSecrets, type SecretSources, SecretUnavailable } from "./secrets.ts";

/** An artifact that cannot be used here; what was used before goes on. */
export class UnusableArtifact extends Error {
  override readonly name = "UnusableArtifact";
}

/** Plugins by name: what is declared of each, and its program. */
export type PluginPrograms = ReadonlyMap<
  string,
  { readonly declaration: PluginDeclaration; readonly program: MiddlewarePlugin | DispatcherPlugin }
>;

export interface EpochServices {
  readonly host: Omit<PluginHost, "keep">;
  readonly plugins: PluginPrograms;
  readonly kept: KeptThings;
  readonly secrets: SecretSources;
  readonly metrics: GatewayMetrics;
  readonly limits: GatewayLimits;
  readonly calls: InnerCalls;
}

export class Epoch {
  readonly #close: () => void;
  #users = 0;
  #isOver = false;

  constructor(
    readonly artifact: GatewayArtifact,
    readonly router: Router<RunningOperation>,
    /** Answers those who look for tools; undefined when there are none. */
    readonly mcp: RunningOperation | undefined,
    close: () => void,
  ) {
    this.#close = close;
  }

  /** A request uses it from now on, until `leave`. */
  enter(): void {
    this.#users++;
  }

  leave(): void {
    this.#users--;
    if (this.#isOver && this.#users === 0) this.#close();
  }

  /** No further request uses it. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#users === 0) this.#close();
  }
}

/**
 * Makes everything ready that requests need.
 *
 * @throws UnusableArtifact, SecretUnavailable
 */
export async function loadEpoch(artifact: GatewayArtifact, services: EpochServices): Promise<Epoch> {
  const { plan } = artifact;
  const holder = services.kept.holder();
  const host: PluginHost = { ...services.host, keep: (kind, key, create) => holder.keep(kind, key, create) };
  const brought = broughtPlugins(artifact, services.plugins);
  const settled = await Promise.allSettled(plan.plugins.map((use) => setUp(use, host, brought, services)));
  const plugins = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const close = (): void => {
    for (const plugin of plugins) (plugin.kind === "middleware" ? plugin.middleware : plugin.dispatcher).close?.();
    holder.release();
  };
  try {
    for (const one of settled) if (one.status === "rejected") throw one.reason;
    const validators = new ValidatorSet(plan.schemas);
    const router = new Router<RunningOperation>();
    const operations: RunningOperation[] = [];
    for (const planned of plan.operations) {
      const metrics = services.metrics.operation(planned, plan.apis[planned.api]!);
      const running = runningOperation(planned, plan, plugins, validators, metrics);
      router.add(planned.method, planned.path, planned.template, running);
      operations.push(running);
    }
    const { limits, calls, metrics } = services;
    const enforcing = new Set(
      (plan.modules ?? []).flatMap(({ name, enforces }) => (enforces.length > 0 ? [name] : [])),
    );
    const mcp =
      plan.mcp && mcpOperation({ server: plan.mcp, operations, router, calls, enforcing, ...limits }, metrics);
    return new Epoch(artifact, router, mcp, close);
  } catch (error) {
    close();
    if (error instanceof UnusableArtifact || error instanceof SecretUnavailable) throw error;
    throw new UnusableArtifact(`The artifact cannot be used: ${messageOf(error)}`, { cause: error });
  }
}

/** Plugins that the artifact brings along. @throws UnusableArtifact */
function broughtPlugins({ plan, modules }: GatewayArtifact, builtIn: PluginPrograms): PluginPrograms {
  const brought = (plan.modules ?? []).map((planned) => {
    const { name } = planned;
    if (builtIn.has(name)) throw new UnusableArtifact(`The artifact brings a plugin ${name}, which this gateway has.`);
    const bytes = modules?.get(name);
    if (bytes === undefined) throw new UnusableArtifact(`The artifact has no module for the plugin ${name}.`);
    try {
      return [name, modulePlugin(planned, bytes)] as const;
    } catch (error) {
      throw new UnusableArtifact(`The plugin ${name} cannot be used: ${messageOf(error)}`, { cause: error });
    }
  });
  return new Map(brought);
}

async function setUp(
  use: PluginUse,
  host: PluginHost,
  brought: PluginPrograms,
  { plugins, secrets }: EpochServices,
): Promise<ReadyPlugin> {
  const { name, kind } = use;
  const plugin = plugins.get(name) ?? brought.get(name);
  if (plugin === undefined) {
    throw new UnusableArtifact(
      `The artifact uses the plugin ${JSON.stringify(name)}, which this gateway does not have.`,
    );
  }
  const { declaration, program } = plugin;
  if (declaration.kind !== kind)
    throw new UnusableArtifact(`The artifact uses ${name} as a ${kind}; it is a ${declaration.kind}.`);
  const config = resolveSecrets(use.config, secrets);
  const log = host.log.child({ plugin: name });
  try {
    if (declaration.kind === "dispatcher") {
      return {
        kind: "dispatcher",
        name,
        dispatcher: await (program as DispatcherPlugin).setup(config, { ...host, log }),
      };
    }
    const middleware = await (program as MiddlewarePlugin).setup(config, { ...host, log });
    return { kind: "middleware", name, phase: declaration.phase, middleware };
  } catch (error) {
    throw new UnusableArtifact(`The plugin ${name} cannot be set up: ${messageOf(error)}`, { cause: error });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
