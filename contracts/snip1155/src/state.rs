//! What is stored under which key, as JSON.

use cosmwasm_std::{Addr, StdError, StdResult, Storage, Uint128};
use secret_toolkit::serialization::Json;
use secret_toolkit::storage::{Item, Keyset};
use serde::{Deserialize, Serialize};

use crate::msg::{Metadata, TokenConfig, TokenIdInfo};

static CONFIG: Item<Config, Json> = Item::new(b"config");
static TOKENS: Item<Token, Json> = Item::new(b"token");
static BALANCES: Item<Uint128, Json> = Item::new(b"balance");
static RECEIVERS: Item<String, Json> = Item::new(b"receiver");

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct Config {
    /// None once it was removed.
    pub admin: Option<Addr>,
    pub curators: Vec<Addr>,
    pub token_ids: Vec<String>,
}

impl Config {
    pub fn load(storage: &dyn Storage) -> StdResult<Self> {
        CONFIG.load(storage)
    }

    pub fn save(&self, storage: &mut dyn Storage) -> StdResult<()> {
        CONFIG.save(storage, self)
    }
}

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct Token {
    pub name: String,
    pub symbol: String,
    pub config: TokenConfig,
    pub public_metadata: Option<Metadata>,
    pub private_metadata: Option<Metadata>,
    pub curator: Addr,
    pub supply: Uint128,
    /// Of a unique token, while there is one.
    pub owner: Option<Addr>,
}

impl Token {
    pub fn may_load(storage: &dyn Storage, id: &str) -> StdResult<Option<Self>> {
        TOKENS.add_suffix(id.as_bytes()).may_load(storage)
    }

    pub fn load(storage: &dyn Storage, id: &str) -> StdResult<Self> {
        let missing = || StdError::generic_err(format!("token_id {} does not exist", id));
        Self::may_load(storage, id)?.ok_or_else(missing)
    }

    pub fn save(&self, storage: &mut dyn Storage, id: &str) -> StdResult<()> {
        TOKENS.add_suffix(id.as_bytes()).save(storage, self)
    }

    pub fn is_unique(&self) -> bool {
        matches!(self.config, TokenConfig::Nft { .. })
    }

    pub fn burn_enabled(&self) -> bool {
        match self.config {
            TokenConfig::Fungible { enable_burn, .. } | TokenConfig::Nft { enable_burn, .. } => enable_burn,
        }
    }

    pub fn supply_is_public(&self) -> bool {
        match self.config {
            TokenConfig::Fungible { public_total_supply, .. }
            | TokenConfig::Nft { public_total_supply, .. } => public_total_supply,
        }
    }

    pub fn info(self, id: &str, with_private_metadata: bool) -> TokenIdInfo {
        TokenIdInfo {
            token_id: id.to_string(),
            name: self.name,
            symbol: self.symbol,
            token_config: self.config,
            public_metadata: self.public_metadata,
            private_metadata: self.private_metadata.filter(|_| with_private_metadata),
            curator: self.curator,
        }
    }
}

pub fn load_balance(storage: &dyn Storage, owner: &Addr, token_id: &str) -> StdResult<Uint128> {
    let balance = BALANCES.add_suffix(owner.as_bytes()).add_suffix(token_id.as_bytes()).may_load(storage)?;
    Ok(balance.unwrap_or_default())
}

/// Keeps the list of what an owner has; a balance of 0 stays in it, or a transfer of everything would cost more than others.
pub fn save_balance(
    storage: &mut dyn Storage,
    owner: &Addr,
    token_id: &str,
    amount: Uint128,
) -> StdResult<()> {
    let item = BALANCES.add_suffix(owner.as_bytes()).add_suffix(token_id.as_bytes());
    if item.is_empty(storage) {
        tokens_of(owner).insert(storage, &token_id.to_string())?;
    }
    item.save(storage, &amount)
}

/// The ids that an owner ever had. A set remembers its length, so each use has one of its own.
pub fn tokens_of(owner: &Addr) -> Keyset<'static, String, Json> {
    Keyset::new(b"owned").add_suffix(owner.as_bytes())
}

/// Code hash with which a contract asked to be told of tokens it is sent.
pub fn load_receiver_hash(storage: &dyn Storage, contract: &str) -> StdResult<Option<String>> {
    RECEIVERS.add_suffix(contract.as_bytes()).may_load(storage)
}

pub fn save_receiver_hash(storage: &mut dyn Storage, contract: &str, code_hash: &String) -> StdResult<()> {
    RECEIVERS.add_suffix(contract.as_bytes()).save(storage, code_hash)
}
