/** All operations on multipart uploads, by name. */
import type { Toolbox } from "../../service/define.ts";
import { completeMultipartUpload } from "./complete-upload.ts";
import { abortMultipartUpload, createMultipartUpload } from "./create-upload.ts";
import { listMultipartUploads, listParts } from "./list-uploads.ts";
import { uploadPart, uploadPartCopy } from "./upload-part.ts";

export const multipartHandlers = (tools: Toolbox) => ({
  AbortMultipartUpload: abortMultipartUpload(tools),
  CompleteMultipartUpload: completeMultipartUpload(tools),
  CreateMultipartUpload: createMultipartUpload(tools),
  ListMultipartUploads: listMultipartUploads(tools),
  ListParts: listParts(tools),
  UploadPart: uploadPart(tools),
  UploadPartCopy: uploadPartCopy(tools),
});
