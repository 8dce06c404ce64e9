/** GetObjectAttributes. */
import type { S3 } from "#foundation/aws";
import type { ObjectVersion, PartSummary } from "../../engine/port.ts";
import { invalidArgument, invalidRequest } from "../../errors.ts";
import { answerChecksum, answerChecksumValue } from "../../rules/checksum-names.ts";
import { isConfidential, keyForRead } from "../../rules/encryption.ts";
import { listLimit } from "../../rules/listing.ts";
import type { Handler, Toolbox } from "../../service/define.ts";
import type { Draft } from "../../service/draft.ts";
import { findVersion, shownVersionId } from "./find-version.ts";

const NAMES: ReadonlySet<string> = new Set(["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]);

function describePart(part: PartSummary): S3.ObjectPart {
  const entry: Draft<S3.ObjectPart> = { PartNumber: part.partNumber, Size: part.size };
  answerChecksumValue(entry, part.checksum);
  return entry;
}

async function describeParts(
  tools: Toolbox,
  version: ObjectVersion,
  marker: number,
  limit: number,
): Promise<S3.GetObjectAttributesParts> {
  const parts = await tools.engine.parts(version);
  // Only parts that were checked one by one are listed (API reference, GetObjectAttributes, "ObjectParts").
  if (version.checksum?.type !== "COMPOSITE") return { TotalPartsCount: parts.length };
  const rest = parts.filter(({ partNumber }) => partNumber > marker);
  const page = rest.slice(0, limit);
  return {
    TotalPartsCount: parts.length,
    PartNumberMarker: String(marker),
    NextPartNumberMarker: String(page.at(-1)?.partNumber ?? marker),
    MaxParts: limit,
    IsTruncated: rest.length > page.length,
    Parts: page.map(describePart),
  };
}

function partMarker(text: string | undefined): number {
  if (text === undefined || text === "") return 0;
  if (!/^\d{1,5}$/.test(text)) {
    throw invalidArgument(
      "Provided part-number-marker not an integer or within integer range",
      "part-number-marker",
      text,
    );
  }
  return Number(text);
}

export const getObjectAttributes =
  (tools: Toolbox): Handler<"GetObjectAttributes"> =>
  async (input, context) => {
    const view = tools.access.bucket(input.Bucket);
    const asked = new Set<string>(input.ObjectAttributes ?? []);
    if (asked.size === 0) {
      throw invalidRequest(
        "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty",
      );
    }
    for (const name of asked) {
      if (!NAMES.has(name)) throw invalidArgument("Invalid attribute name specified.", "x-amz-object-attributes", name);
    }
    const version = await findVersion(tools, view, input, context);
    keyForRead(version.encryption, input, isConfidential(context.request));
    const output: Draft<S3.GetObjectAttributesOutput> = {
      LastModified: new Date(version.lastModified),
      VersionId: shownVersionId(view, version),
    };
    // Here, and only here, the ETag stands without quotes.
    if (asked.has("ETag")) output.ETag = version.etag;
    if (asked.has("ObjectSize")) output.ObjectSize = version.size;
    if (asked.has("StorageClass"))
      output.StorageClass = (version.headers.storageClass ?? "STANDARD") as S3.StorageClass;
    if (asked.has("Checksum") && version.checksum !== undefined) {
      const checksum: Draft<S3.Checksum> = {};
      answerChecksum(checksum, version.checksum);
      // The number of parts belongs to the header form.
      if (version.checksum.type === "COMPOSITE") {
        answerChecksumValue(checksum, { ...version.checksum, value: version.checksum.value.replace(/-\d+$/, "") });
      }
      output.Checksum = checksum;
    }
    if (asked.has("ObjectParts") && version.partsCount !== undefined) {
      output.ObjectParts = await describeParts(
        tools,
        version,
        partMarker(input.PartNumberMarker),
        listLimit(input.MaxParts, "max-parts"),
      );
    }
    return output;
  };
