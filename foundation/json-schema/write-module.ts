/** The texts of schemas, without asking whether they can be used: that is known by then. */
import { Emitter, type Mode } from "./emitter.ts";
import type { Place, SchemaResources } from "./resources.ts";
import { writeSchema } from "./write-schema.ts";

export interface WriteOptions {
  readonly assertFormat: boolean;
  readonly direction: "request" | "response" | undefined;
  readonly oneSided: "ignore" | "refuse";
  /** Characters of a text. */
  readonly textMax: number;
}

/** What was written: text that needs nothing but `loadValidators` to become validators again. */
export interface CompiledSchemas {
  readonly first: string;
  readonly all: string;
}

export function writeModules(
  places: readonly Place[],
  resources: SchemaResources,
  options: WriteOptions,
): CompiledSchemas {
  const write = (mode: Mode): string => {
    const emit = (dynamic: boolean) => {
      const emitter = new Emitter(resources, { ...options, mode, dynamic }, writeSchema);
      return { text: emitter.module(places), isDynamic: emitter.isDynamic };
    };
    const still = emit(false);
    // The way of a value is kept only for schemas that ask for it.
    return still.isDynamic ? emit(true).text : still.text;
  };
  return { first: write("first"), all: write("all") };
}
