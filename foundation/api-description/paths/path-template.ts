/** Paths with parameters in them. */

export type TemplateSegment =
  /** Percent-decoded. The last one is empty when the path ends in a slash. */
  | { readonly kind: "text"; readonly text: string }
  /** One whole segment, which is not empty. */
  | { readonly kind: "parameter"; readonly name: string }
  /**
   * Text and parameters in turn: `{name}.json`, `v{major}-{minor}`. Each parameter is not empty and ends where the text that follows it is found
   * first; text at the end of the segment is looked for at its end.
   */
  | { readonly kind: "mixed"; readonly parts: readonly MixedPart[] }
  /** All segments that are left, at least one: `{name+}`. */
  | { readonly kind: "rest"; readonly name: string };

export type MixedPart =
  | { readonly text: string; readonly name?: undefined }
  | { readonly name: string; readonly text?: undefined };

export interface PathTemplate {
  readonly segments: readonly TemplateSegment[];
  /** Names in the order of the path. */
  readonly parameters: readonly string[];
  /** Equal for paths that match the same requests: without names. */
  readonly structure: string;
}

export type ParsedTemplate = { readonly template: PathTemplate } | { readonly problem: string; readonly hint?: string };

/** Reads `/pets/{id}`. Never throws. */
export function parseTemplate(path: string): ParsedTemplate {
  if (!path.startsWith("/")) return { problem: "A path begins with a slash." };
  const segments: TemplateSegment[] = [];
  const texts = path === "/" ? [] : path.slice(1).split("/");
  for (const [index, text] of texts.entries()) {
    const isLast = index === texts.length - 1;
    const segment = parseSegment(text, isLast);
    if ("problem" in segment) return segment;
    segments.push(segment);
  }
  const parameters = segments.flatMap(namesOf);
  const twice = parameters.find((name, index) => parameters.indexOf(name) !== index);
  if (twice !== undefined) return { problem: `The parameter ${JSON.stringify(twice)} is there twice.` };
  return { template: { segments, parameters, structure: segments.map(structureOf).join("/") } };
}

type Problem = { readonly problem: string; readonly hint?: string };

function parseSegment(text: string, isLast: boolean): TemplateSegment | Problem {
  if (text === "") return isLast ? { kind: "text", text } : { problem: "A segment between two slashes is empty." };
  const parts: MixedPart[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("{", at);
    const plain = open === -1 ? text.slice(at) : text.slice(at, open);
    if (plain !== "") {
      const decoded = parseText(plain);
      if (typeof decoded !== "string") return decoded;
      parts.push({ text: decoded });
    }
    if (open === -1) break;
    const close = text.indexOf("}", open);
    if (close === -1) return { problem: "A { is never closed." };
    const name = text.slice(open + 1, close);
    if (name.endsWith("+")) return parseRest(name.slice(0, -1), text, isLast);
    const wrong = nameProblem(name);
    if (wrong !== undefined) return wrong;
    if (parts.at(-1)?.name !== undefined) {
      return { problem: "Two parameters have nothing between them, so that it is open where the first one ends." };
    }
    parts.push({ name });
    at = close + 1;
  }
  const [first, second] = parts;
  if (second !== undefined || first === undefined) return { kind: "mixed", parts };
  if (first.name !== undefined) return { kind: "parameter", name: first.name };
  if (first.text === "." || first.text === "..")
    return { problem: "Clients take . and .. out of paths before they send them." };
  return { kind: "text", text: first.text };
}

function parseRest(name: string, segment: string, isLast: boolean): TemplateSegment | Problem {
  const wrong = nameProblem(name);
  if (wrong !== undefined) return wrong;
  if (segment !== `{${name}+}` || !isLast)
    return { problem: `{${name}+} stands for all that follows: it is the whole last segment.` };
  return { kind: "rest", name };
}

function parseText(text: string): string | Problem {
  if (text.includes("}")) return { problem: "A } has no { before it." };
  const separator = /[?#]/.exec(text)?.[0];
  if (separator !== undefined) {
    const hint = "Declare what is in the query as parameters with `in: query`.";
    return { problem: `A path has no ${separator === "?" ? "query" : "fragment"}.`, hint };
  }
  try {
    return decodeURIComponent(text);
  } catch {
    return { problem: "A % in it begins no escape of UTF-8." };
  }
}

function nameProblem(name: string): Problem | undefined {
  if (name === "") return { problem: "A parameter has a name." };
  if (/[{\s]/.test(name)) return { problem: `${JSON.stringify(name)} is no name of a parameter.` };
  if (/^[+#./;?&*]/.test(name) || /[*?:]/.test(name)) {
    const hint = "A name in braces stands for one segment; {name+} for all that follows.";
    return { problem: `${JSON.stringify(name)} has a meaning in other templates that OpenAPI does not know.`, hint };
  }
  return undefined;
}

function namesOf(segment: TemplateSegment): readonly string[] {
  if (segment.kind === "text") return [];
  if (segment.kind === "mixed") return segment.parts.flatMap(({ name }) => (name === undefined ? [] : [name]));
  return [segment.name];
}

function structureOf(segment: TemplateSegment): string {
  switch (segment.kind) {
    case "text":
      return encodeURIComponent(segment.text);
    case "parameter":
      return "{}";
    case "rest":
      return "{+}";
    case "mixed":
      return segment.parts.map(({ text }) => (text === undefined ? "{}" : encodeURIComponent(text))).join("");
  }
}
