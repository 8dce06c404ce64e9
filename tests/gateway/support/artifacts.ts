/** Artifacts that are told apart by what they answer. */
import { compileGateway } from "#control-plane/gateways";

/** A description of `GET /version`, which is answered with the text. */
export const descriptionSaying = (text: string): string => `openapi: 3.1.0
info: {title: Things, version: "1"}
paths:
  /version:
    get:
      x-biplane-dispatch: {name: mock, config: {body: "${text}", content_type: text/plain}}
      responses: {"200": {description: ok}}
`;

export function artifactSaying(text: string): { readonly bytes: Uint8Array; readonly digest: string } {
  const { artifact, diagnostics } = compileGateway({
    files: ["api.yaml"],
    read: () => Buffer.from(descriptionSaying(text)),
    provenance: { compiler: "test" },
  });
  if (artifact === undefined) throw new Error(JSON.stringify(diagnostics));
  return artifact;
}
