/**
 * `cosmos.base.tendermint.v1beta1.Service`: blocks, validators and the node itself (chain §7.16).
 *
 * Its errors have the ABCI shape on the reference chain in every setting (chain §3.6).
 * @module
 */
import { create, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { encodeBech32 } from "@sotto/common/bech32";
import type { PageRequest } from "../../proto/gen/cosmos/base/query/v1beta1/pagination_pb.ts";
import {
  ABCIQueryResponseSchema,
  GetBlockByHeightResponseSchema,
  GetLatestBlockResponseSchema,
  GetLatestValidatorSetResponseSchema,
  GetNodeInfoResponseSchema,
  GetSyncingResponseSchema,
  GetValidatorSetByHeightResponseSchema,
  Service,
} from "../../proto/gen/cosmos/base/tendermint/v1beta1/query_pb.ts";
import { PubKeySchema } from "../../proto/gen/cosmos/crypto/ed25519/keys_pb.ts";
import { ApiError, GrpcCode, invalidArgument } from "../apiError.ts";
import type { NodeBackend } from "../backend.ts";
import { COMET_VERSION, PROTOCOL_VERSION, RPC_ADDRESS, SDK_VERSION } from "../nodeVersions.ts";
import { toBlockMessages, toSdkBlock } from "./blockMessages.ts";
import { implementService } from "./localMethod.ts";

const MAX_PER_PAGE = 100n;

function checkHeight(backend: NodeBackend, height: bigint): number {
  if (height > BigInt(backend.latestHeight)) {
    throw invalidArgument(
      "rpc error: code = InvalidArgument desc = requested block height is bigger then the chain length: invalid request",
    );
  }
  if (height < 1n) throw invalidArgument(`height must be greater than 0, but got ${height}: invalid request`);
  if (height < BigInt(backend.earliestHeight)) {
    throw invalidArgument(
      `height ${height} is not available, lowest height is ${backend.earliestHeight}: invalid request`,
    );
  }
  return Number(height);
}

function blockAt(backend: NodeBackend, height: number) {
  const stored = backend.block(height);
  if (stored === undefined) throw new ApiError(GrpcCode.Unknown, `block ${height} is not available: unknown request`);
  const { blockId, block } = toBlockMessages(stored);
  return { blockId, block, sdkBlock: toSdkBlock(block) };
}

/** Pagination is turned into pages, and `total` counts this page only [quirk, chain §7.16]. */
function validatorsAt(backend: NodeBackend, height: number, page: PageRequest | undefined) {
  const set = backend.validators(height);
  if (set === undefined) {
    throw new ApiError(GrpcCode.Unknown, `could not find validator set for height #${height}: unknown request`);
  }
  const limit = page === undefined || page.limit === 0n || page.limit > MAX_PER_PAGE ? MAX_PER_PAGE : page.limit;
  const number = (page?.offset ?? 0n) / limit + 1n;
  const pages = (BigInt(set.length) + limit - 1n) / limit;
  if (number > pages) {
    throw invalidArgument(`page should be within [1, ${pages}] range, given ${number}: invalid request`);
  }
  const start = Number((number - 1n) * limit);
  const shown = set.slice(start, start + Number(limit));
  return {
    blockHeight: BigInt(height),
    validators: shown.map(({ address, publicKey, power }) => ({
      address: encodeBech32("secretvalcons", address),
      pubKey: {
        typeUrl: "/cosmos.crypto.ed25519.PubKey",
        value: toBinary(PubKeySchema, create(PubKeySchema, { key: publicKey })),
      },
      votingPower: power,
    })),
    pagination: { total: BigInt(shown.length) },
  };
}

function nodeInfo({ identity }: NodeBackend): MessageShape<typeof GetNodeInfoResponseSchema> {
  return create(GetNodeInfoResponseSchema, {
    defaultNodeInfo: {
      protocolVersion: { p2p: PROTOCOL_VERSION.p2p, block: PROTOCOL_VERSION.block, app: PROTOCOL_VERSION.app },
      defaultNodeId: identity.nodeId,
      listenAddr: "tcp://0.0.0.0:26656",
      network: identity.chainId,
      version: COMET_VERSION,
      moniker: identity.moniker,
      other: { txIndex: "on", rpcAddress: RPC_ADDRESS },
    },
    applicationVersion: {
      name: "secret",
      appName: "secretd",
      version: identity.version,
      cosmosSdkVersion: SDK_VERSION,
      // Relayers read the versions of the protocol from here (clients §5.3).
      buildDeps: [{ path: "github.com/cosmos/cosmos-sdk", version: SDK_VERSION, sum: "" }],
    },
  });
}

const ABCI_QUERY_ROOTS = ["app", "store", "p2p", "custom"];

export const cometService = implementService(Service, {
  getNodeInfo: async (backend) => nodeInfo(backend),
  getSyncing: async (backend) => create(GetSyncingResponseSchema, { syncing: backend.isCatchingUp }),
  getLatestBlock: async (backend) => create(GetLatestBlockResponseSchema, blockAt(backend, backend.latestHeight)),
  getBlockByHeight: async (backend, request) =>
    create(GetBlockByHeightResponseSchema, blockAt(backend, checkHeight(backend, request.height))),
  getLatestValidatorSet: async (backend, request) =>
    create(GetLatestValidatorSetResponseSchema, validatorsAt(backend, backend.latestHeight, request.pagination)),
  getValidatorSetByHeight: async (backend, request) =>
    create(
      GetValidatorSetByHeightResponseSchema,
      validatorsAt(backend, checkHeight(backend, request.height), request.pagination),
    ),
  aBCIQuery: async (backend, request) => {
    const root = request.path.split("/")[1] ?? "";
    if (!ABCI_QUERY_ROOTS.includes(root)) throw invalidArgument(`unsupported ABCI query path: ${request.path}`);
    const height = Number(request.height);
    const answer = await backend.query({ path: request.path, data: request.data, height });
    return create(ABCIQueryResponseSchema, {
      code: answer.code,
      log: answer.log,
      key: answer.key,
      value: answer.value,
      height: BigInt(answer.height),
      codespace: answer.codespace,
    });
  },
});
