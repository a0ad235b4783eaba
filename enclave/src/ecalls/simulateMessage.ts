/**
 * Simulation of one contract message on a development network (clients §1.2 item 4, design "What is weak on purpose").
 * @module
 */
import type { EcallRequest, EcallResponse } from "@sotto/boundary/messages";
import { notImplemented } from "../notImplemented.ts";
import type { Network } from "./network.ts";

/** @throws {RefusalError} on other networks */
export function simulateMessage(
  _network: Network,
  _request: EcallRequest<"simulateMessage">,
): EcallResponse<"simulateMessage"> {
  throw notImplemented();
}
