/** All operations on objects, by name. */
import type { Toolbox } from "../../service/define.ts";
import { copyObject } from "./copy-object.ts";
import { deleteObject, deleteObjects } from "./delete-object.ts";
import { getObject, headObject } from "./get-object.ts";
import { listObjects, listObjectsV2 } from "./list-objects.ts";
import { listObjectVersions } from "./list-versions.ts";
import { getObjectAcl, putObjectAcl } from "./object-acl.ts";
import { getObjectAttributes } from "./object-attributes.ts";
import { getObjectLegalHold, getObjectRetention, putObjectLegalHold, putObjectRetention } from "./object-locks.ts";
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from "./object-tagging.ts";
import { putObject } from "./put-object.ts";
import { getObjectTorrent, restoreObject, selectObjectContent } from "./refused.ts";

export const objectHandlers = (tools: Toolbox) => ({
  CopyObject: copyObject(tools),
  DeleteObject: deleteObject(tools),
  DeleteObjects: deleteObjects(tools),
  DeleteObjectTagging: deleteObjectTagging(tools),
  GetObject: getObject(tools),
  GetObjectAcl: getObjectAcl(tools),
  GetObjectAttributes: getObjectAttributes(tools),
  GetObjectLegalHold: getObjectLegalHold(tools),
  GetObjectRetention: getObjectRetention(tools),
  GetObjectTagging: getObjectTagging(tools),
  GetObjectTorrent: getObjectTorrent(tools),
  HeadObject: headObject(tools),
  ListObjects: listObjects(tools),
  ListObjectsV2: listObjectsV2(tools),
  ListObjectVersions: listObjectVersions(tools),
  PutObject: putObject(tools),
  PutObjectAcl: putObjectAcl(tools),
  PutObjectLegalHold: putObjectLegalHold(tools),
  PutObjectRetention: putObjectRetention(tools),
  PutObjectTagging: putObjectTagging(tools),
  RestoreObject: restoreObject(tools),
  SelectObjectContent: selectObjectContent(tools),
});
