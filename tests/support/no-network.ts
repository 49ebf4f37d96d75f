/**
 * Tests reach this machine and nothing else. Every other connection fails at the socket, whichever
 * library makes it.
 */
import net from "node:net";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|0\.0\.0\.0)$/;
const connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]): net.Socket {
  // net.connect hands its arguments on as one list.
  const [first, second] = (Array.isArray(args[0]) ? args[0] : args) as [unknown, unknown];
  const options =
    typeof first === "object" && first !== null
      ? (first as { host?: string; path?: string })
      : { host: typeof second === "string" ? second : undefined };
  const host = options.host ?? "localhost";
  if (options && "path" in options && options.path) return connect.apply(this, args as never);
  if (!LOOPBACK.test(host))
    throw Object.assign(new Error(`tests must not connect to ${host}`), { code: "ENOTALLOWED" });
  return connect.apply(this, args as never);
};
