/** The thread that keeps the tables: everything that writes. */
import { type CreateEngine, migrate } from "#foundation/sql";
import { createCommandApplier } from "./apply-commands.ts";
import { createBackupBook } from "./backup-book.ts";
import { createChores } from "./chores.ts";
import type { TableOperations } from "./commands.ts";
import { createTableEnder } from "./drop-table.ts";
import { createTableEnsurer } from "./ensure-table.ts";
import { createExpiry } from "./expire-items.ts";
import { allowShrinking } from "./file-size.ts";
import { sizePageCaches } from "./page-caches.ts";
import { createRestorer } from "./restore-items.ts";
import { MIGRATIONS } from "./schema.ts";
import { createTableBook } from "./table-book.ts";
import { createTrim } from "./trim.ts";

export const createTables: CreateEngine<TableOperations, null> = (database) => {
  sizePageCaches(database);
  allowShrinking(database);
  migrate(database, MIGRATIONS);
  const book = createTableBook(database);
  const ensurer = createTableEnsurer(database);
  const restorer = createRestorer(database, book);
  const backups = createBackupBook(database);
  const ender = createTableEnder(database);
  const apply = createCommandApplier(database, book);
  const chores = createChores(database, book);
  const expire = createExpiry(book);
  const trim = createTrim(database);
  return {
    operations: {
      ensure({ definition, now }) {
        const answer = ensurer.ensure(definition, now);
        book.refresh(definition.tableId);
        return answer;
      },
      beginRestore({ definition, now }) {
        const answer = ensurer.beginRestore(definition, now);
        book.refresh(definition.tableId);
        return answer;
      },
      restore: (request) => restorer.restore(request),
      addBackup: (description) => backups.add(description),
      removeBackup: (backupId) => backups.remove(backupId),
      setState({ tableId, state }) {
        const found = ender.setState(tableId, state);
        book.refresh(tableId);
        return found;
      },
      drop({ tableId, now }) {
        const found = ender.drop(tableId, now);
        book.refresh(tableId);
        return found;
      },
      write: apply,
      chore: ({ now }) => chores(now),
      expire: ({ now }) => expire(now),
      trim: ({ now }) => trim(now),
    },
    onRollback: () => book.forget(),
    close: () => restorer.close(),
  };
};
