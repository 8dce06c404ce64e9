/** Diagnostics for tools that read SARIF 2.1.0 (OASIS): code scanning of repositories, editors. Pure. */
import { type Diagnostic, explainCode } from "#foundation/api-description";

const LEVELS = { error: "error", warning: "warning", note: "note" } as const;

/** One run with one result for each problem. @param version of the compiler */
export function sarifOf(diagnostics: readonly Diagnostic[], version: string): object {
  const codes = [...new Set(diagnostics.map(({ code }) => code))].sort();
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "biplane gateway",
            version,
            rules: codes.map((id) => ({
              id,
              shortDescription: { text: explainCode(id)!.title },
              fullDescription: { text: explainCode(id)!.explanation },
            })),
          },
        },
        // Columns are counted in characters of JavaScript, which is what the standard calls them too.
        columnKind: "utf16CodeUnits",
        results: diagnostics.map(({ code, level, message, hint, file, line, column }) => ({
          ruleId: code,
          ruleIndex: codes.indexOf(code),
          level: LEVELS[level],
          message: { text: hint === undefined ? message : `${message} ${hint}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: file.split("/").map(encodeURIComponent).join("/") },
                region: { startLine: line, startColumn: column },
              },
            },
          ],
        })),
      },
    ],
  };
}
