//! The messages of SNIP-1155, as JSON in snake case. Fields that this contract does not know are passed over.

use cosmwasm_std::{Addr, Binary, Uint128};
use serde::{Deserialize, Serialize};
use shared::expiration::Expiration;

use crate::permissions::Permission;

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct InstantiateMsg {
    pub has_admin: bool,
    /// The instantiating account when absent.
    pub admin: Option<String>,
    /// Who may bring new tokens into being.
    pub curators: Vec<String>,
    pub initial_tokens: Vec<CurateTokenId>,
    pub entropy: String,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct CurateTokenId {
    pub token_info: TokenInfoMsg,
    pub balances: Vec<TokenIdBalance>,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct TokenInfoMsg {
    pub token_id: String,
    pub name: String,
    pub symbol: String,
    pub token_config: TokenConfig,
    pub public_metadata: Option<Metadata>,
    pub private_metadata: Option<Metadata>,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum TokenConfig {
    Fungible { minters: Vec<String>, decimals: u8, public_total_supply: bool, enable_mint: bool, enable_burn: bool },
    /// There is one of it, and no other will be minted.
    Nft { public_total_supply: bool, owner_is_public: bool, enable_burn: bool },
}

#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    pub token_uri: Option<String>,
    pub extension: Option<Extension>,
}

#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Extension {
    pub name: Option<String>,
    pub description: Option<String>,
    pub image: Option<String>,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct TokenIdBalance {
    pub address: String,
    pub amount: Uint128,
}

/// For minting and burning.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct TokenAmount {
    pub token_id: String,
    pub balances: Vec<TokenIdBalance>,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct TransferAction {
    pub token_id: String,
    pub from: String,
    pub recipient: String,
    pub amount: Uint128,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct SendAction {
    pub token_id: String,
    pub from: String,
    pub recipient: String,
    pub recipient_code_hash: Option<String>,
    pub amount: Uint128,
    pub msg: Option<Binary>,
    pub memo: Option<String>,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
#[serde(rename_all = "snake_case")]
pub enum ExecuteMsg {
    // curators and minters
    CurateTokenIds { initial_tokens: Vec<CurateTokenId> },
    MintTokens { mint_tokens: Vec<TokenAmount> },

    // owners, and whom they permit it
    BurnTokens { burn_tokens: Vec<TokenAmount> },
    Transfer(TransferAction),
    BatchTransfer { actions: Vec<TransferAction> },
    Send(SendAction),
    BatchSend { actions: Vec<SendAction> },
    RegisterReceive { code_hash: String },

    // permissions: what is absent stays as it is
    GivePermission {
        allowed_address: String,
        token_id: String,
        view_balance: Option<bool>,
        view_balance_expiry: Option<Expiration>,
        view_private_metadata: Option<bool>,
        view_private_metadata_expiry: Option<Expiration>,
        /// How much may be transferred.
        transfer: Option<Uint128>,
        transfer_expiry: Option<Expiration>,
    },
    /// By the owner, or by whoever was allowed.
    RevokePermission { token_id: String, owner: String, allowed_address: String },

    // read access
    CreateViewingKey { entropy: String },
    SetViewingKey { key: String },

    // admin
    AddCurators { add_curators: Vec<String> },
    RemoveCurators { remove_curators: Vec<String> },
    ChangeAdmin { new_admin: String },
    /// For ever.
    RemoveAdmin { current_admin: String },
}

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ResponseStatus {
    Success,
}

/// The `data` of an execute response.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ExecuteAnswer {
    CurateTokenIds { status: ResponseStatus },
    MintTokens { status: ResponseStatus },
    BurnTokens { status: ResponseStatus },
    Transfer { status: ResponseStatus },
    BatchTransfer { status: ResponseStatus },
    Send { status: ResponseStatus },
    BatchSend { status: ResponseStatus },
    RegisterReceive { status: ResponseStatus },
    GivePermission { status: ResponseStatus },
    RevokePermission { status: ResponseStatus },
    CreateViewingKey { key: String },
    SetViewingKey { status: ResponseStatus },
    AddCurators { status: ResponseStatus },
    RemoveCurators { status: ResponseStatus },
    ChangeAdmin { status: ResponseStatus },
    RemoveAdmin { status: ResponseStatus },
}

/// What a receiver finds in its execute message.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiverMsg<'a> {
    Snip1155Receive {
        /// Who asked for it.
        sender: &'a Addr,
        token_id: &'a str,
        /// Whose tokens they were.
        from: &'a Addr,
        amount: Uint128,
        memo: Option<String>,
        msg: Option<Binary>,
    },
}

#[derive(Serialize, Deserialize, Clone, Debug)]
#[serde(rename_all = "snake_case")]
pub enum QueryMsg {
    ContractInfo {},
    TokenIdPublicInfo { token_id: String },
    RegisteredCodeHash { contract: String },

    // for the holder of a viewing key
    Balance { owner: String, viewer: String, key: String, token_id: String },
    AllBalances { owner: String, key: String },
    TokenIdPrivateInfo { address: String, key: String, token_id: String },
    /// `key` may be the owner's or that of whoever was allowed.
    Permission { owner: String, allowed_address: String, key: String, token_id: String },
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct OwnerBalance {
    pub token_id: String,
    pub amount: Uint128,
}

/// A token as everybody, or an owner, sees it.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct TokenIdInfo {
    pub token_id: String,
    pub name: String,
    pub symbol: String,
    pub token_config: TokenConfig,
    pub public_metadata: Option<Metadata>,
    /// Absent for whoever may not see it.
    pub private_metadata: Option<Metadata>,
    pub curator: Addr,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum QueryAnswer {
    ContractInfo { admin: Option<Addr>, curators: Vec<Addr>, all_token_ids: Vec<String> },
    /// Supply and owner where the token publishes them.
    TokenIdPublicInfo { token_id_info: TokenIdInfo, total_supply: Option<Uint128>, owner: Option<Addr> },
    TokenIdPrivateInfo { token_id_info: TokenIdInfo, total_supply: Option<Uint128>, owner: Option<Addr> },
    RegisteredCodeHash { code_hash: Option<String> },
    Balance { amount: Uint128 },
    AllBalances(Vec<OwnerBalance>),
    Permission(Option<Permission>),
    ViewingKeyError { msg: String },
}
