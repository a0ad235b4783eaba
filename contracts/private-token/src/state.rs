//! What is stored under which key.
//!
//! A stored entry costs far more than its bytes: each is sealed by itself and is a leaf of the chain's tree. So things that
//! change together are one entry: a balance and the length of its history; the status, the supply and the transaction
//! counter. A transfer reads three entries (head, two accounts) and writes five (the same, and one history entry for each).

use cosmwasm_std::{CanonicalAddr, StdError, StdResult, Storage};
use secret_toolkit::storage::Item;
use serde::{Deserialize, Serialize};

use crate::msg::ContractStatusLevel;

/// The only coin that can be deposited; one base unit of the token stands for one of the coin.
pub const NATIVE_DENOM: &str = "uscrt";

/// Under which the toolkit keeps revoked permits.
pub const PERMIT_PREFIX: &str = "revoked_permits";

static CONFIG: Item<Config> = Item::new(b"config");
static HEAD: Item<Head> = Item::new(b"head");
static ACCOUNTS: Item<Account> = Item::new(b"account");
static ALLOWANCES: Item<Allowance> = Item::new(b"allowance");
static MINTERS: Item<Vec<Vec<u8>>> = Item::new(b"minters");
static RECEIVERS: Item<String> = Item::new(b"receiver");

/// What seldom changes. Not needed for a transfer.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct Config {
    pub name: String,
    pub symbol: String,
    pub decimals: u8,
    pub admin: Vec<u8>,
    pub public_total_supply: bool,
    pub deposit_enabled: bool,
    pub redeem_enabled: bool,
    pub mint_enabled: bool,
    pub burn_enabled: bool,
}

impl Config {
    pub fn load(storage: &dyn Storage) -> StdResult<Self> {
        CONFIG.load(storage)
    }

    pub fn save(&self, storage: &mut dyn Storage) -> StdResult<()> {
        CONFIG.save(storage, self)
    }
}

/// What every change of a balance needs.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct Head {
    /// A number and not the enumeration, because of bincode: see `StoredTx`.
    status: u8,
    pub total_supply: u128,
    /// How many transactions there were; the first has number 1.
    pub tx_count: u64,
}

impl Head {
    pub fn new() -> Self {
        Self {
            status: ContractStatusLevel::NormalRun as u8,
            total_supply: 0,
            tx_count: 0,
        }
    }

    pub fn status(&self) -> StdResult<ContractStatusLevel> {
        const LEVELS: [ContractStatusLevel; 3] = [
            ContractStatusLevel::NormalRun,
            ContractStatusLevel::StopAllButRedeems,
            ContractStatusLevel::StopAll,
        ];
        let level = LEVELS.get(usize::from(self.status));
        level.copied().ok_or_else(|| StdError::generic_err("unknown contract status"))
    }

    pub fn set_status(&mut self, level: ContractStatusLevel) {
        self.status = level as u8;
    }

    pub fn load(storage: &dyn Storage) -> StdResult<Self> {
        HEAD.load(storage)
    }

    pub fn save(&self, storage: &mut dyn Storage) -> StdResult<()> {
        HEAD.save(storage, self)
    }
}

#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub balance: u128,
    /// Number of entries in the history.
    pub tx_count: u32,
    /// How many of them are transfers.
    pub transfer_count: u32,
}

impl Account {
    pub fn load(storage: &dyn Storage, address: &CanonicalAddr) -> StdResult<Self> {
        let account = ACCOUNTS.add_suffix(address.as_slice()).may_load(storage)?;
        Ok(account.unwrap_or_default())
    }

    pub fn save(&self, storage: &mut dyn Storage, address: &CanonicalAddr) -> StdResult<()> {
        ACCOUNTS.add_suffix(address.as_slice()).save(storage, self)
    }
}

#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    pub amount: u128,
    /// Seconds since 1970; from then on nothing is left of it.
    pub expiration: Option<u64>,
}

impl Allowance {
    pub fn load(storage: &dyn Storage, owner: &CanonicalAddr, spender: &CanonicalAddr) -> StdResult<Self> {
        let allowance = Self::item(owner, spender).may_load(storage)?;
        Ok(allowance.unwrap_or_default())
    }

    pub fn save(
        &self,
        storage: &mut dyn Storage,
        owner: &CanonicalAddr,
        spender: &CanonicalAddr,
    ) -> StdResult<()> {
        Self::item(owner, spender).save(storage, self)
    }

    pub fn is_expired_at(&self, time: u64) -> bool {
        self.expiration.map_or(false, |expiration| time >= expiration)
    }

    fn item(owner: &CanonicalAddr, spender: &CanonicalAddr) -> Item<'static, Allowance> {
        ALLOWANCES.add_suffix(owner.as_slice()).add_suffix(spender.as_slice())
    }
}

pub fn load_minters(storage: &dyn Storage) -> StdResult<Vec<CanonicalAddr>> {
    let minters = MINTERS.may_load(storage)?.unwrap_or_default();
    Ok(minters.into_iter().map(CanonicalAddr::from).collect())
}

pub fn save_minters(storage: &mut dyn Storage, minters: &[CanonicalAddr]) -> StdResult<()> {
    let minters: Vec<Vec<u8>> = minters.iter().map(|minter| minter.to_vec()).collect();
    MINTERS.save(storage, &minters)
}

/// Code hash with which a contract asked to be told of tokens it is sent.
pub fn load_receiver_hash(storage: &dyn Storage, contract: &CanonicalAddr) -> StdResult<Option<String>> {
    RECEIVERS.add_suffix(contract.as_slice()).may_load(storage)
}

pub fn save_receiver_hash(
    storage: &mut dyn Storage,
    contract: &CanonicalAddr,
    code_hash: &String,
) -> StdResult<()> {
    RECEIVERS.add_suffix(contract.as_slice()).save(storage, code_hash)
}
