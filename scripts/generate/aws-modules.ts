/** All generated modules of `foundation/aws/models`, as text. */

import { constraintsSource } from "./aws-constraints.ts";
import { readDeclarations } from "./aws-declarations.ts";
import { modelSource } from "./aws-model-source.ts";
import { readModel } from "./aws-schemas.ts";
import { sources } from "./aws-services.ts";
import { typesSource } from "./aws-types.ts";

export interface GeneratedModule {
  /** Name inside `foundation/aws/models`. */
  readonly file: string;
  readonly text: string;
}

/**
 * Generates every module afresh, without touching the disk.
 *
 * @param vectors folder of the published constraints; without it the modules of constraints are left out
 */
export async function* generatedModules(vectors: string | undefined): AsyncGenerator<GeneratedModule> {
  for (const source of sources) {
    const model = await readModel(source);
    const declarations = readDeclarations(source);
    yield { file: `${source.service}.gen.ts`, text: modelSource(model) };
    yield { file: `${source.service}.types.gen.ts`, text: typesSource(model, declarations) };
    if (vectors !== undefined) {
      const text = constraintsSource(source, model, declarations, vectors);
      yield { file: `${source.service}.constraints.gen.ts`, text };
    }
  }
}
