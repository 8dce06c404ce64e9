/** Images of a registry (OCI distribution specification 1.1, "Pull"). */

import { HttpCallError, type HttpReply } from "#foundation/http";
import { type Digest, digestOf, digestParts, isDigest } from "../content/digest.ts";
import type { Descriptor } from "../content/manifest.ts";
import { ACCEPTED_DOCUMENTS, isIndexType, isManifestType } from "../content/media-types.ts";
import type { ImageReference } from "../content/reference.ts";
import { layerInvalid, pullFailed } from "../errors.ts";
import { DEFAULT_IMAGE_LIMITS } from "../limits.ts";
import { RegistryHttp } from "../registry/registry-http.ts";
import type { RegistryOptions } from "../registry/registry-options.ts";
import type { ImageSource } from "./image-source.ts";

/** Breaks without a single new byte in between before a download is given up. */
const BREAKS_MAX = 5;

/** The image of a reference, from its registry's mirrors or the registry itself. */
export function registrySource(reference: ImageReference, options: RegistryOptions = {}): ImageSource {
  const hosts = [...(options.mirrors?.(reference.registry) ?? []), reference.registry];
  const endpoints = hosts.map((host) => new RegistryHttp(host, options));
  const { repository } = reference;
  let rootDocument: { readonly digest: Digest; readonly bytes: Uint8Array } | undefined;

  /** The first endpoint that answers well; the last one's failure when none does. */
  async function get(path: string, headers: readonly (readonly [string, string])[], signal?: AbortSignal) {
    for (const [index, endpoint] of endpoints.entries()) {
      try {
        return await endpoint.get(repository, path, headers, signal);
      } catch (error) {
        if (signal?.aborted || index === endpoints.length - 1) throw error;
      }
    }
    throw pullFailed("not_found", "There is no registry to ask.");
  }

  return {
    async root(signal) {
      const wanted = reference.digest ?? reference.tag ?? "latest";
      const reply = await get(`manifests/${wanted}`, [["Accept", ACCEPTED_DOCUMENTS]], signal);
      const mediaType = (reply.headers.get("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
      const bytes = await wholeDocument(reply);
      const digest = digestOf(
        bytes,
        reference.digest === undefined ? "sha256" : digestParts(reference.digest).algorithm,
      );
      const said = reply.headers.get("docker-content-digest");
      if (reference.digest !== undefined && digest !== reference.digest) {
        throw layerInvalid(`The registry answers with ${digest} when asked for ${reference.digest}.`);
      }
      if (said !== undefined && isDigest(said) && said.startsWith("sha256:") && said !== digestOf(bytes)) {
        throw layerInvalid(`The registry says that the manifest is ${said}, but it is ${digestOf(bytes)}.`);
      }
      rootDocument = { digest, bytes };
      return { mediaType, digest, size: bytes.length };
    },

    async *open(descriptor, offset, signal) {
      if (descriptor.digest === rootDocument?.digest) {
        yield rootDocument.bytes.subarray(offset);
        return;
      }
      const isDocument = isManifestType(descriptor.mediaType) || isIndexType(descriptor.mediaType);
      const path = `${isDocument ? "manifests" : "blobs"}/${descriptor.digest}`;
      let at = offset;
      for (let breaks = 0; ; ) {
        const before = at;
        try {
          for await (const chunk of await rangeOf(path, descriptor, at, signal)) {
            at += chunk.length;
            yield chunk;
          }
          if (at >= descriptor.size) return;
          throw new HttpCallError("broken", `The blob ended after ${at} bytes.`);
        } catch (error) {
          signal?.throwIfAborted();
          if (!(error instanceof HttpCallError)) throw error;
          breaks = at > before ? 1 : breaks + 1;
          if (breaks >= BREAKS_MAX)
            throw pullFailed("interrupted", `The download of ${descriptor.digest} breaks again and again.`, error);
        }
      }
    },
  };

  async function rangeOf(path: string, descriptor: Descriptor, at: number, signal?: AbortSignal) {
    const headers: [string, string][] = [["Accept", descriptor.mediaType]];
    if (at > 0) headers.push(["Range", `bytes=${at}-`]);
    const reply = await get(path, headers, signal);
    // A registry may ignore the range and send everything (RFC 9110 §14.2).
    if (at === 0 || reply.status === 206) return assertStart(reply, at);
    return without(reply.body, at);
  }
}

function assertStart(reply: HttpReply, at: number): AsyncIterable<Uint8Array> {
  const range = reply.headers.get("content-range");
  if (reply.status === 206 && range !== undefined && !range.startsWith(`bytes ${at}-`)) {
    throw pullFailed("unsupported", `The registry answers with another range than was asked for.`);
  }
  return reply.body;
}

async function* without(body: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array, void, void> {
  let left = count;
  for await (const chunk of body) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(left - chunk.length, 0);
  }
}

async function wholeDocument(reply: HttpReply): Promise<Uint8Array> {
  try {
    return await reply.bytes(DEFAULT_IMAGE_LIMITS.documentBytes);
  } catch (error) {
    if (!(error instanceof HttpCallError)) throw error;
    if (error.failure === "tooLarge") throw layerInvalid("The manifest is too long.", error);
    throw pullFailed("interrupted", "The manifest did not arrive whole.", error);
  }
}
