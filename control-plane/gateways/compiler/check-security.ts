/** Whether somebody asks for the credentials that an operation says it needs. */
import type { Diagnostics, Operation, SecurityScheme } from "#foundation/api-description";
import type { PluginDeclaration } from "#foundation/gateway-artifact";

/** @param passesThrough nobody has said where the operation goes: it passes to the server that is described, which asks for them */
export function checkSecurity(
  { security, middlewares, at, method, path }: Operation,
  declarations: ReadonlyMap<string, PluginDeclaration>,
  passesThrough: boolean,
  diagnostics: Diagnostics,
): void {
  if (security === undefined || security.length === 0) return;
  const enforced = new Set<string>();
  for (const { name } of middlewares) {
    const declaration = declarations.get(name);
    if (declaration?.kind === "middleware") for (const kind of declaration.enforces ?? []) enforced.add(kind);
  }
  const isEnforced = security.some(({ requirements }) =>
    requirements.every(({ scheme }) => enforced.has(kindOf(scheme))),
  );
  if (isEnforced) return;
  const missing = [...new Set(security.flatMap(({ requirements }) => requirements.map(({ scheme }) => scheme.name)))];
  const hint = passesThrough
    ? "The upstream has to ask for them."
    : `Add ${suggestionFor(security[0]!.requirements[0]?.scheme, declarations)}, or say with \`security: []\` that none are needed.`;
  diagnostics.report("E1032", at, `${method} ${path} needs ${missing.join(" or ")}, and no middleware asks for it.`, {
    hint,
    ...(passesThrough ? { level: "note" as const } : {}),
  });
}

function kindOf({ type, scheme }: SecurityScheme): string {
  return type === "http" ? `http:${scheme ?? ""}` : type;
}

function suggestionFor(
  scheme: SecurityScheme | undefined,
  declarations: ReadonlyMap<string, PluginDeclaration>,
): string {
  const kind = scheme && kindOf(scheme);
  const names = [...declarations.values()]
    .filter((one) => one.kind === "middleware" && kind !== undefined && one.enforces?.includes(kind))
    .map(({ name }) => name);
  return names.length === 0 ? "a middleware that does" : names.sort().join(" or ");
}
