/**
 * Calls of one object's methods from another thread, over a message port: arguments and results are cloned, coded errors keep
 * their code.
 * @module
 */

import type { MessagePort, Worker } from "node:worker_threads";
import { CodedError } from "@sotto/common/errors";

/** An object as seen from another thread: every method returns a promise. */
export type Remote<T> = {
  readonly [M in keyof T]: T[M] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;
};

type Call = { readonly id: number; readonly method: string; readonly args: unknown[] };
type Answer =
  | { readonly id: number; readonly value: unknown }
  | {
      readonly id: number;
      readonly error: { readonly codespace: string; readonly code: number; readonly message: string };
    };

/** A coded error of another thread. */
export class RemoteError extends CodedError {
  override readonly name = "RemoteError";
}

function describe(error: unknown): { codespace: string; code: number; message: string } {
  if (error instanceof CodedError) return { codespace: error.codespace, code: error.code, message: error.message };
  return { codespace: "undefined", code: 1, message: error instanceof Error ? error.message : "unknown error" };
}

/** Serves calls in order of arrival; a method that returns a promise does not hold up the next call. */
export function serveCalls(port: MessagePort, target: object): void {
  port.on("message", async ({ id, method, args }: Call) => {
    try {
      const value = await (target as Record<string, (...args: unknown[]) => unknown>)[method]?.(...args);
      port.postMessage({ id, value } satisfies Answer);
    } catch (error) {
      port.postMessage({ id, error: describe(error) } satisfies Answer);
    }
  });
}

/**
 * The caller's end. When the other thread ends, all open and later calls fail with `gone`.
 * @param methods names of the methods
 */
export function callRemote<T extends object>(
  worker: Worker | MessagePort,
  methods: readonly (keyof T & string)[],
  gone: () => Error,
): Remote<T> {
  const open = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let next = 0;
  let ended = false;
  worker.on("message", (answer: Answer) => {
    const waiting = open.get(answer.id);
    open.delete(answer.id);
    if ("error" in answer)
      waiting?.reject(new RemoteError(answer.error.codespace, answer.error.code, answer.error.message));
    else waiting?.resolve(answer.value);
  });
  const fail = (): void => {
    ended = true;
    for (const { reject } of open.values()) reject(gone());
    open.clear();
  };
  worker.on("exit" as "close", fail);
  worker.on("close", fail);
  const call =
    (method: string) =>
    (...args: unknown[]): Promise<unknown> =>
      new Promise((resolve, reject) => {
        if (ended) return reject(gone());
        const id = next++;
        open.set(id, { resolve, reject });
        worker.postMessage({ id, method, args } satisfies Call);
      });
  return Object.fromEntries(methods.map((method) => [method, call(method)])) as Remote<T>;
}
