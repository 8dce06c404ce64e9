/** TagResource, UntagResource, ListTagsOfResource. */
import type { CallContext } from "#data-plane/service";
import { resourceNotFound, validationError } from "../../errors.ts";
import { parseTableArn, type TablePlace } from "../../rules/arns.ts";
import { TAGS_MAX, tagList, withoutTags, withTags } from "../../rules/tags.ts";
import { placeQuestion } from "../../service/access.ts";
import { configureTable } from "../../service/control.ts";
import type { TableOperations } from "../../service/define.ts";
import type { TableView } from "../../service/table-view.ts";
import type { Toolbox } from "../../service/toolbox.ts";

type Names = "TagResource" | "UntagResource" | "ListTagsOfResource";

export function tagOperations(tools: Toolbox): Required<Pick<TableOperations, Names>> {
  const { tables } = tools;
  const find = (arn: string, { region }: CallContext): TableView => {
    const view = tables.at(taggedPlace(arn), region);
    if (view === undefined) throw resourceNotFound(`ResourceArn: ${arn} not found`);
    return view;
  };
  const question = (
    action: string,
    arn: string,
    { region }: CallContext,
    facts?: Parameters<typeof placeQuestion>[3],
  ) => {
    const place = taggedPlace(arn);
    return placeQuestion(action, place, tables.at(place, region), facts);
  };

  return {
    TagResource: {
      access(input, context) {
        const requestTags = Object.fromEntries(input.Tags.map(({ Key, Value }) => [Key, Value]));
        return [question("TagResource", input.ResourceArn, context, () => ({ requestTags }))];
      },
      async handle(input, context) {
        if (input.Tags.length === 0) throw validationError("Atleast one Tag needs to be provided as Input.");
        await configureTable(
          tools,
          tables,
          () => find(input.ResourceArn, context),
          context,
          ({ record }) => ({
            tags: withTags(record.sections.tags ?? {}, input.Tags),
          }),
        );
        return {};
      },
    },

    UntagResource: {
      access: (input, context) => [
        question("UntagResource", input.ResourceArn, context, () => ({ tagKeys: input.TagKeys })),
      ],
      async handle(input, context) {
        if (input.TagKeys.length === 0) throw validationError("Atleast one Tag Key needs to be provided as Input.");
        await configureTable(
          tools,
          tables,
          () => find(input.ResourceArn, context),
          context,
          ({ record }) => {
            const tags = withoutTags(record.sections.tags ?? {}, input.TagKeys);
            return { tags: Object.keys(tags).length === 0 ? null : tags };
          },
        );
        return {};
      },
    },

    ListTagsOfResource: {
      access: (input, context) => [question("ListTagsOfResource", input.ResourceArn, context)],
      handle(input, context) {
        const tags = tagList(find(input.ResourceArn, context).record.sections.tags ?? {});
        const from = input.NextToken === undefined ? 0 : Number(input.NextToken);
        // All tags of a table fit one page; whoever made up a token is told.
        if (!Number.isInteger(from) || from < 0 || from > TAGS_MAX) throw validationError("Invalid NextToken");
        return { Tags: tags.slice(from) };
      },
    },
  };
}

/** @throws AwsError ValidationException */
function taggedPlace(arn: string): TablePlace {
  const resource = parseTableArn(arn);
  if (resource?.kind === "table") return resource.place;
  throw validationError(`Invalid TableArn: Invalid ResourceArn provided as input ${arn.slice(0, 1024)}`);
}
