/** The proxy of npm's `http-proxy`: `node-http-proxy.cjs <upstream port> <port>`. */
const { createServer, Agent } = require("node:http");
const { createProxyServer } = require("http-proxy");

const agent = new Agent({ keepAlive: true, maxSockets: 1024 });
const proxy = createProxyServer({ target: `http://127.0.0.1:${process.argv[2]}`, agent, xfwd: true });
createServer((request, response) => proxy.web(request, response)).listen(Number(process.argv[3]), "127.0.0.1");
