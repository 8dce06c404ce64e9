/** Puts the control plane together. */
import { join } from "node:path";
import type { CatalogRecord, Command, CommandOrigin, CommandOutcome, CommandType, EventId } from "#contracts";
import {
  type AnyEvent,
  Appender,
  CATALOG_VIEWS,
  CatalogFeed,
  type CatalogReader,
  CatalogViews,
  type CommandOf,
  type Decision,
  deepFreeze,
  type EventStore,
  loadView,
  openSqliteEventStore,
  refuse,
  tailEvents,
} from "#control-plane/events";
import { createBlobCollector, createBlobStore } from "#control-plane/gateways/blobs";
import { type CompileBuild, createBuildRunner, createCompileThreads } from "#control-plane/gateways/builds";
import { createGatewayPresence } from "#control-plane/gateways/fleet";
import {
  type CheckPolicy,
  decideRoot,
  IDENTITY_LIMITS,
  type IdentityLimits,
  type ManagedPolicyLookup,
  rootKeyOf,
} from "#control-plane/identity";
import { PLATFORM_LIMITS, type PlatformLimits } from "#control-plane/platform-identity";
import { RESOURCE_LIMITS, type ResourceLimits } from "#control-plane/resources";
import {
  CHANGED_MEANWHILE,
  Keyring,
  KeyUnavailable,
  type SecretDependencies,
  SecretService,
} from "#control-plane/secrets";
import { open, seal } from "#foundation/crypto";
import { managedPolicy } from "#foundation/managed-policies";
import { type Clock, type Random, systemTimers, type Timers } from "#foundation/runtime";
import { acquireProcessLock } from "#foundation/sql";
import type { Logger, MetricsRegistry } from "#foundation/telemetry";
import { checkPolicy } from "./check-policy.ts";
import { CommandExecutor } from "./command-executor.ts";
import { createCommandMetrics } from "./command-metrics.ts";
import { originProblem } from "./command-origin.ts";
import { parseCommand } from "./command-shape.ts";
import {
  type ControlPlane,
  type DecideAlone,
  type RebuildProgress,
  RebuildUnderWay,
  type RootCredentials,
  type Verification,
} from "./control-plane.ts";
import { createDecide, createDesiredIds, createIdentityDependencies, type HandlerOptions } from "./handlers.ts";
import { openMasterKey } from "./master-key.ts";
import { openPlatformKey } from "./platform-key.ts";
import { adoptShadow, buildShadows, compareShadow, viewsNamed } from "./rebuild-views.ts";
import { createAnswerKeeper, fingerprintOf } from "./remembered-answers.ts";
import { beginRun } from "./runs.ts";

/** What `openControlPlane` needs. */
export interface ControlPlaneOptions {
  /** Holds `events.sqlite` and `master.key`; made when missing. Keep both, and keep them together: each is useless without the other. */
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly timers?: Timers;
  readonly logger?: Logger;
  readonly metrics?: MetricsRegistry;
  /** Default: the grammar of IAM. */
  readonly checkPolicy?: CheckPolicy;
  /** Default: the policies that AWS manages, as far as they are known here. */
  readonly managedPolicy?: ManagedPolicyLookup;
  readonly limits?: Partial<IdentityLimits & PlatformLimits & ResourceLimits>;
  /** Of the program: artifacts say by which compiler they were made. */
  readonly version?: string;
  /** Default: in a thread for each build. */
  readonly compile?: CompileBuild;
  /** Another store than the SQLite file; the control plane closes it. */
  readonly store?: EventStore;
  /** Called once when another control plane has taken over the log, as soon as this is noticed: every command is refused from then on, so stop the process. */
  readonly onDeposed?: (error: Error) => void;
}

/** From this event on a cursor may resume; see `CatalogFeed.rebuilt`. */
const RESUMABLE_NOTE = "feed-resumable-from";

/**
 * Opens the control plane: takes over its log, brings the views up to date, and is ready for commands.
 *
 * One process at a time has a data directory. Where processes on several machines share a log (another `store`), whoever opens it last takes it over, and the
 * commands of the others fail from then on.
 *
 * @throws SqlError Locked, SchemaTooNew, Corrupt; CryptoError when the master key is missing, open to others or not the one of this log
 * @example
 * const controlPlane = await openControlPlane({ dataDirectory, clock: systemClock, random: systemRandom });
 * const { accessKey } = await controlPlane.ensureRoot();
 * const outcome = await controlPlane.execute({ type: "account.create", name: "team" }, { actor: "system:cli", requestId });
 */
export async function openControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { dataDirectory, random } = options;
  const lock = acquireProcessLock(join(dataDirectory, "control-plane.lock"));
  let store: EventStore | undefined;
  const release = async (): Promise<void> => {
    await store?.close();
    lock.release();
  };
  try {
    const path = join(dataDirectory, "events.sqlite");
    store = options.store ?? openSqliteEventStore({ path, random: random.fork("event-store") });
    return await assemble(store, options, release);
  } catch (error) {
    await release();
    throw error;
  }
}

/** Changes of single secrets at the same moment that each have to see the one before. */
const PATCH_ATTEMPTS_MAX = 20;

async function assemble(
  store: EventStore,
  options: ControlPlaneOptions,
  release: () => Promise<void>,
): Promise<ControlPlane> {
  const { clock, random, logger } = options;
  const timers = options.timers ?? systemTimers;
  const key = await openMasterKey(join(options.dataDirectory, "master.key"), store, random.fork("master-key"));
  const platformKey = await openPlatformKey(key, store, random.fork("platform-key"));
  const nonces = random.fork("seal");
  const keyring = Keyring.open(options.dataDirectory, random.fork("secret-keys"), clock.now());
  const secretDependencies: SecretDependencies = {
    keyring,
    random: random.fork("secret-versions"),
    newId: createDesiredIds(random.fork("secret-ids")),
    now: () => clock.now(),
  };
  const gatewayPresence = createGatewayPresence();
  const handlerOptions: HandlerOptions = {
    clock,
    gatewayPresence,
    random: random.fork("names"),
    seal: (text, additionalData) => seal(key, text, additionalData, nonces),
    platformKey,
    secrets: secretDependencies,
    checkPolicy: options.checkPolicy ?? checkPolicy,
    managedPolicy: options.managedPolicy ?? managedPolicy,
    limits: { ...IDENTITY_LIMITS, ...PLATFORM_LIMITS, ...RESOURCE_LIMITS, ...options.limits },
  };
  const identity = createIdentityDependencies(handlerOptions);
  const decide = createDecide(identity, handlerOptions);

  const committed = new CatalogViews();
  const working = new CatalogViews();
  for (const view of CATALOG_VIEWS) {
    const loaded = await loadView<CatalogRecord>(store, view);
    for (const [rowKey, row] of loaded.rows) {
      const record = deepFreeze(row);
      committed.apply({ change: "upsert", key: rowKey, record });
      working.apply({ change: "upsert", key: rowKey, record });
    }
    for (const event of loaded.quarantined) logger?.error("an event does not fit its view", { ...event });
    if (loaded.replayed > 0)
      logger?.info("a view was brought up to date", { view: view.name, events: loaded.replayed });
  }
  const appender = await Appender.open(store);
  const resumableFrom = Number((await store.note(RESUMABLE_NOTE)) ?? 0) as EventId;
  const runs = await beginRun(store, appender.head, random.fork("runs"));
  const { endOf: endOfRun } = runs;
  const feed = new CatalogFeed({ store, views: committed, timers, head: appender.head, resumableFrom, endOfRun });
  const listeners = new Set<(events: readonly AnyEvent[]) => void>();
  const requestIds = random.fork("request-ids");
  const executor = new CommandExecutor({
    store,
    appender,
    working,
    committed,
    answers: createAnswerKeeper(key, random.fork("answers")),
    clock,
    onCommitted(events) {
      feed.publish(events);
      for (const listener of listeners) listener(events);
    },
    onError: (message, error) => logger?.error(message, { error }),
    onDeposed: options.onDeposed,
    ...(options.metrics === undefined ? {} : { meter: createCommandMetrics(options.metrics) }),
  });
  const decideAlone = (actor: string, decideNow: DecideAlone): Promise<EventId | undefined> => {
    const requestId = Buffer.from(requestIds.bytes(8)).toString("hex").toUpperCase();
    return executor.decideAlone({ actor, requestId }, decideNow);
  };
  const secrets = new SecretService({
    store,
    views: committed,
    keyring,
    dependencies: secretDependencies,
    clock,
    decideAlone,
  });
  store.onDeposed((error) => executor.depose(error));
  let closing: Promise<void> | undefined;
  let rebuilding: RebuildProgress | undefined;

  async function execute(command: Command, origin: CommandOrigin): Promise<CommandOutcome> {
    const problem = originProblem(origin);
    if (problem !== undefined) return refuse("ValidationFailed", problem);
    const parsed = parseCommand(command);
    if (!parsed.ok) return refuse("ValidationFailed", parsed.problem);
    const sound = parsed.command;
    const fingerprint = origin.idempotencyKey === undefined ? "" : fingerprintOf(sound);
    if (sound.type === "secrets.patch") return patchSecrets(sound, origin, fingerprint);
    return executor.execute({ origin, fingerprint, decide: (views) => decide(sound, views) });
  }

  /** What is there is read, and the decision holds only if it is still there: otherwise once more. */
  async function patchSecrets(
    command: CommandOf<"secrets.patch">,
    origin: CommandOrigin,
    fingerprint: string,
  ): Promise<CommandOutcome> {
    for (let attempt = 1; ; attempt++) {
      let prepared: (views: CatalogReader) => Decision<CommandType>;
      try {
        prepared = await secrets.preparePatch(command);
      } catch (error) {
        if (!(error instanceof KeyUnavailable)) throw error;
        return refuse("MasterKeyUnavailable", `The secrets that are there cannot be opened: ${error.message}`);
      }
      const outcome = await executor.execute({ origin, fingerprint, decide: prepared });
      if (outcome.ok || outcome.message !== CHANGED_MEANWHILE || attempt >= PATCH_ATTEMPTS_MAX) return outcome;
    }
  }

  async function ensureRoot(account = { name: "root" }): Promise<RootCredentials> {
    let created = false;
    if (appender.head === 0) {
      const outcome = await executor.execute({
        origin: { actor: "system:bootstrap", requestId: "bootstrap" },
        fingerprint: "",
        // Decided in the order of commands: whoever comes second finds the account.
        decide(views) {
          if (views.count("account") > 0) return { ok: true, events: [], result: {} };
          created = true;
          return { ok: true, events: decideRoot(identity, account).events, result: {} };
        },
      });
      if (!outcome.ok) throw new Error(`the first account could not be made: ${outcome.message}`);
    }
    const [first] = await store.read(0 as EventId, 1);
    if (first === undefined) throw new Error("the log is empty after the first account was made");
    const record = rootKeyOf(committed, first.org);
    if (record === undefined) return { accountId: first.org, accessKey: undefined, created };
    const { accessKeyId } = record;
    const secretAccessKey = open(key, record.sealedSecret, accessKeyId);
    return { accountId: first.org, accessKey: { accessKeyId, secretAccessKey }, created };
  }

  async function rebuild(names?: readonly string[]) {
    if (rebuilding !== undefined) throw new RebuildUnderWay();
    const views = viewsNamed(names);
    const progress = { views: views.length, compared: 0, folded: 0, events: 0 };
    rebuilding = progress;
    try {
      const shadows = await buildShadows(store, views, (folded, events) => Object.assign(progress, { folded, events }));
      const reports = [];
      for (const shadow of shadows) {
        const report = await executor.exclusive(async () => {
          const compared = await compareShadow(store, shadow, committed);
          if (compared.equal) return compared;
          for (const change of await adoptShadow(store, shadow, committed)) {
            working.apply(change);
            committed.apply(change);
          }
          await store.setNote(RESUMABLE_NOTE, String(feed.rebuilt()));
          return compared;
        });
        progress.compared++;
        logger?.info("a view was rebuilt", { view: report.view, equal: report.equal, events: report.events });
        reports.push(report);
      }
      return reports;
    } finally {
      rebuilding = undefined;
    }
  }

  async function verify(): Promise<Verification> {
    const logProblems = await store.check();
    const views = [];
    for (const shadow of await buildShadows(store, CATALOG_VIEWS)) {
      views.push(await executor.exclusive(() => compareShadow(store, shadow, committed)));
    }
    const sound = logProblems.length === 0 && views.every((view) => view.equal && view.quarantined.length === 0);
    return { sound, logProblems, views };
  }

  const gatewayBlobs = createBlobStore(store);
  const collector = createBlobCollector({
    blobs: gatewayBlobs,
    views: committed,
    timers,
    onError: (error) => logger?.error("blobs could not be collected", { error }),
  });
  const builds = createBuildRunner({
    views: committed,
    blobs: gatewayBlobs,
    store,
    execute,
    compile: options.compile ?? createCompileThreads(timers),
    version: options.version ?? "0.0.0",
    timers,
    random: random.fork("builds"),
    onError: (message, error) => logger?.error(message, { error }),
  });
  listeners.add((events) => {
    collector.heard(events);
    builds.heard(events);
  });

  return {
    controlPlaneId: store.controlPlaneId,
    run: runs.current,
    get head() {
      return appender.head;
    },
    views: committed,
    feed,
    events: {
      read: (after, limit) => store.read(after, limit),
      readAggregate: (aggregate, afterSequence, limit) => store.readAggregate(aggregate, afterSequence, limit),
      tail: (after, signal) => tailEvents(store, after, signal),
    },
    sealingKey: key,
    platformKey,
    // The handler of a command's type gives the result of that type.
    execute: <Given extends Command>(command: Given, origin: CommandOrigin) =>
      execute(command, origin) as Promise<CommandOutcome<Given["type"]>>,
    decideAlone,
    secrets,
    gatewayBlobs,
    gatewayPresence,
    onCommitted(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ensureRoot,
    rebuild,
    rebuildProgress: () => rebuilding && { ...rebuilding },
    verify,
    quarantined: () => store.quarantined(),
    close() {
      closing ??= Promise.all([builds.close(), collector.close()]).then(async () => {
        await executor.close();
        feed.close();
        await release();
      });
      return closing;
    },
  };
}
