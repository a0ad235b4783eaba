/**
 * Opening ports: loopback unless asked otherwise, with a sentence when that fails.
 * @module
 */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { NodeError, NodeErrorCode } from "./nodeError.ts";

/** `localhost` means 127.0.0.1 and, where there is one, ::1. Port 0 takes a free one. */
export type ListenAddress = { readonly host: string; readonly port: number };

function listenOn(server: Server, { host, port }: ListenAddress, what: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      const reason =
        {
          EADDRINUSE: "the port is in use",
          EACCES: "no permission for that port",
          EADDRNOTAVAIL: "this machine has no such address",
          ENOTFOUND: "no such host",
        }[error.code ?? ""] ?? error.code;
      reject(
        new NodeError(
          NodeErrorCode.CannotListen,
          `cannot listen for ${what} on ${host}:${port}: ${reason}; choose another with --${what} HOST:PORT`,
          { cause: error },
        ),
      );
    };
    server.once("error", fail);
    server.listen(port, host, () => {
      server.off("error", fail);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/**
 * @param makeServer a server for each address that is listened on
 * @param what `rest` or `rpc`: the flag that chooses the address
 * @returns the URL to show and a function that closes all
 */
export async function listen(
  makeServer: () => Server,
  address: ListenAddress,
  what: string,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const servers: Server[] = [makeServer()];
  const first = servers[0] as Server;
  const shown = address.host.includes(":") ? `[${address.host}]` : address.host;
  let port: number;
  if (address.host === "localhost") {
    port = await listenOn(first, { host: "127.0.0.1", port: address.port }, what);
    const second = makeServer();
    try {
      await listenOn(second, { host: "::1", port }, what);
      servers.push(second);
    } catch {
      // No IPv6 here, or somebody else has the port there: IPv4 is enough.
    }
  } else port = await listenOn(first, address, what);
  return {
    url: `http://${shown}:${port}`,
    close: async () => {
      await Promise.all(
        servers.map((server) => {
          const closed = new Promise<void>((resolve) => server.close(() => resolve()));
          server.closeAllConnections();
          return closed;
        }),
      );
    },
  };
}
