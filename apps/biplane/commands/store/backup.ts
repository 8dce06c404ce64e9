/** `biplane store backup`, `biplane store restore` */
import { BackupError, type BackupFailure, backUpCluster, type Manifest, restore } from "#data-plane/store/backup";
import { connectCluster } from "#data-plane/store/cluster";
import { commonErrors } from "#foundation/errors";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { cliErrors } from "../../cli/errors.ts";
import { counted, humanSize } from "../../cli/units.ts";
import { placeOf } from "./backup-place.ts";
import { withCluster } from "./cluster.ts";

export const backup: CommandBody = (context) =>
  withCluster(context, async ({ runtime, rpc, addresses }) => {
    const { terminal } = context;
    const place = await placeOf(context, runtime, "to", false);
    const manifest = await explained(context, () =>
      backUpCluster(runtime, {
        rpc,
        coordinators: addresses,
        place,
        signal: context.signal,
        onProgress: ({ attempt, parts, bytes, begunAnewAfter }) => {
          if (begunAnewAfter !== undefined) terminal.note(`Begun anew (attempt ${attempt}): ${begunAnewAfter}`);
          draw(context, `${counted(parts, "part")}, ${humanSize(bytes)}`);
        },
      }),
    ).finally(() => draw(context, ""));
    print(context, manifest, "Backed up");
    return 0;
  });

export const restoreBackup: CommandBody = (context) =>
  withCluster(context, async ({ runtime, rpc, addresses }) => {
    const place = await placeOf(context, runtime, "from", true);
    const store = connectCluster(runtime, { rpc, coordinators: addresses });
    try {
      const manifest = await explained(context, () =>
        restore(runtime, store, {
          place,
          clear: context.arguments.has("clear"),
          signal: context.signal,
          onProgress: ({ phase, parts, partsTotal }) => draw(context, `${phase} ${parts} of ${partsTotal} parts`),
        }),
      ).finally(() => draw(context, ""));
      print(context, manifest, "Restored");
      return 0;
    } finally {
      await store.close();
    }
  });

/** One line on standard error, where people look. */
function draw({ terminal }: CommandContext, text: string): void {
  if (terminal.progress) terminal.writeNote(`\r\u001b[K${text}`);
}

function print({ json, terminal }: CommandContext, { epoch, version, parts }: Manifest, done: string): void {
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  if (json) terminal.json({ version: String(version), epoch: Number(epoch), parts: parts.length, bytes });
  else
    terminal.line(`${done}: the state at version ${version}, ${humanSize(bytes)} in ${counted(parts.length, "part")}.`);
}

const HINTS: Partial<Record<BackupFailure, string>> = {
  place_not_empty: "Name another directory or prefix.",
  store_not_empty: "With --clear everything in the store is removed first.",
};

const CODES = {
  place_not_empty: "USAGE",
  no_backup: "NOT_FOUND",
  damaged: "STATE_INVALID",
  unknown_format: "NOT_SUPPORTED",
  store_not_empty: "USAGE",
  gave_up: "SNAPSHOT_FAILED",
} as const satisfies Record<BackupFailure, string>;

async function explained<T>({ signal }: CommandContext, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (signal.aborted) throw commonErrors.error("CANCELLED", { cause: error });
    if (!(error instanceof BackupError)) throw error;
    const hint = HINTS[error.code];
    const message = hint === undefined ? error.message : `${error.message}\n${hint}`;
    throw cliErrors.error(CODES[error.code], { message, cause: error });
  }
}
