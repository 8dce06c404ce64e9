/** Watches a deploy until it has come to an end, and shows how far it is. */
import { callApiJson } from "../../cli/api-client.ts";
import type { CommandContext } from "../../cli/command.ts";
import { cliErrors } from "../../cli/errors.ts";
import type { ApiAccess } from "../../cli/find-cloud.ts";
import { printable, type Terminal } from "../../cli/terminal.ts";
import type { Deploy, EnvStatus } from "./shapes.ts";

const POLL_MS = 100;
const SPINNER = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** One line that changes where people look, and a line for each news where they do not. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #quiet: boolean;
  #frame = 0;
  #last = "";
  #shown = false;

  constructor({ terminal, json }: Pick<CommandContext, "terminal" | "json">) {
    this.#terminal = terminal;
    this.#quiet = json;
  }

  say(text: string): void {
    if (this.#quiet) return;
    if (this.#terminal.progress) {
      const spinner = SPINNER[this.#frame++ % SPINNER.length]!;
      this.#terminal.writeNote(`\r\u001b[2K${spinner} ${text.slice(0, Math.max(20, this.#terminal.columns - 3))}`);
      this.#shown = true;
    } else if (text !== this.#last) this.#terminal.note(text);
    this.#last = text;
  }

  /** Leaves a clean line behind. */
  end(): void {
    if (this.#shown) this.#terminal.writeNote("\r\u001b[2K");
    this.#shown = false;
  }
}

/** @throws CodedError TIMED_OUT; the signal's reason when the person has had enough */
export async function waitForDeploy(
  context: CommandContext,
  { access, envPath }: { readonly access: ApiAccess; readonly envPath: string },
  deployId: string,
  timeoutMs: number,
): Promise<Deploy> {
  const progress = new Progress(context);
  const until = Date.now() + timeoutMs;
  try {
    for (;;) {
      const deploy = await callApiJson<Deploy>(access, { path: `${envPath}/deploys/${deployId}` });
      if (deploy.status !== "queued" && deploy.status !== "rolling") return deploy;
      const status = await callApiJson<EnvStatus>(access, { path: `${envPath}/status` });
      progress.say(progressText(deploy, status));
      if (Date.now() > until) {
        throw cliErrors.error(
          "WAIT_TIMED_OUT",
          `The deploy ${deployId} is still ${deploy.status}; it goes on. Look with: biplane ps, biplane why`,
        );
      }
      if (context.signal.aborted) {
        throw cliErrors.error("WAIT_ENDED", `The deploy ${deployId} goes on. Look with: biplane ps`);
      }
      await Bun.sleep(POLL_MS);
    }
  } finally {
    progress.end();
  }
}

function progressText({ message, process_types: types }: Deploy, { processes }: EnvStatus): string {
  const parts = processes
    .filter(({ process_type: type }) => types.includes(type))
    .map(({ process_type: type, ready, desired }) => `${type} ${ready}/${desired} ready`);
  return `${parts.join(", ")}${message === undefined ? "" : `  ${printable(message)}`}`;
}
