/** Operations as tools of the Model Context Protocol. */
export { MCP_PATH, mcpOperation } from "./mcp-operation.ts";
