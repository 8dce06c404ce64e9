/** What the IAM operations are given. */
import type { Catalog, ControlPlane } from "#data-plane/link";
import type { Timers } from "#foundation/runtime";
import type { AccessKeyUses } from "../last-use/access-key-uses.ts";

export interface IamEnvironment {
  readonly catalog: Catalog;
  readonly control: ControlPlane;
  readonly timers: Timers;
  /** When access keys and roles were used last. */
  readonly uses: Pick<AccessKeyUses, "lastUseOf">;
}
