/**
 * The enclave's own process on the `sgx` platform: entry script inside Gramine, named with its arguments in the measured manifest.
 *
 *     node sgxProcess.js BUNDLE [ATTESTATION_FOLDER]
 *
 * Port and token of the host come as one line of standard input. The main thread owns the socket, whose end ends the process; the
 * enclave runs in a worker and blocks. Nothing is ever printed: an exception's text could hold plaintext.
 * @module
 */
import * as fs from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { isMainThread, MessageChannel, workerData } from "node:worker_threads";
import { die, startEnclaveThread } from "../enclaveThread.ts";
import { serveEnclave } from "../serveEnclave.ts";
import { bridgeSocket, type Mailbox, makeBridgedChannel } from "./bridge.ts";
import { ATTESTATION_FOLDER, gramineMachinePowers } from "./gramineFiles.ts";

type ThreadData = Mailbox & { readonly bundleFile: string; readonly attestationFolder: string };

function connectToHost(line: string, bundleFile: string, attestationFolder: string): void {
  const { port, token } = JSON.parse(line) as { readonly port: number; readonly token: string };
  const { port1, port2 } = new MessageChannel();
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const socket = connect({ host: "127.0.0.1", port }, () => {
    socket.write(Buffer.from(token, "hex"));
    bridgeSocket(socket, { port: port1, counter }, new Uint8Array(0));
    const threadData: ThreadData = { port: port2, counter, bundleFile, attestationFolder };
    startEnclaveThread(new URL(import.meta.url), { workerData: threadData, transferList: [port2] });
  });
  socket.on("error", die).on("close", die);
}

function serve({ bundleFile, attestationFolder, ...mailbox }: ThreadData): void {
  const channel = makeBridgedChannel(mailbox);
  channel.receive();
  const bundle = new Uint8Array(fs.readFileSync(bundleFile));
  serveEnclave(channel, bundle, gramineMachinePowers(fs, attestationFolder, bundle));
}

if (isMainThread) {
  process.on("uncaughtException", die);
  const [bundleFile = "", attestationFolder = ATTESTATION_FOLDER] = process.argv.slice(2);
  createInterface({ input: process.stdin }).once("line", (line) => connectToHost(line, bundleFile, attestationFolder));
} else {
  try {
    serve(workerData as ThreadData);
  } catch {
    // The host closed its end, or talks nonsense: either way there is nobody left to tell.
  }
}
