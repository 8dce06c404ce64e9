/** A control plane that decides on the spot, for tests of operations. */
import type { Command, CommandOrigin, CommandOutcome, ResourceCommand } from "#contracts";
import { type ControlPlane, ControlPlaneUnavailable } from "#data-plane/link";
import { decideResource, type MemoryCatalog } from "#data-plane/link/testing";

export class FakeControl implements ControlPlane {
  readonly #catalog: MemoryCatalog;
  readonly #now: () => number;
  /** False: no command gets through. */
  connected = true;
  /** Commands in the order in which they arrived. */
  readonly commands: { readonly command: Command; readonly origin: CommandOrigin }[] = [];
  /** How many of the next commands are carried out although their answer is lost. */
  answersToLose = 0;

  /** Commands are not decided before it resolves. */
  held: Promise<void> | undefined;

  constructor(catalog: MemoryCatalog, now: () => number) {
    this.#catalog = catalog;
    this.#now = now;
  }

  async execute<C extends Command>(command: C, origin: CommandOrigin): Promise<CommandOutcome<C["type"]>> {
    if (!this.connected) throw new ControlPlaneUnavailable("no change stream is open");
    this.commands.push({ command, origin });
    await this.held;
    const outcome = decideResource(this.#catalog, command as ResourceCommand, this.#now());
    if (this.answersToLose > 0) {
      this.answersToLose -= 1;
      throw new ControlPlaneUnavailable("the change stream ended");
    }
    return outcome as CommandOutcome<C["type"]>;
  }
}
