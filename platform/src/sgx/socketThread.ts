/**
 * Entry of the host's thread that starts the enclave's process and owns the socket to it.
 *
 * It listens on a free port of the loopback interface; port and a token of this start go to the child's standard input, and only a
 * connection that opens with the token is the child's. Standard error is passed through: Gramine says there what it lacks.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { bridgeSocket, deliver, type Mailbox, wake } from "./bridge.ts";

export type EnclaveCommand = {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly folder: string;
};

export type SocketThreadData = {
  readonly launch: EnclaveCommand;
  readonly port: MessagePort;
  readonly counter: Int32Array;
};

export const TOKEN_BYTES = 32;
/** Loading an enclave of two gigabytes takes Gramine up to a minute on a slow machine. */
const START_TIMEOUT_MS = 180_000;

/** Calls back with the bytes behind the token, for the one connection that has it; others are dropped. */
function acceptWithToken(server: Server, token: Uint8Array, accept: (socket: Socket, early: Uint8Array) => void): void {
  server.on("connection", (socket) => {
    let opening = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      opening = Buffer.concat([opening, chunk]);
      if (opening.length < TOKEN_BYTES) return;
      socket.off("data", onData);
      if (timingSafeEqual(opening.subarray(0, TOKEN_BYTES), token)) {
        server.close();
        accept(socket, opening.subarray(TOKEN_BYTES));
      } else socket.destroy();
    };
    socket.on("data", onData).on("error", () => socket.destroy());
  });
}

function startChild({ command, arguments: args, folder }: EnclaveCommand): ChildProcess {
  return spawn(command, args, {
    cwd: folder,
    stdio: ["pipe", "ignore", "inherit"],
    // Nothing of the host's environment may change how the enclave runs; Gramine itself needs to find its programs.
    env: { PATH: process.env.PATH },
    // A group of its own: an interrupt from the terminal is for the host, which closes the enclave when it is ready.
    detached: true,
  });
}

function run(data: SocketThreadData): void {
  const mailbox: Mailbox = data;
  const token = randomBytes(TOKEN_BYTES);
  const server = createServer();
  let hasStarted = false;
  let child: ChildProcess | undefined;
  const fail = (reason: string): void => {
    if (hasStarted) return;
    hasStarted = true;
    clearTimeout(timeout);
    server.close();
    child?.kill("SIGKILL");
    deliver(mailbox, { startFailed: `the enclave's process did not start: ${reason}` });
  };
  const timeout = setTimeout(() => fail(`no connection within ${START_TIMEOUT_MS / 1000} seconds`), START_TIMEOUT_MS);
  acceptWithToken(server, token, (socket, early) => {
    if (hasStarted) return;
    hasStarted = true;
    clearTimeout(timeout);
    socket.on("close", () => child?.kill("SIGKILL"));
    bridgeSocket(socket, mailbox, early);
  });
  server.on("error", (error) => fail(error.message));
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as { readonly port: number };
    child = startChild(data.launch);
    child.on("error", (error) => fail(error.message));
    child.on("exit", (code, signal) => fail(`it ended with ${signal ?? `status ${code}`}`));
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(`${JSON.stringify({ port, token: token.toString("hex") })}\n`);
  });
  const end = (): void => {
    clearTimeout(timeout);
    server.close();
    child?.kill("SIGKILL");
  };
  parentPort?.on("message", end).unref();
  process.on("uncaughtException", (error) => {
    fail(error.message);
    deliver(mailbox, { failed: "disconnected" });
    end();
  });
}

const threadData = workerData as SocketThreadData;
wake(threadData);
run(threadData);
