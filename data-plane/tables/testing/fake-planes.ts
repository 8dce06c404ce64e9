/** A catalog in memory and a control plane that decides on the spot, for tests of operations. */
import type { AccountId, Command, CommandOrigin, CommandOutcome, ResourceCommand, UserRecord } from "#contracts";
import { type ControlPlane, ControlPlaneUnavailable } from "#data-plane/link";
import { decideResource, MemoryCatalog } from "#data-plane/link/testing";

/** What the two planes of a test share. */
export class FakePlanes extends MemoryCatalog implements ControlPlane {
  readonly #now: () => number;
  /** False: no command gets through. */
  connected = true;
  /** Called before a command is decided; may change what there is. */
  beforeDecision: (command: Command) => void = () => {};
  /** Commands in the order in which they arrived, with their actor. */
  readonly commands: { readonly command: Command; readonly origin: CommandOrigin }[] = [];

  constructor(now: () => number) {
    super();
    this.#now = now;
  }

  addAccount(accountId: AccountId): void {
    const canonicalUserId = accountId.padStart(64, "c");
    this.put({ kind: "account", accountId, name: accountId, canonicalUserId, createdAt: this.#now() });
  }

  /** An active key; of the account's root user unless a user is named. */
  addKey(accessKeyId: string, accountId: AccountId, secret: string, userName?: string): void {
    this.put({
      kind: "accessKey",
      accessKeyId,
      accountId,
      owner: userName === undefined ? { type: "root" } : { type: "user", userName },
      status: "Active",
      sealedSecret: secret,
      createdAt: this.#now(),
    });
  }

  /** A user with one inline policy. */
  addUser(accountId: AccountId, userName: string, statements: readonly object[]): void {
    const record: UserRecord = {
      kind: "user",
      accountId,
      entityId: `AIDA${userName.toUpperCase()}`,
      name: userName,
      path: "/",
      createdAt: this.#now(),
      modifiedAt: this.#now(),
      revision: 1,
      sections: { inlinePolicies: { inline: JSON.stringify({ Version: "2012-10-17", Statement: statements }) } },
    };
    this.put(record);
  }

  async execute<C extends Command>(command: C, origin: CommandOrigin): Promise<CommandOutcome<C["type"]>> {
    if (!this.connected) throw new ControlPlaneUnavailable("no change stream is open");
    this.commands.push({ command, origin });
    this.beforeDecision(command);
    return decideResource(this, command as ResourceCommand, this.#now()) as CommandOutcome<C["type"]>;
  }
}
