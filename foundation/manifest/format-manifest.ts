/** The canonical text of a manifest. */
import { type DocumentTable, documentOf } from "./document.ts";
import type { Manifest } from "./manifest.ts";
import type { ManifestProblem } from "./problem.ts";
import { readDocument } from "./read-document.ts";
import { writeDocument } from "./write-document.ts";

export type FormattedManifest =
  | { readonly text: string; readonly problem?: undefined }
  | { readonly problem: ManifestProblem; readonly text?: undefined };

/**
 * Formats the text of a file: order and layout change, meaning and comments do not. It need not be a valid manifest, only TOML.
 * Formatting twice changes nothing more. Never throws.
 */
export function formatManifestText(text: string): FormattedManifest {
  const read = readDocument(text);
  return "problem" in read ? read : { text: writeDocument(read.document) };
}

/** Writes a manifest as a file that reads as the same manifest. Everything is said, defaults too. */
export function formatManifest(manifest: Manifest): string {
  return writeDocument({ root: documentOf(manifest) as DocumentTable, end: [] });
}
