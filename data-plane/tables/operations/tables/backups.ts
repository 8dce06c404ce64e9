/** CreateBackup, DescribeBackup, ListBackups, DeleteBackup, RestoreTableFromBackup: on-demand backups, which are copies that outlive their table. */
import type { TableSections } from "#contracts";
import type { AccessRequest, CallContext } from "#data-plane/service";
import { AwsError, type DynamoDB } from "#foundation/aws";
import { randomUuid } from "#foundation/runtime";
import type { BackupDescription } from "../../engine/port.ts";
import { validationError } from "../../errors.ts";
import { parseTableArn, tableArn } from "../../rules/arns.ts";
import { newBilling } from "../../rules/billing.ts";
import { checkGlobalIndexes, globalIndex, localIndexes, usedAttributes } from "../../rules/index-rules.ts";
import { checkEncryption, refuseVectors, withSettings } from "../../rules/settings.ts";
import { accountQuestion, placeQuestion } from "../../service/access.ts";
import { actorOf, refusalOf } from "../../service/control.ts";
import type { TableOperations } from "../../service/define.ts";
import { accountOf } from "../../service/tables.ts";
import type { Toolbox } from "../../service/toolbox.ts";
import { arnOfBackup, backupDetails, backupSummary, describeBackup, noteOf, readNote } from "./backup-note.ts";
import { describeTable } from "./describe.ts";

type Names = "CreateBackup" | "DescribeBackup" | "ListBackups" | "DeleteBackup" | "RestoreTableFromBackup";

const LIST_BACKUPS_MAX = 100;

export function backupOperations(tools: Toolbox): Required<Pick<TableOperations, Names>> {
  const { clock, control, engine, random, tables } = tools;

  const question =
    (action: string) =>
    (input: { readonly BackupArn: string }, context: CallContext): AccessRequest[] => {
      const resource = parseTableArn(input.BackupArn);
      if (resource?.kind !== "backup") throw invalidArn(input.BackupArn);
      const { accountId } = resource.place;
      // Backups have no policies of their own; those of a table that may be gone do not speak for them.
      return [{ ...bare(accountQuestion(action, context, input.BackupArn)), resourceAccount: accountId }];
    };
  /** @throws AwsError BackupNotFoundException */
  const find = (arn: string, { region }: CallContext): BackupDescription => {
    const resource = parseTableArn(arn);
    const backup = resource?.kind === "backup" ? engine.backup(resource.backupId) : undefined;
    if (backup === undefined || arnOfBackup(backup) !== arn || backup.definition.region !== region) {
      throw new AwsError("BackupNotFoundException", `Backup not found: ${arn}`);
    }
    return backup;
  };

  return {
    CreateBackup: {
      access: (input, context) => [
        placeQuestion("CreateBackup", tables.placeOf(input.TableName, context), tables.find(input.TableName, context)),
      ],
      async handle(input, context) {
        const view = tables.find(input.TableName, context);
        if (view === undefined) {
          throw new AwsError(
            "TableNotFoundException",
            `Table not found: ${tables.placeOf(input.TableName, context).name}`,
          );
        }
        await tables.ensure(view);
        const backupId = newBackupId(clock.now(), randomUuid(random));
        const backup = await engine.createBackup(
          view.record.resourceId,
          backupId,
          noteOf(input.BackupName, view.record),
        );
        return { BackupDetails: backupDetails(backup) };
      },
    },

    DescribeBackup: {
      access: question("DescribeBackup"),
      handle: (input, context) => ({ BackupDescription: describeBackup(find(input.BackupArn, context)) }),
    },

    DeleteBackup: {
      access: question("DeleteBackup"),
      async handle(input, context) {
        const backup = find(input.BackupArn, context);
        if (tools.restores.uses(backup.backupId)) {
          throw new AwsError("BackupInUseException", `A table is being restored from the backup: ${input.BackupArn}`);
        }
        await engine.deleteBackup(backup.backupId);
        return { BackupDescription: describeBackup(backup, "DELETED") };
      },
    },

    ListBackups: {
      access: (_input, context) => [accountQuestion("ListBackups", context)],
      handle(input, context) {
        const all = listed(engine.backups(), input, context, (name) => tables.placeOf(name, context).name);
        const after = input.ExclusiveStartBackupArn;
        const from = after === undefined ? 0 : all.findIndex((backup) => arnOfBackup(backup) === after) + 1;
        const limit = input.Limit ?? LIST_BACKUPS_MAX;
        const page = all.slice(from, from + limit);
        return {
          BackupSummaries: page.map(backupSummary),
          ...(from + limit < all.length && { LastEvaluatedBackupArn: arnOfBackup(page.at(-1)!) }),
        };
      },
    },

    RestoreTableFromBackup: {
      access(input, context) {
        const target = tables.placeOf(input.TargetTableName, context);
        const view = tables.find(input.TargetTableName, context);
        return [
          ...question("RestoreTableFromBackup")(input, context),
          // Who restores a table writes all of it.
          ...["PutItem", "UpdateItem", "DeleteItem", "GetItem", "Query", "Scan", "BatchWriteItem"].map((action) =>
            placeQuestion(action, target, view),
          ),
        ];
      },
      async handle(input, context) {
        const backup = find(input.BackupArn, context);
        const place = { accountId: accountOf(context), region: context.region, name: input.TargetTableName };
        if (tables.at(place, context.region) !== undefined) {
          throw new AwsError("TableAlreadyExistsException", `Table already exists: ${place.name}`);
        }
        const sections = restoredSections(backup, input, clock.now(), () => randomUuid(random));
        const outcome = await control.execute(
          { type: "table.create", ...place, sections },
          { actor: actorOf(context), requestId: context.requestId },
        );
        if (!outcome.ok) throw refusalOf(outcome, place.name);
        const view = tables.forControl(place.name, context);
        // Answered before the items are there, as on AWS: until then nobody can use the table.
        tools.restores.begin(view);
        return { TableDescription: describeTable(view, undefined, "CREATING") };
      },
    },
  };
}

/** Ids sort by time, as AWS's do: milliseconds and eight hexadecimal digits. */
const newBackupId = (now: number, uuid: string): string => `${String(now).padStart(14, "0")}-${uuid.slice(0, 8)}`;

const invalidArn = (arn: string) => validationError(`Invalid BackupArn: ${arn.slice(0, 1024)}`);

/** A question as plain members, to be changed. */
const bare = ({ action, resource, resourceAccount }: AccessRequest) => ({ action, resource, resourceAccount });

function listed(
  backups: readonly BackupDescription[],
  input: DynamoDB.ListBackupsInput,
  context: CallContext,
  nameOf: (tableName: string) => string,
): readonly BackupDescription[] {
  const accountId = accountOf(context);
  const name = input.TableName === undefined ? undefined : nameOf(input.TableName);
  const { BackupType: type = "USER", TimeRangeLowerBound: lower, TimeRangeUpperBound: upper } = input;
  if (type !== "USER" && type !== "ALL") return [];
  return backups.filter(
    ({ definition, createdAt }) =>
      definition.accountId === accountId &&
      definition.region === context.region &&
      (name === undefined || definition.name === name) &&
      (lower === undefined || createdAt >= lower.getTime()) &&
      (upper === undefined || createdAt < upper.getTime()),
  );
}

/**
 * What a restored table is made with: as the backup's table was, without stream, time to live, tags and policies; indexes may be left out.
 * @throws TableValidation
 */
function restoredSections(
  backup: BackupDescription,
  input: DynamoDB.RestoreTableFromBackupInput,
  now: number,
  newIndexId: () => string,
): TableSections {
  checkEncryption(input.SSESpecificationOverride);
  refuseVectors({ VectorIndexOverride: input.VectorIndexOverride });
  const { sections } = readNote(backup);
  const { keySchema = [], attributeDefinitions = [], billing = { mode: "PROVISIONED" as const } } = sections;
  const mode = input.BillingModeOverride ?? billing.mode;
  const kept =
    billing.throughput === undefined
      ? undefined
      : { ReadCapacityUnits: billing.throughput.read, WriteCapacityUnits: billing.throughput.write };
  const restored = newBilling(
    {
      BillingMode: mode,
      ...(mode === "PROVISIONED" && { ProvisionedThroughput: input.ProvisionedThroughputOverride ?? kept }),
      ...(input.OnDemandThroughputOverride !== undefined && { OnDemandThroughput: input.OnDemandThroughputOverride }),
    },
    now,
  );
  const provisioned = mode === "PROVISIONED";
  const locals =
    input.LocalSecondaryIndexOverride === undefined
      ? (sections.localIndexes ?? [])
      : input.LocalSecondaryIndexOverride.length === 0
        ? []
        : localIndexes(input.LocalSecondaryIndexOverride, keySchema, attributeDefinitions);
  const globals =
    input.GlobalSecondaryIndexOverride?.map((asked) =>
      globalIndex(asked, attributeDefinitions, provisioned, newIndexId()),
    ) ??
    (sections.globalIndexes ?? []).map(({ throughput, ...index }) => ({
      ...index,
      indexId: newIndexId(),
      ...(provisioned && {
        throughput: throughput ?? { read: restored.throughput!.read, write: restored.throughput!.write },
      }),
    }));
  checkGlobalIndexes(globals, locals);
  expectSubset(locals, sections.localIndexes ?? []);
  expectSubset(globals, sections.globalIndexes ?? []);
  const used = usedAttributes(keySchema, [...locals, ...globals]);
  const settings = withSettings({
    restore: { at: now, backupArn: arnOfBackup(backup), tableArn: tableArn(backup.definition), inProgress: true },
  });
  return {
    keySchema,
    attributeDefinitions: attributeDefinitions.filter(({ attribute }) => used.has(attribute)),
    ...(locals.length > 0 && { localIndexes: locals }),
    ...(globals.length > 0 && { globalIndexes: globals }),
    billing: restored,
    ...(settings !== null && { settings }),
  };
}

/** Indexes can be left out of a restored table, not added. */
function expectSubset(
  restored: readonly { readonly name: string }[],
  original: readonly { readonly name: string }[],
): void {
  const known = new Set(original.map(({ name }) => name));
  const added = restored.find(({ name }) => !known.has(name));
  if (added !== undefined) {
    throw validationError(
      `One or more parameter values were invalid: The index ${added.name} is not in the backup; indexes can be left out, not added`,
    );
  }
}
