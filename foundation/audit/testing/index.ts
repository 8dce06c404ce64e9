/** For tests of what writes to an audit log: one in memory. */
import type { AuditLog } from "../audit-log.ts";
import type { AuditEvent } from "../record.ts";

export interface MemoryAudit extends Pick<AuditLog, "append" | "note"> {
  /** In the order in which they came, waited for or not. */
  readonly events: readonly AuditEvent[];
  /** What `append` rejects with from now on; undefined: it succeeds. */
  failure: Error | undefined;
}

export function createMemoryAudit(): MemoryAudit {
  const events: AuditEvent[] = [];
  return {
    events,
    failure: undefined,
    async append(event) {
      if (this.failure !== undefined) throw this.failure;
      events.push(event);
    },
    note: (event) => void events.push(event),
  };
}
