/** Which files of a directory stay out of an image: the rules of gitignore(5). */

import ignore from "ignore";

export interface IgnoreRules {
  /** Whether the path (relative, with `/`) stays out. What is below a hidden directory is not asked for. */
  hides(path: string, isDirectory: boolean): boolean;
}

/** Version control keeps its own files here; they are never part of a release. */
const ALWAYS = [".git"];

/** Rules from the text of an ignore file; later lines overrule earlier ones, `!` takes back. */
export function ignoreRules(text = ""): IgnoreRules {
  const rules = ignore({ ignorecase: false, allowRelativePaths: true }).add(text).add(ALWAYS);
  return { hides: (path, isDirectory) => rules.ignores(isDirectory ? `${path}/` : path) };
}
