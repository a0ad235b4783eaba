/**
 * The transport to an enclave that only TCP can leave (registration §4.3, §5.2): a thread of its own owns the socket, the calling
 * thread blocks during each exchange.
 * @module
 */
import { MessageChannel, Worker } from "node:worker_threads";
import { type EnclaveChannel, makeChannelConnection } from "../channelConnection.ts";
import type { EnclaveConnection } from "../platform.ts";
import { PlatformError, PlatformErrorCode } from "../platformError.ts";
import { makeBridgedChannel } from "./bridge.ts";
import type { EnclaveCommand, SocketThreadData } from "./socketThread.ts";

const THREAD_START_MS = 20_000;

function openChannel(launch: EnclaveCommand): EnclaveChannel {
  const { port1, port2 } = new MessageChannel();
  const counter = new Int32Array(new SharedArrayBuffer(4));
  const data: SocketThreadData = { launch, port: port2, counter };
  const thread = new Worker(new URL("./socketThread.js", import.meta.url), {
    workerData: data,
    transferList: [port2],
    // Options of the node's own start are not for this thread.
    execArgv: [],
  });
  // The host may end while its enclave runs; the socket ends with it, and the enclave with the socket.
  thread.unref();
  port1.unref();
  thread.on("error", () => undefined);
  // Whatever happens once the thread runs is delivered; only that it runs has to be waited for with a limit.
  if (Atomics.wait(counter, 0, 0, THREAD_START_MS) === "timed-out")
    throw new PlatformError(PlatformErrorCode.StartFailed, "the thread of the enclave's socket does not start");
  const channel = makeBridgedChannel({ port: port1, counter });
  const kill = (): void => {
    thread.postMessage("end");
  };
  return {
    ...channel,
    kill,
    end: () => {
      kill();
      try {
        channel.receive();
      } catch {
        // The end of the connection: the process is gone.
      }
    },
  };
}

/**
 * @param launch starts a process that runs `sgxProcess.ts`
 * @param measurement 32 bytes, of the bundle that has to run in it
 * @throws {PlatformError} BadBundle, NoSealingKey, StartFailed
 */
export function makeSocketConnection(launch: EnclaveCommand, measurement: Uint8Array): EnclaveConnection {
  return makeChannelConnection(openChannel(launch), [], measurement);
}
