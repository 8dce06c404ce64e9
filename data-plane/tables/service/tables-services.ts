/** The services as the front door gets them: DynamoDB and DynamoDB Streams, on one engine. */
import type { Service } from "#data-plane/service";
import { loadServiceModel } from "#foundation/aws";
import { itemOperations } from "../operations/items/index.ts";
import { statementOperations } from "../operations/statements/index.ts";
import { tableOperations } from "../operations/tables/index.ts";
import { TABLE_PERMISSIONS, TABLE_STREAM_PERMISSIONS } from "../permissions.ts";
import { streamOperations } from "../streams/stream-operations.ts";
import { defineOperations } from "./define.ts";
import type { TablesEnvironment } from "./environment.ts";
import { followCatalog } from "./follow-catalog.ts";
import { createToolbox, type Toolbox } from "./toolbox.ts";

const dynamoDbOperations = (tools: Toolbox) => ({
  ...tableOperations(tools),
  ...itemOperations(tools),
  ...statementOperations(tools),
});

/** Operations of DynamoDB that are carried out. */
export type TablesOperationName = keyof ReturnType<typeof dynamoDbOperations>;
/** Operations of DynamoDB Streams that are carried out. */
export type TableStreamsOperationName = keyof ReturnType<typeof streamOperations>;

/**
 * The two services on an engine. Closing either ends the work of both that goes on by itself; the engine stays the caller's.
 *
 * @example
 * const [dynamodb, streams] = await createTablesServices({ engine, catalog, control, clock, timers, random, logger, metrics });
 * const door = await createFrontDoor({ services: [dynamodb, streams], … });
 */
export async function createTablesServices(
  environment: TablesEnvironment,
): Promise<readonly [dynamodb: Service, streams: Service]> {
  const [model, streamsModel] = await Promise.all([loadServiceModel("dynamodb"), loadServiceModel("dynamodb-streams")]);
  const tools = createToolbox(environment);
  const endFollowing = followCatalog(environment, tools.tables, tools.restores);
  const settled = tools.deletions.settleInterrupted();
  const close = async (): Promise<void> => {
    tools.deletions.close();
    tools.restores.close();
    endFollowing();
    await settled;
  };
  return [
    {
      name: "dynamodb",
      operations: defineOperations(model, dynamoDbOperations(tools)),
      permissions: TABLE_PERMISSIONS,
      close,
    },
    {
      name: "dynamodb-streams",
      operations: defineOperations(streamsModel, streamOperations(tools)),
      permissions: TABLE_STREAM_PERMISSIONS,
      close,
    },
  ];
}
