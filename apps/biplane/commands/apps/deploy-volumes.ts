/** The volumes that a manifest declares, made and attached by the deploy that needs them first. */
import { CodedError } from "#foundation/errors";
import type { Manifest } from "#foundation/manifest";
import { changeByApi } from "../../cli/api-client.ts";
import type { CommandContext } from "../../cli/command.ts";
import { printable } from "../../cli/terminal.ts";
import { allItems, type EnvTarget } from "./target.ts";
import { type Attachment, type Volume, volumePath, waitForVolume } from "./volume-shapes.ts";
import { Progress } from "./wait.ts";

const GIB = 1024 ** 3;
const NAME_LENGTH = 63;

/**
 * Every environment has volumes of its own: `<app>-<env>-<name in the manifest>`. One that is there already, restored for example, is attached as it is.
 * What is attached stays: a volume is never swapped by a deploy.
 */
export async function ensureVolumes(
  context: CommandContext,
  target: EnvTarget,
  manifest: Manifest,
  types: readonly string[],
): Promise<void> {
  const wanted = Object.entries(manifest.processes).filter(
    ([type, { mounts }]) => mounts.length > 0 && types.includes(type),
  );
  if (wanted.length === 0) return;
  const { access, envPath, orgPath } = target;
  const attached = await allItems<Attachment>(access, `${envPath}/volume-attachments`);
  const note = (text: string): void => {
    if (!context.json) context.terminal.note(text);
  };
  for (const [type, { mounts }] of wanted) {
    for (const { volume: declared, path, read_only: readOnly } of mounts) {
      if (attached.some(({ process_type: of, mount_path: at }) => of === type && at === path)) continue;
      const name = nameOf(target, declared);
      const existing = (await allItems<Volume>(access, `${orgPath}/volumes`)).find((volume) => volume.name === name);
      const size = manifest.volumes.find((volume) => volume.name === declared);
      const made =
        existing ??
        (await makeVolume(context, target, {
          name,
          size_bytes: Number.parseInt(size?.size ?? "1", 10) * GIB,
          backup_enabled: size?.backup_enabled ?? true,
        }));
      if (existing === undefined) note(`Made the volume ${printable(name)}`);
      await waitForVolume(context, access, volumePath(orgPath, made.id));
      await changeByApi<Attachment>(access, "POST", `${envPath}/volume-attachments`, {
        volume_id: made.id,
        process_type: type,
        mount_path: path,
        read_only: readOnly,
      });
      note(`Attached ${printable(name)} to ${type} at ${printable(path)}`);
    }
  }
}

/** A cloud that has just been started may be without its node for a moment. */
const NODE_WAIT_MS = 15_000;
const POLL_MS = 100;

async function makeVolume(context: CommandContext, { access, orgPath }: EnvTarget, volume: object): Promise<Volume> {
  const until = Date.now() + NODE_WAIT_MS;
  const progress = new Progress(context);
  try {
    for (;;) {
      try {
        return await changeByApi<Volume>(access, "POST", `${orgPath}/volumes`, volume);
      } catch (error) {
        const isForNow = error instanceof CodedError && error.message.startsWith("no_nodes_active");
        if (!isForNow || Date.now() > until || context.signal.aborted) throw error;
        progress.say("waiting for a node");
        await Bun.sleep(POLL_MS);
      }
    }
  } finally {
    progress.end();
  }
}

function nameOf({ app, env }: EnvTarget, declared: string): string {
  return `${app.name}-${env.name}-${declared}`.slice(0, NAME_LENGTH).replace(/-+$/, "");
}
