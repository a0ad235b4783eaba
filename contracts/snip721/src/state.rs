//! What is stored under which key, as JSON.

use cosmwasm_std::{Addr, StdResult, Storage};
use secret_toolkit::serialization::Json;
use secret_toolkit::storage::{Item, Keyset};
use serde::{Deserialize, Serialize};

use crate::approvals::Approvals;
use crate::msg::Metadata;

static CONFIG: Item<Config, Json> = Item::new(b"config");
static TOKENS: Item<Token, Json> = Item::new(b"token");
static INVENTORIES: Item<Inventory, Json> = Item::new(b"inventory");
static RECEIVERS: Item<String, Json> = Item::new(b"receiver");

#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct Config {
    pub name: String,
    pub symbol: String,
    pub admin: Addr,
    pub minters: Vec<Addr>,
    pub public_token_supply: bool,
    pub public_owner: bool,
    pub burn_enabled: bool,
    /// How many tokens were ever minted: the id of the next one, if it is to have none of its own.
    pub minted: u64,
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
    pub owner: Addr,
    pub public_metadata: Option<Metadata>,
    pub private_metadata: Option<Metadata>,
    /// Of this token; they end when it changes hands.
    pub approvals: Approvals,
}

impl Token {
    pub fn may_load(storage: &dyn Storage, id: &str) -> StdResult<Option<Self>> {
        TOKENS.add_suffix(id.as_bytes()).may_load(storage)
    }

    pub fn save(&self, storage: &mut dyn Storage, id: &str) -> StdResult<()> {
        TOKENS.add_suffix(id.as_bytes()).save(storage, self)
    }

    pub fn remove(storage: &mut dyn Storage, id: &str) {
        TOKENS.add_suffix(id.as_bytes()).remove(storage);
    }
}

/// What an owner decided for all tokens at once.
#[derive(Serialize, Deserialize, Clone, Debug, Default)]
pub struct Inventory {
    /// Although the collection shows owners.
    pub owner_is_private: bool,
    pub approvals: Approvals,
}

impl Inventory {
    pub fn load(storage: &dyn Storage, owner: &Addr) -> StdResult<Self> {
        let inventory = INVENTORIES.add_suffix(owner.as_bytes()).may_load(storage)?;
        Ok(inventory.unwrap_or_default())
    }

    pub fn save(&self, storage: &mut dyn Storage, owner: &Addr) -> StdResult<()> {
        INVENTORIES.add_suffix(owner.as_bytes()).save(storage, self)
    }
}

/// Code hash with which a contract asked to be told of tokens it is sent.
pub fn load_receiver_hash(storage: &dyn Storage, contract: &str) -> StdResult<Option<String>> {
    RECEIVERS.add_suffix(contract.as_bytes()).may_load(storage)
}

pub fn save_receiver_hash(storage: &mut dyn Storage, contract: &str, code_hash: &String) -> StdResult<()> {
    RECEIVERS.add_suffix(contract.as_bytes()).save(storage, code_hash)
}

/// The ids of all tokens. A set remembers its length, so each use has one of its own.
pub fn all_tokens() -> Keyset<'static, String, Json> {
    Keyset::new(b"all")
}

pub fn tokens_of(owner: &Addr) -> Keyset<'static, String, Json> {
    Keyset::new(b"owned").add_suffix(owner.as_bytes())
}
