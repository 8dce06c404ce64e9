/** Writes and transactions: from the port's form to commands, and from results to the port's form. */
import { inTurns, startInTurns, type Turn } from "#data-plane/tables/turns";
import { itemSize } from "#data-plane/tables/values";
import { type OutgoingAction, packTransaction, packWrite } from "../messages/write-commands.ts";
import type { CommandResult } from "../messages/write-results.ts";
import type { ItemWrite, TableEngine, TransactAction, TransactResult, WriteResult } from "../port.ts";
import type { TableViews } from "../reading/table-views.ts";
import { TableEngineError } from "../table-engine-error.ts";
import type { DiskGuard } from "./disk-guard.ts";
import { engineFailure, type WriteQueue } from "./write-queue.ts";

/** What an update is taken to write: how large the item is, is not known here. */
const UPDATED_BYTES = 4 * 1024;

export type TableWriter = Pick<TableEngine, "write" | "writeMany" | "transact">;

export interface TableWriterParts {
  readonly views: TableViews;
  readonly queue: WriteQueue;
  readonly disk: DiskGuard;
  /** Many writes are turned into text in several turns. */
  readonly takeTurns: () => Turn;
}

export function createTableWriter({ views, queue, disk, takeTurns }: TableWriterParts): TableWriter {
  const outgoing = ({ tableId, action, condition, wishes }: TransactAction): OutgoingAction => {
    const { shape } = views.get(tableId);
    if (shape.state !== "open") throw new TableEngineError("TableClosed");
    const table = shape.number;
    switch (action.kind) {
      case "put": {
        const { item, size = itemSize(item) } = action;
        if (!disk.mayWrite(size)) throw new TableEngineError("InsufficientStorage");
        const key = shape.keys.encode(item);
        return { table, kind: "put", wishes, key, condition, text: JSON.stringify(item), size };
      }
      case "update":
        if (!disk.mayWrite(UPDATED_BYTES)) throw new TableEngineError("InsufficientStorage");
        return { table, kind: "update", wishes, key: shape.keys.encode(action.key), condition, update: action.update };
      case "delete":
      case "check":
        return { table, kind: action.kind, wishes, key: shape.keys.encode(action.key), condition };
    }
  };
  const write = (one: ItemWrite): Promise<WriteResult> => {
    try {
      return queue.submit(packWrite(outgoing(one))).then(writeResult, failed);
    } catch (error) {
      return Promise.reject(error);
    }
  };
  return {
    write,
    writeMany: (writes) => startInTurns(takeTurns(), writes, write),
    async transact(actions, token) {
      const packed = packTransaction(await inTurns(takeTurns(), actions, outgoing), token);
      return queue.submit(packed).then(transactResult, failed);
    },
  };
}

function failed(error: unknown): never {
  throw engineFailure(error);
}

function writeResult(result: CommandResult): WriteResult {
  if (result.outcome === "written") return result.result;
  if (result.outcome === "failed") throw new TableEngineError(result.failed);
  throw new TypeError(`a write was answered like a transaction: ${result.outcome}`);
}

function transactResult(result: CommandResult): TransactResult {
  if (result.outcome === "failed") throw new TableEngineError(result.failed);
  if (result.outcome === "written") throw new TypeError("a transaction was answered like a write");
  return result;
}
