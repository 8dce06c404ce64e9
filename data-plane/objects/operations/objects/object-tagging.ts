/** GetObjectTagging, PutObjectTagging, DeleteObjectTagging. */
import type { CallContext } from "#data-plane/service";
import type { Tag } from "../../engine/port.ts";
import { malformedXml } from "../../errors.ts";
import { announcementOf } from "../../notifications/announce.ts";
import { OBJECT_TAGS_MAX, validateTagSet } from "../../rules/tagging.ts";
import type { Handler, Toolbox } from "../../service/define.ts";
import { findVersion, shownVersionId } from "./find-version.ts";

interface TaggedRequest {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string;
}

export const getObjectTagging =
  (tools: Toolbox): Handler<"GetObjectTagging"> =>
  async (input, context) => {
    const view = tools.access.bucket(input.Bucket);
    const version = await findVersion(tools, view, input, context);
    return { TagSet: version.tags, VersionId: shownVersionId(view, version) };
  };

async function setTags(
  tools: Toolbox,
  input: TaggedRequest,
  tags: readonly Tag[],
  event: "ObjectTagging:Put" | "ObjectTagging:Delete",
  context: CallContext,
): Promise<{ readonly VersionId?: string }> {
  const view = tools.access.bucket(input.Bucket);
  await findVersion(tools, view, input, context);
  const { bucketId } = view.record;
  const version = await tools.engine.update({
    bucketId,
    key: input.Key,
    versionId: input.VersionId,
    set: { tags },
    announce: announcementOf(tools.catalog, view, event, input.Key, context),
  });
  return { VersionId: shownVersionId(view, version) };
}

export const putObjectTagging =
  (tools: Toolbox): Handler<"PutObjectTagging"> =>
  (input, context) => {
    const tags = input.Tagging?.TagSet;
    if (tags === undefined) throw malformedXml();
    return setTags(tools, input, validateTagSet(tags, OBJECT_TAGS_MAX), "ObjectTagging:Put", context);
  };

export const deleteObjectTagging =
  (tools: Toolbox): Handler<"DeleteObjectTagging"> =>
  (input, context) =>
    setTags(tools, input, [], "ObjectTagging:Delete", context);
