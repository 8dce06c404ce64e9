/** Whether what was compiled elsewhere is signed as a project wants it. Pure. */
import type { ArtifactSignature, GatewayArtifactRecord, GatewayTrustedKeyRecord } from "#contracts";
import { type CatalogReader, groups } from "#control-plane/events";

/** In order of name. */
export function trustedKeysOf(views: CatalogReader, projectId: string): readonly GatewayTrustedKeyRecord[] {
  return views
    .inGroup("gatewayTrustedKey", groups.ofProject(projectId))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

/** Why none of the signatures does, for people. Undefined: one does, or the project trusts no key and so asks for none. */
export function trustProblem(
  views: CatalogReader,
  projectId: string,
  signatures: readonly ArtifactSignature[],
): string | undefined {
  const trusted = trustedKeysOf(views, projectId);
  if (trusted.length === 0) return undefined;
  const isTrusted = (signature: ArtifactSignature): boolean =>
    signature.verified && trusted.some(({ keyId }) => keyId === signature.keyId);
  if (signatures.some(isTrusted)) return undefined;
  const names = trusted.map(({ name }) => name).join(", ");
  return `The artifact is signed by no key that the project trusts (${names}): sign it with one of them and upload it again`;
}

/** Why an artifact must not be deployed. What was compiled here needs no signature: nobody brought it. */
export function distrustOf(
  views: CatalogReader,
  { projectId, uploadedBy, signatures = [] }: GatewayArtifactRecord,
): string | undefined {
  return uploadedBy === undefined ? undefined : trustProblem(views, projectId, signatures);
}
