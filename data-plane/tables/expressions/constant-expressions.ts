/** Compiled forms of expressions without placeholders: they are the same for every request. */

/** Compiled forms by the parsed ones; what the parse cache forgets is forgotten here too. */
export class ConstantExpressions<Syntax extends object, Compiled extends object> {
  readonly #compiled = new WeakMap<Syntax, Compiled>();

  /**
   * The compiled form.
   * @param text to see whether there are placeholders
   * @param compile makes it; not called again for an expression without placeholders that once compiled
   */
  get(syntax: Syntax, text: string, compile: () => Compiled): Compiled {
    const known = this.#compiled.get(syntax);
    if (known !== undefined) return known;
    const compiled = compile();
    // All requests share it, so nobody may write to it.
    if (!text.includes("#") && !text.includes(":")) this.#compiled.set(syntax, deepFreeze(compiled));
    return compiled;
  }
}

function deepFreeze<Value extends object>(value: Value): Value {
  if (Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) if (typeof inner === "object" && inner !== null) deepFreeze(inner);
  return value;
}
