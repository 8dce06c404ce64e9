/** The handle of a message move task: base64 of JSON with the task and its source, as AWS makes it. */

export interface MoveTaskHandle {
  readonly taskId: string;
  readonly sourceArn: string;
}

/** A handle is some 200 characters; what is longer is none. */
const LENGTH_MAX = 1024;

export const writeTaskHandle = ({ taskId, sourceArn }: MoveTaskHandle): string =>
  Buffer.from(JSON.stringify({ taskId, sourceArn })).toString("base64");

/** Undefined for a text that is no handle. */
export function readTaskHandle(handle: string): MoveTaskHandle | undefined {
  if (handle.length > LENGTH_MAX) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(handle, "base64").toString());
    if (typeof value !== "object" || value === null || !("taskId" in value) || !("sourceArn" in value))
      return undefined;
    const { taskId, sourceArn } = value;
    return typeof taskId === "string" && typeof sourceArn === "string" ? { taskId, sourceArn } : undefined;
  } catch {
    return undefined;
  }
}
