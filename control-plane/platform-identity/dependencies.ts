/** What the handlers of platform identity are given. */
import type { CommandHandler } from "#control-plane/events";
import type { PlatformLimits } from "./limits.ts";
import type { PlatformSecrets } from "./secrets.ts";

export interface PlatformDependencies {
  readonly secrets: PlatformSecrets;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly limits: PlatformLimits;
  /** Makes an account, whoever it is for. */
  readonly createAccount: CommandHandler<"account.create">;
}
