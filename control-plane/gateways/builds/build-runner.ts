/**
 * Carries builds out, one at a time. What is to be built is what the views say is queued: nothing is lost with a process, and whoever takes over goes on.
 *
 * A build that the process does not survive is tried again after the next start, three times in all: then it has failed, so that no description ends a control plane for good.
 */
import type { Command, CommandOrigin, CommandOutcome, GatewayBuildRecord } from "#contracts";
import { type AnyEvent, type CatalogReader, type EventStore, EventStoreError, groups } from "#control-plane/events";
import { BLOB_BYTES_MAX, type BlobStore } from "#control-plane/gateways/blobs";
import type { Random, TimerHandle, Timers } from "#foundation/runtime";
import type { BuildInput, BuildOutput, CompileBuild, InputSpec } from "./build-input.ts";

const ATTEMPTS_MAX = 3;
/** The log, or the store of blobs, does not answer: again after this. */
const RETRY_MS = 5_000;

export interface BuildRunnerOptions {
  readonly views: CatalogReader;
  readonly blobs: BlobStore;
  readonly store: Pick<EventStore, "document" | "putDocument">;
  execute(command: Command, origin: CommandOrigin): Promise<CommandOutcome>;
  readonly compile: CompileBuild;
  /** Of this program. */
  readonly version: string;
  readonly timers: Timers;
  readonly random: Random;
  readonly onError: (message: string, error: unknown) => void;
}

export interface BuildRunner {
  /** Tells what was committed. */
  heard(events: readonly AnyEvent[]): void;
  /** Leaves what is not done as it is. */
  close(): Promise<void>;
}

export function createBuildRunner(options: BuildRunnerOptions): BuildRunner {
  const { views, blobs, store, compile, timers, onError } = options;
  const closing = new AbortController();
  const { signal } = closing;
  let working: Promise<void> | undefined;
  let again: TimerHandle | undefined;
  let lastProject: string | undefined;
  /** Those that this process has begun with: a log that does not answer is no reason to count them again. */
  const begun = new Set<string>();

  function wake(): void {
    if (signal.aborted || working !== undefined) return;
    again?.cancel();
    again = undefined;
    working = work()
      .catch((error) => {
        if (signal.aborted) return;
        onError("a build could not be carried out", error);
        again = timers.after(RETRY_MS, wake);
      })
      .finally(() => {
        working = undefined;
        // What came while the last one was on its way out.
        if (again === undefined && next() !== undefined) wake();
      });
  }

  /** The one that has waited longest; of another project than the last, where there is any, so that no project holds up the others. */
  function next(): GatewayBuildRecord | undefined {
    const waiting = views.inGroup("gatewayBuild", groups.unfinished());
    let first: GatewayBuildRecord | undefined;
    for (const build of waiting) {
      if (first === undefined || comesBefore(build, first, lastProject)) first = build;
    }
    return first;
  }

  async function work(): Promise<void> {
    for (let build = next(); build !== undefined && !signal.aborted; build = next()) {
      lastProject = build.projectId;
      await carryOut(build);
    }
  }

  async function carryOut(build: GatewayBuildRecord): Promise<void> {
    const { buildId } = build;
    if (!begun.has(buildId)) {
      const attempts = Number((await store.document(attemptName(buildId))) ?? 0);
      if (attempts >= ATTEMPTS_MAX) {
        await failed(build, "The control plane did not survive this build.");
        return store.putDocument({ name: attemptName(buildId), text: null });
      }
      await store.putDocument({ name: attemptName(buildId), text: String(attempts + 1) });
      begun.add(buildId);
    }
    await attempt(build);
    // Also when the process ends in good order: then it has survived.
    await store.putDocument({ name: attemptName(buildId), text: null });
    begun.delete(buildId);
  }

  async function attempt(build: GatewayBuildRecord): Promise<void> {
    let output: BuildOutput;
    try {
      const input = await inputOf(build);
      if (input === undefined) return failed(build, "A revision that it is built of is gone.");
      if (signal.aborted) return;
      output = await compile(input, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof EventStoreError) throw error;
      return failed(build, error instanceof Error ? error.message : String(error));
    }
    const { artifact, diagnostics, errors, warnings } = output;
    if (artifact === undefined) {
      const { message } = output;
      const given = message === undefined ? {} : { message };
      return decided({ type: "gatewayBuild.fail", buildId: build.buildId, diagnostics, errors, warnings, ...given });
    }
    const { bytes, digest, operations } = artifact;
    if (bytes.byteLength > BLOB_BYTES_MAX) {
      return failed(build, `The artifact has ${bytes.byteLength} bytes; ${BLOB_BYTES_MAX} are the most.`);
    }
    const hold = await blobs.put([bytes]);
    try {
      const made = {
        digest,
        contentDigest: hold.digests[0]!,
        sizeBytes: bytes.byteLength,
        compiler: options.version,
        operations,
      };
      await decided({ type: "gatewayBuild.succeed", buildId: build.buildId, artifact: made, diagnostics, warnings });
    } finally {
      hold.release();
    }
  }

  const failed = ({ buildId }: GatewayBuildRecord, message: string): Promise<void> =>
    decided({ type: "gatewayBuild.fail", buildId, diagnostics: [], errors: 0, warnings: 0, message });

  async function decided(command: Command): Promise<void> {
    const requestId = Buffer.from(options.random.bytes(8)).toString("hex").toUpperCase();
    const outcome = await options.execute(command, { actor: "system:compiler", requestId });
    if (outcome.ok) return;
    // It has ended otherwise, with its project: that is an outcome too.
    if (outcome.code === "NoSuchResource" || outcome.code === "ResourceInUse") return;
    throw new Error(`${outcome.code}: ${outcome.message}`);
  }

  async function inputOf({ revisions, options: given }: GatewayBuildRecord): Promise<BuildInput | undefined> {
    const specs: InputSpec[] = [];
    for (const { revisionId, specName } of revisions) {
      const revision = views.record("gatewaySpecRevision", revisionId);
      if (revision === undefined) return undefined;
      const files = new Map<string, Uint8Array>();
      for (const { path, digest } of revision.files) {
        const bytes = await blobs.read(digest);
        if (bytes === undefined) return undefined;
        files.set(path, bytes);
      }
      specs.push({ name: specName, files, descriptions: revision.descriptions });
    }
    return { specs, options: given, compiler: options.version };
  }

  // Those that the process before has left.
  if (next() !== undefined) wake();

  return {
    heard(events) {
      if (events.some(({ type }) => type === "gatewayBuild.requested")) wake();
    },
    async close() {
      closing.abort();
      again?.cancel();
      await working;
    },
  };
}

const attemptName = (buildId: string): string => `gateway-build/${buildId}`;

function comesBefore(left: GatewayBuildRecord, right: GatewayBuildRecord, lastProject: string | undefined): boolean {
  const other = left.projectId !== lastProject;
  if (other !== (right.projectId !== lastProject)) return other;
  return left.createdAt < right.createdAt;
}
