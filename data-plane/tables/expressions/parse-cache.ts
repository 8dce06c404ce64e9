/** Parsed expressions by their text: applications send the same few texts for ever. */

import { type ExpressionParameter, invalidExpression } from "./invalid-expression.ts";
import { expressionBytesMax } from "./limits.ts";
import { parseCondition } from "./parse-condition.ts";
import { parseProjection } from "./parse-projection.ts";
import { parseUpdate } from "./parse-update.ts";
import { checkCondition, checkProjection, checkUpdate } from "./static-checks.ts";
import type { ConditionSyntax, ProjectionSyntax, UpdateSyntax } from "./syntax.ts";

/**
 * Characters of text kept in one cache. A tree takes some 50 bytes a character, so the three caches stay below 3 × 2 × 128 Ki × 50 B ≈ 40 MB even
 * for a caller who never sends a text twice; a thousand ordinary expressions fit.
 */
const generationCharactersMax = 128 * 1024;
/** What an entry costs beside its text, in characters, so that many tiny texts are bounded too. */
const entryCharacters = 64;

/**
 * Two generations: what is used moves to the young one, and when that is full the old one is dropped. A hit in the young generation writes nothing.
 */
class ParseCache<Syntax extends object> {
  #young = new Map<string, Syntax>();
  #old = new Map<string, Syntax>();
  #youngCharacters = 0;

  get(text: string): Syntax | undefined {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const old = this.#old.get(text);
    if (old !== undefined) this.set(text, old);
    return old;
  }

  set(text: string, syntax: Syntax): void {
    if (this.#youngCharacters > generationCharactersMax) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngCharacters = 0;
    }
    this.#young.set(text, syntax);
    this.#youngCharacters += text.length + entryCharacters;
  }
}

const conditions = new ParseCache<ConditionSyntax>();
const updates = new ParseCache<UpdateSyntax>();
const projections = new ParseCache<ProjectionSyntax>();

/** The tree of a condition, checked as far as its text alone allows. @throws TableValidation */
export function conditionSyntax(parameter: ExpressionParameter, text: string): ConditionSyntax {
  const known = conditions.get(text);
  if (known !== undefined) return known;
  checkText(parameter, text);
  const syntax = parseCondition(parameter, text);
  checkCondition(parameter, syntax);
  conditions.set(text, syntax);
  return syntax;
}

/** The tree of an update; as {@link conditionSyntax}. */
export function updateSyntax(text: string): UpdateSyntax {
  const known = updates.get(text);
  if (known !== undefined) return known;
  checkText("UpdateExpression", text);
  const syntax = parseUpdate(text);
  checkUpdate(syntax);
  updates.set(text, syntax);
  return syntax;
}

/** The tree of a projection; as {@link conditionSyntax}. */
export function projectionSyntax(text: string): ProjectionSyntax {
  const known = projections.get(text);
  if (known !== undefined) return known;
  checkText("ProjectionExpression", text);
  const syntax = parseProjection(text);
  checkProjection(syntax);
  projections.set(text, syntax);
  return syntax;
}

function checkText(parameter: ExpressionParameter, text: string): void {
  if (text === "") throw invalidExpression(parameter, "The expression can not be empty;");
  const size = Buffer.byteLength(text, "utf8");
  if (size > expressionBytesMax) {
    throw invalidExpression(
      parameter,
      `Expression size has exceeded the maximum allowed size; expression size: ${size}`,
    );
  }
}
