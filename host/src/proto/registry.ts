/**
 * The messages and services that servers and amino documents know, by name.
 *
 * A module that comes later is added here; routes, parsing, rendering and sign documents follow from its descriptors.
 * @module
 */
import { createRegistry, type Registry } from "@bufbuild/protobuf";
import { file_cosmos_auth_v1beta1_query } from "./gen/cosmos/auth/v1beta1/query_pb.ts";
import { file_cosmos_auth_v1beta1_tx } from "./gen/cosmos/auth/v1beta1/tx_pb.ts";
import { file_cosmos_bank_v1beta1_query } from "./gen/cosmos/bank/v1beta1/query_pb.ts";
import { file_cosmos_bank_v1beta1_tx } from "./gen/cosmos/bank/v1beta1/tx_pb.ts";
import { file_cosmos_base_node_v1beta1_query } from "./gen/cosmos/base/node/v1beta1/query_pb.ts";
import { file_cosmos_base_tendermint_v1beta1_query } from "./gen/cosmos/base/tendermint/v1beta1/query_pb.ts";
import { file_cosmos_consensus_v1_query } from "./gen/cosmos/consensus/v1/query_pb.ts";
import { file_cosmos_consensus_v1_tx } from "./gen/cosmos/consensus/v1/tx_pb.ts";
import { file_cosmos_crypto_ed25519_keys } from "./gen/cosmos/crypto/ed25519/keys_pb.ts";
import { file_cosmos_crypto_multisig_keys } from "./gen/cosmos/crypto/multisig/keys_pb.ts";
import { file_cosmos_crypto_secp256k1_keys } from "./gen/cosmos/crypto/secp256k1/keys_pb.ts";
import { file_cosmos_distribution_v1beta1_query } from "./gen/cosmos/distribution/v1beta1/query_pb.ts";
import { file_cosmos_distribution_v1beta1_tx } from "./gen/cosmos/distribution/v1beta1/tx_pb.ts";
import { file_cosmos_mint_v1beta1_query } from "./gen/cosmos/mint/v1beta1/query_pb.ts";
import { file_cosmos_mint_v1beta1_tx } from "./gen/cosmos/mint/v1beta1/tx_pb.ts";
import { file_cosmos_slashing_v1beta1_query } from "./gen/cosmos/slashing/v1beta1/query_pb.ts";
import { file_cosmos_slashing_v1beta1_tx } from "./gen/cosmos/slashing/v1beta1/tx_pb.ts";
import { file_cosmos_staking_v1beta1_query } from "./gen/cosmos/staking/v1beta1/query_pb.ts";
import { file_cosmos_staking_v1beta1_tx } from "./gen/cosmos/staking/v1beta1/tx_pb.ts";
import { file_cosmos_tx_v1beta1_service } from "./gen/cosmos/tx/v1beta1/service_pb.ts";
import { file_secret_compute_v1beta1_msg } from "./gen/secret/compute/v1beta1/msg_pb.ts";
import { file_secret_compute_v1beta1_query } from "./gen/secret/compute/v1beta1/query_pb.ts";
import { file_secret_registration_v1beta1_msg } from "./gen/secret/registration/v1beta1/msg_pb.ts";
import { file_secret_registration_v1beta1_query } from "./gen/secret/registration/v1beta1/query_pb.ts";
import { file_sotto_registration_v1_msg } from "./gen/sotto/registration/v1/msg_pb.ts";
import { file_sotto_registration_v1_query } from "./gen/sotto/registration/v1/query_pb.ts";

const FILES = [
  file_cosmos_auth_v1beta1_query,
  file_cosmos_auth_v1beta1_tx,
  file_cosmos_bank_v1beta1_query,
  file_cosmos_bank_v1beta1_tx,
  file_cosmos_base_node_v1beta1_query,
  file_cosmos_base_tendermint_v1beta1_query,
  file_cosmos_consensus_v1_query,
  file_cosmos_consensus_v1_tx,
  file_cosmos_crypto_ed25519_keys,
  file_cosmos_crypto_multisig_keys,
  file_cosmos_crypto_secp256k1_keys,
  file_cosmos_distribution_v1beta1_query,
  file_cosmos_distribution_v1beta1_tx,
  file_cosmos_mint_v1beta1_query,
  file_cosmos_mint_v1beta1_tx,
  file_cosmos_slashing_v1beta1_query,
  file_cosmos_slashing_v1beta1_tx,
  file_cosmos_staking_v1beta1_query,
  file_cosmos_staking_v1beta1_tx,
  file_cosmos_tx_v1beta1_service,
  file_secret_compute_v1beta1_msg,
  file_secret_compute_v1beta1_query,
  file_secret_registration_v1beta1_msg,
  file_secret_registration_v1beta1_query,
  file_sotto_registration_v1_msg,
  file_sotto_registration_v1_query,
];

/** All messages, of imported files too, and the services of the files above. */
export function makeRegistry(): Registry {
  const seen = new Set<(typeof FILES)[number]>();
  const types: Parameters<typeof createRegistry>[number][] = [];
  const visit = (file: (typeof FILES)[number]): void => {
    if (seen.has(file)) return;
    seen.add(file);
    types.push(file);
    for (const imported of file.dependencies) visit(imported);
  };
  for (const file of FILES) visit(file);
  return createRegistry(...types);
}
