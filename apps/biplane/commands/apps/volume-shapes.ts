/** What the control API says of volumes, and how a command waits for them. */
import { callApiJson } from "../../cli/api-client.ts";
import type { CommandContext } from "../../cli/command.ts";
import { cliErrors } from "../../cli/errors.ts";
import type { ApiAccess } from "../../cli/find-cloud.ts";
import { printable } from "../../cli/terminal.ts";
import { Progress } from "./wait.ts";

const POLL_MS = 100;
const WAIT_SECONDS = 600;

export interface Attachment {
  readonly id: string;
  readonly volume_id: string;
  readonly process_type: string;
  readonly mount_path: string;
}

export interface Volume {
  readonly id: string;
  readonly name: string;
  readonly size_bytes: number;
  readonly home_node_id: string;
  readonly state: string;
  readonly failed_reason?: string;
  readonly attachments: readonly Attachment[];
}

/** @param name the volume's name or id */
export const volumePath = (orgPath: string, name: string): string => `${orgPath}/volumes/${encodeURIComponent(name)}`;

export async function waitForVolume(context: CommandContext, access: ApiAccess, path: string): Promise<Volume> {
  const volume = await until(
    context,
    () => callApiJson<Volume>(access, { path }),
    ({ state }) => state !== "creating",
    ({ name, state }) => `${printable(name)} is ${state}`,
  );
  if (volume.state === "error")
    throw cliErrors.error("VOLUME_FAILED", `The volume failed: ${printable(volume.failed_reason ?? "")}`);
  return volume;
}

/** @throws CodedError WAIT_TIMED_OUT, WAIT_ENDED */
export async function until<Answer>(
  context: CommandContext,
  look: () => Promise<Answer>,
  isDone: (answer: Answer) => boolean,
  say: (answer: Answer) => string,
): Promise<Answer> {
  const progress = new Progress(context);
  const end = Date.now() + WAIT_SECONDS * 1_000;
  try {
    for (;;) {
      const answer = await look();
      if (isDone(answer)) return answer;
      progress.say(say(answer));
      if (context.signal.aborted) throw cliErrors.error("WAIT_ENDED", "It goes on.");
      if (Date.now() > end)
        throw cliErrors.error("WAIT_TIMED_OUT", `After ${WAIT_SECONDS} s, ${say(answer)}; it goes on.`);
      await Bun.sleep(POLL_MS);
    }
  } finally {
    progress.end();
  }
}
