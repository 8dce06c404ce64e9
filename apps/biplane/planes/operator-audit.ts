/** The data plane's audit log, as its operator asks for it: `/_biplane/audit`, `/_biplane/audit/tail`, `/_biplane/audit/verify`, `/_biplane/audit/head`. */
import {
  AUDIT_LINES_TYPE,
  type AuditCheckpoint,
  AuditError,
  type AuditLog,
  answerAuditQuery,
  formatCheckpoint,
  parseAuditTail,
  parseCheckpoint,
} from "#foundation/audit";
import type { HttpRequest, HttpResponse } from "#foundation/http";

/** Behind `/_biplane/`. */
type AuditPath = "audit" | "audit/head" | "audit/tail" | "audit/verify";

export async function auditAnswers(request: HttpRequest, path: AuditPath, audit: AuditLog): Promise<HttpResponse> {
  try {
    switch (path) {
      case "audit":
        return json(200, await answerAuditQuery(audit, request.query));
      case "audit/head": {
        const head = await audit.head();
        return json(200, { ...head, checkpoint: formatCheckpoint(head) });
      }
      case "audit/verify": {
        const checkpoint = checkpointOf(request.query);
        return json(200, await audit.verify({ ...(checkpoint && { checkpoint }), signal: request.signal }));
      }
      case "audit/tail": {
        const after = parseAuditTail(request.query);
        return {
          status: 200,
          headers: [["content-type", AUDIT_LINES_TYPE]],
          body: audit.lines(after, request.signal),
        };
      }
    }
  } catch (error) {
    if (!(error instanceof AuditError)) throw error;
    return json(error.code === "AuditQueryInvalid" ? 400 : 503, { error: error.message });
  }
}

/** @throws AuditError AuditQueryInvalid */
function checkpointOf(search: string): AuditCheckpoint | undefined {
  const given = new URLSearchParams(search).get("checkpoint");
  if (given === null) return undefined;
  const checkpoint = parseCheckpoint(given);
  if (checkpoint !== undefined) return checkpoint;
  throw new AuditError(
    "AuditQueryInvalid",
    "A checkpoint is a sequence and a hash of 64 hexadecimal digits, 12:0a1b….",
  );
}

function json(status: number, value: unknown): HttpResponse {
  return { status, headers: [["content-type", "application/json"]], body: `${JSON.stringify(value)}\n` };
}
