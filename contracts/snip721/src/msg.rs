//! The messages of SNIP-721, as JSON in snake case. Fields that this collection does not know are passed over.

use cosmwasm_std::{Addr, Binary};
use serde::{Deserialize, Serialize};
use shared::expiration::Expiration;

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct InstantiateMsg {
    pub name: String,
    pub symbol: String,
    /// The instantiating account when absent. Also the first minter.
    pub admin: Option<String>,
    pub entropy: String,
    pub config: Option<InitConfig>,
}

/// Everything is private unless it is asked for otherwise.
#[derive(Serialize, Deserialize, Clone, Debug, Default)]
pub struct InitConfig {
    pub public_token_supply: Option<bool>,
    pub public_owner: Option<bool>,
    pub enable_burn: Option<bool>,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
#[serde(rename_all = "snake_case")]
pub enum ExecuteMsg {
    // minters
    MintNft(Mint),
    BatchMintNft { mints: Vec<Mint> },
    SetMetadata { token_id: String, public_metadata: Option<Metadata>, private_metadata: Option<Metadata> },

    // who has or may move a token
    TransferNft { recipient: String, token_id: String },
    SendNft { contract: String, receiver_info: Option<ReceiverInfo>, token_id: String, msg: Option<Binary> },
    BurnNft { token_id: String },
    RegisterReceiveNft { code_hash: String },

    // approvals
    Approve { spender: String, token_id: String, expires: Option<Expiration> },
    Revoke { spender: String, token_id: String },
    ApproveAll { operator: String, expires: Option<Expiration> },
    RevokeAll { operator: String },
    SetWhitelistedApproval {
        address: String,
        token_id: Option<String>,
        view_owner: Option<AccessLevel>,
        view_private_metadata: Option<AccessLevel>,
        transfer: Option<AccessLevel>,
        expires: Option<Expiration>,
    },
    SetGlobalApproval {
        token_id: Option<String>,
        view_owner: Option<AccessLevel>,
        view_private_metadata: Option<AccessLevel>,
        expires: Option<Expiration>,
    },
    MakeOwnershipPrivate {},

    // read access
    CreateViewingKey { entropy: String },
    SetViewingKey { key: String },

    // admin
    AddMinters { minters: Vec<String> },
    RemoveMinters { minters: Vec<String> },
    ChangeAdmin { address: String },
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct Mint {
    /// A number when absent.
    pub token_id: Option<String>,
    /// The minter when absent.
    pub owner: Option<String>,
    pub public_metadata: Option<Metadata>,
    pub private_metadata: Option<Metadata>,
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
    pub external_url: Option<String>,
    pub attributes: Option<Vec<Trait>>,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Trait {
    pub trait_type: Option<String>,
    pub value: String,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct ReceiverInfo {
    pub recipient_code_hash: String,
}

/// What becomes of one permission: given or taken for one token, given for all that the owner has and will have, or taken
/// for all, also where it was given for one token.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum AccessLevel {
    ApproveToken,
    All,
    RevokeToken,
    None,
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
    MintNft { token_id: String },
    BatchMintNft { token_ids: Vec<String> },
    SetMetadata { status: ResponseStatus },
    TransferNft { status: ResponseStatus },
    SendNft { status: ResponseStatus },
    BurnNft { status: ResponseStatus },
    RegisterReceiveNft { status: ResponseStatus },
    Approve { status: ResponseStatus },
    Revoke { status: ResponseStatus },
    ApproveAll { status: ResponseStatus },
    RevokeAll { status: ResponseStatus },
    SetWhitelistedApproval { status: ResponseStatus },
    SetGlobalApproval { status: ResponseStatus },
    MakeOwnershipPrivate { status: ResponseStatus },
    /// The answer to both ways of getting one.
    ViewingKey { key: String },
    AddMinters { status: ResponseStatus },
    RemoveMinters { status: ResponseStatus },
    ChangeAdmin { status: ResponseStatus },
}

/// What a receiver finds in its execute message.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiverMsg<'a> {
    /// `sender` is the former owner.
    ReceiveNft { sender: &'a Addr, token_id: &'a str, msg: &'a Option<Binary> },
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct ViewerInfo {
    pub address: String,
    pub viewing_key: String,
}

#[derive(Serialize, Deserialize, Clone, Debug)]
#[serde(rename_all = "snake_case")]
pub enum QueryMsg {
    ContractInfo {},
    Minters {},
    NftInfo { token_id: String },
    NumTokens { viewer: Option<ViewerInfo> },
    AllTokens { viewer: Option<ViewerInfo>, start_after: Option<String>, limit: Option<u32> },
    OwnerOf { token_id: String, viewer: Option<ViewerInfo> },
    AllNftInfo { token_id: String, viewer: Option<ViewerInfo> },
    PrivateMetadata { token_id: String, viewer: Option<ViewerInfo> },
    NftDossier { token_id: String, viewer: Option<ViewerInfo> },
    /// With `viewer` and its key, or with the key of the owner.
    Tokens {
        owner: String,
        viewer: Option<String>,
        viewing_key: Option<String>,
        start_after: Option<String>,
        limit: Option<u32>,
    },
}

/// Somebody who may move a token.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct SpenderApproval {
    pub spender: Addr,
    pub expires: Expiration,
}

/// Without an owner for whoever may not know it.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    pub owner: Option<Addr>,
    pub approvals: Vec<SpenderApproval>,
}

/// Everything that somebody may do, each until when.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct AddressApproval {
    pub address: Addr,
    pub view_owner_expiration: Option<Expiration>,
    pub view_private_metadata_expiration: Option<Expiration>,
    pub transfer_expiration: Option<Expiration>,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum QueryAnswer {
    ContractInfo { name: String, symbol: String },
    Minters { minters: Vec<Addr> },
    NftInfo(Metadata),
    NumTokens { count: u32 },
    TokenList { tokens: Vec<String> },
    OwnerOf { owner: Addr, approvals: Vec<SpenderApproval> },
    AllNftInfo { access: Access, info: Metadata },
    PrivateMetadata(Metadata),
    NftDossier {
        owner: Option<Addr>,
        public_metadata: Option<Metadata>,
        private_metadata: Option<Metadata>,
        display_private_metadata_error: Option<String>,
        owner_is_public: bool,
        public_ownership_expiration: Option<Expiration>,
        private_metadata_is_public: bool,
        private_metadata_is_public_expiration: Option<Expiration>,
        /// Only for the owner, as all approvals.
        token_approvals: Option<Vec<AddressApproval>>,
        inventory_approvals: Option<Vec<AddressApproval>>,
    },
}
