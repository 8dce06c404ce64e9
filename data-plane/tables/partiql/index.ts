/**
 * DynamoDB's PartiQL, pure: statements are parsed, bound to parameters, and planned for one table (developer guide, "PartiQL - a SQL-compatible query
 * language for DynamoDB"). Carrying plans out is the business of the operations.
 *
 * @example
 * const parameters = readParameters(request.Parameters);
 * const bound = bindStatement(request.Statement, parameters);
 * if (bound.statement.kind === "select") planSelect(bound, bound.statement, definitionOf(bound.statement.from.table));
 */

export { type BoundStatement, bindStatement, readParameters } from "./bound-statement.ts";
export { KeyTypeMismatch } from "./keyed-reads.ts";
export { type Column, type PlannedQuery, planSelect, type SelectPlan } from "./plan-select.ts";
export { KeyNotNamed, planWrite, type WritePlan } from "./plan-write.ts";
export type { Delete, Exists, Insert, Returning, Select, Source, Statement, Update } from "./syntax.ts";
