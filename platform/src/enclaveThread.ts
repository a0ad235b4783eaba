/**
 * The thread of an enclave inside its own process.
 * @module
 */
import { Worker, type WorkerOptions } from "node:worker_threads";
import { ENCLAVE_STACK_MB } from "./platform.ts";

/** Ends the process at once, whatever its threads do. */
export function die(): void {
  process.kill(process.pid, "SIGKILL");
}

/** Runs `entry` in a worker that prints nothing and has the stack of an enclave; the process ends with it. */
export function startEnclaveThread(entry: URL, options: Pick<WorkerOptions, "workerData" | "transferList"> = {}): void {
  const worker = new Worker(entry, {
    ...options,
    resourceLimits: { stackSizeMb: ENCLAVE_STACK_MB },
    stdout: true,
    stderr: true,
  });
  worker.on("error", die);
  worker.on("exit", () => process.exit(0));
}
