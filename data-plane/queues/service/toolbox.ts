/** What the operations share. */

import type { Deliveries } from "./deliveries.ts";
import type { QueuesEnvironment } from "./environment.ts";
import type { MessageCipher } from "./message-cipher.ts";
import type { QueueDeletions } from "./queue-deletions.ts";
import type { QueueKeeper } from "./queue-keeper.ts";
import type { Waits } from "./waits.ts";

export interface Toolbox extends QueuesEnvironment {
  readonly keeper: QueueKeeper;
  readonly deletions: QueueDeletions;
  readonly deliveries: Deliveries;
  readonly cipher: MessageCipher;
  /** Receives that wait for messages. */
  readonly waits: Waits;
}
