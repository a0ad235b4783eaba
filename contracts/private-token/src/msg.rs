//! The messages of SNIP-20, SNIP-22 and SNIP-24, as JSON in snake case.

use cosmwasm_std::{to_binary, Addr, Binary, StdResult, Uint128};
use secret_toolkit::permit::Permit;
use serde::{Deserialize, Serialize};

use crate::transaction_history::{Transfer, Tx};

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct InstantiateMsg {
    pub name: String,
    /// The instantiating account when absent.
    pub admin: Option<String>,
    pub symbol: String,
    pub decimals: u8,
    pub initial_balances: Option<Vec<InitialBalance>>,
    pub prng_seed: Binary,
    pub config: Option<InitConfig>,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct InitialBalance {
    pub address: String,
    pub amount: Uint128,
}

/// Everything is off unless it is asked for.
#[derive(Serialize, Deserialize, Clone, Debug, Default)]
pub struct InitConfig {
    pub public_total_supply: Option<bool>,
    pub enable_deposit: Option<bool>,
    pub enable_redeem: Option<bool>,
    pub enable_mint: Option<bool>,
    pub enable_burn: Option<bool>,
}

/// `padding` is for the sender, who may wish to hide the length of a message; nothing reads it.
#[derive(Serialize, Deserialize, Clone, Debug)]
#[serde(rename_all = "snake_case")]
pub enum ExecuteMsg {
    // native coin
    Deposit {
        padding: Option<String>,
    },
    Redeem {
        amount: Uint128,
        denom: Option<String>,
        padding: Option<String>,
    },

    // own balance
    Transfer {
        recipient: String,
        amount: Uint128,
        memo: Option<String>,
        padding: Option<String>,
    },
    Send {
        recipient: String,
        recipient_code_hash: Option<String>,
        amount: Uint128,
        msg: Option<Binary>,
        memo: Option<String>,
        padding: Option<String>,
    },
    BatchTransfer {
        actions: Vec<TransferAction>,
        padding: Option<String>,
    },
    BatchSend {
        actions: Vec<SendAction>,
        padding: Option<String>,
    },
    Burn {
        amount: Uint128,
        memo: Option<String>,
        padding: Option<String>,
    },
    RegisterReceive {
        code_hash: String,
        padding: Option<String>,
    },

    // read access
    CreateViewingKey {
        entropy: String,
        padding: Option<String>,
    },
    SetViewingKey {
        key: String,
        padding: Option<String>,
    },
    RevokePermit {
        permit_name: String,
        padding: Option<String>,
    },

    // allowances
    IncreaseAllowance {
        spender: String,
        amount: Uint128,
        expiration: Option<u64>,
        padding: Option<String>,
    },
    DecreaseAllowance {
        spender: String,
        amount: Uint128,
        expiration: Option<u64>,
        padding: Option<String>,
    },
    TransferFrom {
        owner: String,
        recipient: String,
        amount: Uint128,
        memo: Option<String>,
        padding: Option<String>,
    },
    SendFrom {
        owner: String,
        recipient: String,
        recipient_code_hash: Option<String>,
        amount: Uint128,
        msg: Option<Binary>,
        memo: Option<String>,
        padding: Option<String>,
    },
    BurnFrom {
        owner: String,
        amount: Uint128,
        memo: Option<String>,
        padding: Option<String>,
    },
    BatchTransferFrom {
        actions: Vec<TransferFromAction>,
        padding: Option<String>,
    },
    BatchSendFrom {
        actions: Vec<SendFromAction>,
        padding: Option<String>,
    },
    BatchBurnFrom {
        actions: Vec<BurnFromAction>,
        padding: Option<String>,
    },

    // minters
    Mint {
        recipient: String,
        amount: Uint128,
        memo: Option<String>,
        padding: Option<String>,
    },
    BatchMint {
        actions: Vec<MintAction>,
        padding: Option<String>,
    },

    // admin
    SetMinters {
        minters: Vec<String>,
        padding: Option<String>,
    },
    AddMinters {
        minters: Vec<String>,
        padding: Option<String>,
    },
    RemoveMinters {
        minters: Vec<String>,
        padding: Option<String>,
    },
    ChangeAdmin {
        address: String,
        padding: Option<String>,
    },
    SetContractStatus {
        level: ContractStatusLevel,
        padding: Option<String>,
    },
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct TransferAction {
    pub recipient: String,
    pub amount: Uint128,
    pub memo: Option<String>,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct SendAction {
    pub recipient: String,
    pub recipient_code_hash: Option<String>,
    pub amount: Uint128,
    pub msg: Option<Binary>,
    pub memo: Option<String>,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct TransferFromAction {
    pub owner: String,
    pub recipient: String,
    pub amount: Uint128,
    pub memo: Option<String>,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct SendFromAction {
    pub owner: String,
    pub recipient: String,
    pub recipient_code_hash: Option<String>,
    pub amount: Uint128,
    pub msg: Option<Binary>,
    pub memo: Option<String>,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct BurnFromAction {
    pub owner: String,
    pub amount: Uint128,
    pub memo: Option<String>,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct MintAction {
    pub recipient: String,
    pub amount: Uint128,
    pub memo: Option<String>,
}

/// What the admin has stopped. The order is that of severity.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
#[serde(rename_all = "snake_case")]
pub enum ContractStatusLevel {
    NormalRun,
    StopAllButRedeems,
    StopAll,
}

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ResponseStatus {
    Success,
}

/// The `data` of an execute response.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum ExecuteAnswer {
    Deposit { status: ResponseStatus },
    Redeem { status: ResponseStatus },
    Transfer { status: ResponseStatus },
    Send { status: ResponseStatus },
    BatchTransfer { status: ResponseStatus },
    BatchSend { status: ResponseStatus },
    Burn { status: ResponseStatus },
    RegisterReceive { status: ResponseStatus },
    CreateViewingKey { key: String },
    SetViewingKey { status: ResponseStatus },
    RevokePermit { status: ResponseStatus },
    IncreaseAllowance { spender: Addr, owner: Addr, allowance: Uint128 },
    DecreaseAllowance { spender: Addr, owner: Addr, allowance: Uint128 },
    TransferFrom { status: ResponseStatus },
    SendFrom { status: ResponseStatus },
    BurnFrom { status: ResponseStatus },
    BatchTransferFrom { status: ResponseStatus },
    BatchSendFrom { status: ResponseStatus },
    BatchBurnFrom { status: ResponseStatus },
    Mint { status: ResponseStatus },
    BatchMint { status: ResponseStatus },
    SetMinters { status: ResponseStatus },
    AddMinters { status: ResponseStatus },
    RemoveMinters { status: ResponseStatus },
    ChangeAdmin { status: ResponseStatus },
    SetContractStatus { status: ResponseStatus },
}

#[derive(Serialize, Deserialize, Clone, Debug)]
#[serde(rename_all = "snake_case")]
pub enum QueryMsg {
    // open to all
    TokenInfo {},
    TokenConfig {},
    ContractStatus {},
    ExchangeRate {},
    Minters {},

    // for the holder of a viewing key
    Balance {
        address: String,
        key: String,
    },
    /// `key` may be the owner's or the spender's.
    Allowance {
        owner: String,
        spender: String,
        key: String,
    },
    TransferHistory {
        address: String,
        key: String,
        page: Option<u32>,
        page_size: u32,
    },
    TransactionHistory {
        address: String,
        key: String,
        page: Option<u32>,
        page_size: u32,
    },

    // for the holder of a permit
    WithPermit {
        permit: Permit,
        query: QueryWithPermit,
    },
}

#[derive(Serialize, Deserialize, Clone, Debug)]
#[serde(rename_all = "snake_case")]
pub enum QueryWithPermit {
    Balance {},
    Allowance { owner: String, spender: String },
    TransferHistory { page: Option<u32>, page_size: u32 },
    TransactionHistory { page: Option<u32>, page_size: u32 },
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum QueryAnswer {
    TokenInfo {
        name: String,
        symbol: String,
        decimals: u8,
        /// Absent when the token does not publish it.
        total_supply: Option<Uint128>,
    },
    TokenConfig {
        public_total_supply: bool,
        deposit_enabled: bool,
        redeem_enabled: bool,
        mint_enabled: bool,
        burn_enabled: bool,
    },
    ContractStatus {
        status: ContractStatusLevel,
    },
    ExchangeRate {
        rate: Uint128,
        denom: String,
    },
    Minters {
        minters: Vec<Addr>,
    },
    Balance {
        amount: Uint128,
    },
    Allowance {
        spender: Addr,
        owner: Addr,
        allowance: Uint128,
        expiration: Option<u64>,
    },
    TransferHistory {
        txs: Vec<Transfer>,
        total: u64,
    },
    TransactionHistory {
        txs: Vec<Tx>,
        total: u64,
    },
    ViewingKeyError {
        msg: String,
    },
}

impl QueryAnswer {
    pub fn to_binary(&self) -> StdResult<Binary> {
        to_binary(self)
    }
}
