/** Parameters of requests, as OpenAPI writes them down: read out of path, query, headers and cookies. Pure. */
export {
  defaultExplode,
  defaultStyle,
  LOCATIONS,
  type Location,
  type Parameter,
  type ScalarType,
  STYLES,
  STYLES_OF,
  type Style,
  type ValueShape,
} from "./parameter.ts";
export { parseCookies, parseQuery, QUERY_PAIRS_MAX, type RawQuery } from "./raw-query.ts";
export { type ReadParameter, readParameter, type SentParameters } from "./read-parameter.ts";
export { type Resolve, shapeOf } from "./shape.ts";
