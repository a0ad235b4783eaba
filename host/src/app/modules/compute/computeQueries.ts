/**
 * Queries of module compute (chain §3.1, §3.6).
 * @module
 */
import { bytesToHex, EMPTY_BYTES } from "@sotto/common/bytes";
import type { CodeInfo, ContractCodeHistoryOperation, ContractInfo } from "@sotto/common/wire/compute";
import { Query } from "../../../proto/gen/secret/compute/v1beta1/query_pb.ts";
import { formatAddress, parseAddress } from "../../core/addresses.ts";
import { AppError, GrpcCode, sdkError } from "../../core/appError.ts";
import type { Context } from "../../core/context.ts";
import { type QueryRoute, serveQueries } from "../../core/queryRouter.ts";
import { readCode } from "../../core/stateTables.ts";
import { computeKeeper } from "./computeKeeper.ts";
import type { OcallDeps } from "./ocalls.ts";
import { queryContract } from "./queryContract.ts";

function describeCode(codeId: bigint, info: CodeInfo) {
  const { source, builder } = info;
  return { codeId, creator: formatAddress(info.creator), codeHash: bytesToHex(info.codeHash), source, builder };
}

/** @throws {AppError} compute/9 */
function contractOf(context: Context, text: string): ContractInfo {
  const info = computeKeeper.contract(context, parseAddress(text));
  if (info === undefined) throw AppError.registered("compute", 9);
  return info;
}

function requireCodeId(codeId: bigint): void {
  if (codeId === 0n) throw AppError.registered("compute", 13, "code id");
}

/** By position of creation. @throws {AppError} compute/9, if there is none */
function contractsOfCode(context: Context, codeId: bigint) {
  requireCodeId(codeId);
  const position = ({ created }: ContractInfo): readonly [bigint, bigint] => [
    created?.blockHeight ?? 0n,
    created?.txIndex ?? 0n,
  ];
  const found = computeKeeper.contracts(context).filter(({ info }) => info.codeId === codeId);
  if (found.length === 0) throw AppError.registered("compute", 9);
  found.sort((a, b) => {
    const [[heightA, indexA], [heightB, indexB]] = [position(a.info), position(b.info)];
    const difference = heightA === heightB ? indexA - indexB : heightA - heightB;
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  });
  return found.map(({ address, info }) => ({
    contractAddress: formatAddress(address),
    contractInfo: { ...info, created: undefined },
  }));
}

/** A grant of governance that may not be there. */
function authorization<T>(text: string, what: string, find: (contract: string) => T | undefined): T {
  try {
    parseAddress(text);
  } catch (error) {
    if (error instanceof AppError) throw AppError.status(GrpcCode.InvalidArgument, "invalid contract address");
    throw error;
  }
  const found = find(text);
  if (found === undefined) {
    throw AppError.status(GrpcCode.NotFound, `no authorized ${what} found for the given contract address`);
  }
  return found;
}

function codeHashOf(context: Context, codeId: bigint): string {
  const info = computeKeeper.code(context, codeId);
  if (info === undefined) throw AppError.plain(`failed to get code info for code id ${codeId}`);
  return bytesToHex(info.codeHash);
}

export function computeQueries(deps: OcallDeps): QueryRoute[] {
  return serveQueries(Query, {
    querySecretContract: (context, { contractAddress, query }) => ({
      data: queryContract(deps, context, parseAddress(contractAddress), query),
    }),
    contractInfo: (context, { contractAddress }) => ({
      contractAddress,
      contractInfo: { ...contractOf(context, contractAddress), adminProof: EMPTY_BYTES },
    }),
    contractsByCodeId: (context, { codeId }) => ({ contractInfos: contractsOfCode(context, codeId) }),
    code: (context, { codeId }) => {
      requireCodeId(codeId);
      const info = computeKeeper.code(context, codeId);
      if (info === undefined) throw AppError.registered("compute", 9);
      const wasm = readCode(context.state, info.codeHash) ?? EMPTY_BYTES;
      return { codeInfo: describeCode(codeId, info), wasm };
    },
    codes: (context) => ({
      codeInfos: computeKeeper.codes(context).map(({ codeId, info }) => describeCode(codeId, info)),
    }),
    codeHashByContractAddress: (context, { contractAddress }) => ({
      codeHash: codeHashOf(context, contractOf(context, contractAddress).codeId),
    }),
    codeHashByCodeId: (context, { codeId }) => ({ codeHash: codeHashOf(context, codeId) }),
    labelByAddress: (context, { contractAddress }) => ({ label: contractOf(context, contractAddress).label }),
    addressByLabel: (context, { label }) => {
      const address = computeKeeper.addressOfLabel(context, label);
      if (address === undefined) throw sdkError(9, label);
      return { contractAddress: formatAddress(address) };
    },
    contractHistory: (context, { contractAddress }) => ({
      entries: computeKeeper.history(context, parseAddress(contractAddress)).map((entry) => ({
        ...entry,
        operation: entry.operation as ContractCodeHistoryOperation,
      })),
    }),
    params: (context) => ({ params: computeKeeper.params(context) }),
    authorizedMigration: (context, { contractAddress }) => ({
      newCodeId: authorization(contractAddress, "migration", (text) => computeKeeper.authorizedCode(context, text)),
    }),
    authorizedAdminUpdate: (context, { contractAddress }) => ({
      newAdmin: authorization(contractAddress, "admin update", (text) => computeKeeper.authorizedAdmin(context, text)),
    }),
  });
}
