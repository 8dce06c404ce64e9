/** CreateTable, DescribeTable, ListTables, UpdateTable, DeleteTable. */
import { randomUuid } from "#foundation/runtime";
import { resourceInUse, validationError } from "../../errors.ts";
import { tableArn } from "../../rules/arns.ts";
import { newTableSections } from "../../rules/new-table.ts";
import { checkTableUpdate, tableChanges } from "../../rules/table-changes.ts";
import { accountQuestion, placeQuestion } from "../../service/access.ts";
import { actorOf, configureTable, refusalOf } from "../../service/control.ts";
import type { TableOperations } from "../../service/define.ts";
import type { TableView } from "../../service/table-view.ts";
import { accountOf } from "../../service/tables.ts";
import type { Toolbox } from "../../service/toolbox.ts";
import { describeTable, type TableState } from "./describe.ts";
import { checkResourcePolicy } from "./policy-rules.ts";

/** Largest page of ListTables. */
const LIST_TABLES_MAX = 100;

type Names = "CreateTable" | "DescribeTable" | "ListTables" | "UpdateTable" | "DeleteTable";

export function tableLifeCycle(tools: Toolbox): Required<Pick<TableOperations, Names>> {
  const { catalog, clock, control, deletions, engine, random, tables } = tools;
  const newIndexId = (): string => randomUuid(random);

  const statisticsOf = ({ record, ready }: TableView) =>
    ready || engine.tables().includes(record.resourceId) ? engine.statistics(record.resourceId) : undefined;
  const describe = (view: TableView, state?: TableState) => describeTable(view, statisticsOf(view), state);

  return {
    CreateTable: {
      access(input, context) {
        const place = tables.placeOf(input.TableName, context);
        const tags = Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
        const facts = () => ({ requestTags: tags });
        const view = tables.find(input.TableName, context);
        return [
          placeQuestion("CreateTable", place, view, facts),
          ...(input.Tags === undefined ? [] : [placeQuestion("TagResource", place, view, facts)]),
          ...(input.ResourcePolicy === undefined ? [] : [placeQuestion("PutResourcePolicy", place, view)]),
        ];
      },
      async handle(input, context) {
        const { now } = context;
        const place = tables.placeOf(input.TableName, context);
        const sections = newTableSections(input, { now: clock.now(), newIndexId });
        if (sections.policy !== undefined) checkResourcePolicy(sections.policy);
        if (place.region !== context.region || place.accountId !== accountOf(context)) {
          throw validationError(
            "One or more parameter values were invalid: A table is created in the account and region of the request",
          );
        }
        const existing = tables.at(place, context.region);
        if (existing !== undefined) throw resourceInUse(`Table already exists: ${place.name}`);
        const outcome = await control.execute(
          { type: "table.create", ...place, sections },
          { actor: actorOf(context), requestId: context.requestId },
        );
        if (!outcome.ok) throw refusalOf(outcome, place.name);
        const view = tables.at(place, context.region);
        if (view === undefined) throw resourceInUse(`Table is being deleted: ${place.name} (created at ${now})`);
        await tables.ensure(view);
        return { TableDescription: describe(view, "CREATING") };
      },
    },

    DescribeTable: {
      access: (input, context) => [
        placeQuestion("DescribeTable", tables.placeOf(input.TableName, context), tables.find(input.TableName, context)),
      ],
      handle(input, context) {
        const view = tables.forControl(input.TableName, context);
        if (deletions.isUndecided(view.record.resourceId)) return { Table: describe(view, "DELETING") };
        return { Table: describe(view, view.restoring && !view.ready ? "CREATING" : undefined) };
      },
    },

    ListTables: {
      access: (_input, context) => [
        accountQuestion(
          "ListTables",
          context,
          tableArn({ accountId: accountOf(context), region: context.region, name: "*" }),
        ),
      ],
      handle(input, context) {
        const { ExclusiveStartTableName: after, Limit: limit = LIST_TABLES_MAX } = input;
        const all = catalog.tablesOf(accountOf(context), context.region);
        const from = after === undefined ? 0 : firstBehind(all, after);
        const page = all.slice(from, from + limit).map(({ name }) => name);
        return {
          TableNames: page,
          ...(from + limit < all.length && { LastEvaluatedTableName: page.at(-1) }),
        };
      },
    },

    UpdateTable: {
      access: (input, context) => [
        placeQuestion("UpdateTable", tables.placeOf(input.TableName, context), tables.find(input.TableName, context)),
      ],
      async handle(input, context) {
        checkTableUpdate(input);
        const find = () => {
          const view = tables.forControl(input.TableName, context);
          expectSettled(tools, view, input.GlobalSecondaryIndexUpdates !== undefined);
          return view;
        };
        const changed = await configureTable(tools, tables, find, context, (view) =>
          tableChanges(view.record, input, {
            now: clock.now(),
            newIndexId,
            streamLabels: streamLabels(tools, view),
          }),
        );
        return { TableDescription: describe(changed, "UPDATING") };
      },
    },

    DeleteTable: {
      access: (input, context) => [
        placeQuestion("DeleteTable", tables.placeOf(input.TableName, context), tables.find(input.TableName, context)),
      ],
      async handle(input, context) {
        const view = tables.forControl(input.TableName, context);
        if (view.record.sections.deletionProtection === true) {
          throw validationError(
            `Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.`,
          );
        }
        expectSettled(tools, view, false);
        const description = describe(view, "DELETING");
        await tables.ensure(view);
        const outcome = await deletions.delete(view.record, {
          actor: actorOf(context),
          requestId: context.requestId,
          idempotencyKey: `delete-table:${view.record.resourceId}:${context.requestId}`,
        });
        if (!outcome.ok) throw refusalOf(outcome, view.name);
        return { TableDescription: description };
      },
    },
  };
}

/** Where a listing goes on behind a name that need not be there. Names are in byte order. */
function firstBehind(records: readonly { readonly name: string }[], after: string): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (records[middle]!.name <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @throws AwsError ResourceInUseException while the table is being deleted, or while an index of it comes or goes and another is to */
function expectSettled({ deletions, engine }: Toolbox, view: TableView, changesIndexes: boolean): void {
  const { record, name } = view;
  if (deletions.isUndecided(record.resourceId)) {
    throw resourceInUse(`Attempt to change a resource which is still in use: Table is being deleted: ${name}`);
  }
  if (view.restoring && !view.ready) {
    throw resourceInUse(`Attempt to change a resource which is still in use: Table is being created: ${name}`);
  }
  if (!changesIndexes || !view.ready) return;
  if (engine.statistics(record.resourceId).indexes.some(({ status }) => status !== "active")) {
    throw resourceInUse(`Attempt to change a resource which is still in use: Table is being updated: ${name}`);
  }
}

function streamLabels({ engine }: Toolbox, { record }: TableView): ReadonlySet<string> {
  const { accountId, region, name } = record;
  return new Set(engine.streams({ accountId, region, tableName: name }).map(({ label }) => label));
}
