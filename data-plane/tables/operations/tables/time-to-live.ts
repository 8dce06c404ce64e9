/** UpdateTimeToLive, DescribeTimeToLive. */
import { validationError } from "../../errors.ts";
import { placeQuestion } from "../../service/access.ts";
import { configureTable } from "../../service/control.ts";
import type { TableOperations } from "../../service/define.ts";
import type { Toolbox } from "../../service/toolbox.ts";

export function timeToLiveOperations(
  tools: Toolbox,
): Required<Pick<TableOperations, "UpdateTimeToLive" | "DescribeTimeToLive">> {
  const { tables } = tools;
  return {
    UpdateTimeToLive: {
      access: (input, context) => [
        placeQuestion(
          "UpdateTimeToLive",
          tables.placeOf(input.TableName, context),
          tables.find(input.TableName, context),
        ),
      ],
      async handle(input, context) {
        const { AttributeName: attribute, Enabled: enabled } = input.TimeToLiveSpecification;
        const find = () => tables.forControl(input.TableName, context);
        await configureTable(tools, tables, find, context, ({ record }) => {
          const before = record.sections.timeToLive;
          if (enabled) {
            if (before?.attribute === attribute) throw validationError("TimeToLive is already enabled");
            if (before !== undefined) {
              throw validationError(
                `TimeToLive is active on a different AttributeName: current AttributeName is ${before.attribute}`,
              );
            }
            return { timeToLive: { attribute } };
          }
          if (before === undefined) throw validationError("TimeToLive is already disabled");
          if (before.attribute !== attribute) {
            throw validationError(
              `TimeToLive is active on a different AttributeName: current AttributeName is ${before.attribute}`,
            );
          }
          return { timeToLive: null };
        });
        return { TimeToLiveSpecification: { Enabled: enabled, AttributeName: attribute } };
      },
    },

    DescribeTimeToLive: {
      access: (input, context) => [
        placeQuestion(
          "DescribeTimeToLive",
          tables.placeOf(input.TableName, context),
          tables.find(input.TableName, context),
        ),
      ],
      handle(input, context) {
        const { timeToLive } = tables.forControl(input.TableName, context).record.sections;
        return {
          TimeToLiveDescription:
            timeToLive === undefined
              ? { TimeToLiveStatus: "DISABLED" }
              : { TimeToLiveStatus: "ENABLED", AttributeName: timeToLive.attribute },
        };
      },
    },
  };
}
