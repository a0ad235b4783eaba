/**
 * Queries of the chain's own services that contracts may make (contracts §5.7, chain §2.13).
 * @module
 */

/** How paths of the contract module's own service begin. */
export const COMPUTE_SERVICE = "/secret.compute.";

/** Methods by service, all `Query`. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "cosmos.auth.v1beta1": ["Account", "Params"],
  "cosmos.bank.v1beta1": ["Balance", "DenomMetadata", "SupplyOf", "Params"],
  "cosmos.distribution.v1beta1": ["Params", "DelegatorWithdrawAddress", "FoundationTax", "ValidatorCommission"],
  "cosmos.feegrant.v1beta1": ["Allowance"],
  "cosmos.gov.v1beta1": ["Deposit", "Params", "Proposal", "Vote"],
  "cosmos.mint.v1beta1": ["Params", "Inflation", "AnnualProvisions"],
  "cosmos.params.v1beta1": ["Params"],
  "cosmos.slashing.v1beta1": ["Params", "SigningInfo"],
  "cosmos.staking.v1beta1": ["Validator", "Delegation", "UnbondingDelegation", "Params"],
  "ibc.applications.transfer.v1": ["DenomHash", "DenomTrace", "Params"],
  "secret.compute.v1beta1": [
    "ContractInfo",
    "CodeHashByContractAddress",
    "CodeHashByCodeId",
    "LabelByAddress",
    "AddressByLabel",
    "ContractsByCodeId",
  ],
};

const PATHS: ReadonlySet<string> = new Set(
  Object.entries(ALLOWED).flatMap(([service, methods]) => methods.map((method) => `/${service}.Query/${method}`)),
);

export function isStargatePathAllowed(path: string): boolean {
  return PATHS.has(path);
}
