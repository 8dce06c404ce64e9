/** What is to be known of a parameter to read it (OpenAPI 3.1 §4.8.12; 3.2 adds `cookie`). */

export const LOCATIONS = ["path", "query", "header", "cookie"] as const;
export type Location = (typeof LOCATIONS)[number];

export const STYLES = [
  "simple",
  "label",
  "matrix",
  "form",
  "spaceDelimited",
  "pipeDelimited",
  "deepObject",
  "cookie",
] as const;
export type Style = (typeof STYLES)[number];

/** Types that a value of text may be taken for, in the order of trying; without any it stays text. */
export type ScalarType = "null" | "boolean" | "integer" | "number" | "string";

/** How a value is built, as far as reading it needs to know: worked out of its schema by {@link shapeOf}. */
export type ValueShape =
  | { readonly kind: "scalar"; readonly types: readonly ScalarType[] }
  | { readonly kind: "array"; readonly items: readonly ScalarType[] }
  | {
      readonly kind: "object";
      readonly properties: Readonly<Record<string, ValueShape>>;
      /** Of members that are not named; undefined when there are to be none. */
      readonly others: ValueShape | undefined;
    };

export interface Parameter {
  readonly name: string;
  readonly in: Location;
  readonly required: boolean;
  readonly style: Style;
  readonly explode: boolean;
  /** Of a query parameter: that it may be there without a value. */
  readonly allowEmptyValue: boolean;
  readonly shape: ValueShape;
  /** It is one JSON text, and `style` has no say (`content` with a JSON media type). */
  readonly isJson: boolean;
}

/** What each location allows (OpenAPI 3.1 §4.8.12.2.1, table "Style Values"). */
export const STYLES_OF: Readonly<Record<Location, readonly Style[]>> = {
  path: ["simple", "label", "matrix"],
  query: ["form", "spaceDelimited", "pipeDelimited", "deepObject"],
  header: ["simple"],
  cookie: ["form", "cookie"],
};

export const defaultStyle = (location: Location): Style =>
  location === "path" || location === "header" ? "simple" : "form";
export const defaultExplode = (style: Style): boolean =>
  style === "form" || style === "cookie" || style === "deepObject";
