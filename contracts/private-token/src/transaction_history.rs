//! The history of an account: each account has its own copy of every entry that concerns it, so that a page is one read an entry.

use cosmwasm_std::{Addr, Api, CanonicalAddr, Coin, StdError, StdResult, Storage, Uint128};
use secret_toolkit::storage::Item;
use serde::{Deserialize, Serialize};

use crate::state::{Account, NATIVE_DENOM};

static ENTRIES: Item<StoredTx> = Item::new(b"tx");

/// An entry as it is stored: canonical addresses, because they are half as long.
///
/// No enumeration, here or in anything else that goes through bincode: the error for a variant that does not exist brings in the
/// formatting of floating-point numbers, and a contract with floating-point instructions cannot be instantiated.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct StoredTx {
    pub id: u64,
    /// One of the constants in [`kind`].
    pub kind: u8,
    /// Whose balance fell; empty for what creates tokens.
    pub from: Vec<u8>,
    /// Who asked for it.
    pub sender: Vec<u8>,
    /// Whose balance rose; empty for what destroys tokens.
    pub recipient: Vec<u8>,
    pub amount: u128,
    pub memo: Option<String>,
    /// Seconds since 1970.
    pub block_time: u64,
    pub block_height: u64,
}

/// Stored, hence never renumbered.
pub mod kind {
    pub const TRANSFER: u8 = 0;
    pub const MINT: u8 = 1;
    pub const BURN: u8 = 2;
    pub const DEPOSIT: u8 = 3;
    pub const REDEEM: u8 = 4;
}

/// An entry of `transfer_history`.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub id: u64,
    /// Whose balance fell.
    pub from: Addr,
    /// Who asked for it: `from`, or a spender.
    pub sender: Addr,
    pub receiver: Addr,
    pub coins: Coin,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
    pub block_time: u64,
    pub block_height: u64,
}

/// An entry of `transaction_history`.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Tx {
    pub id: u64,
    pub action: TxAction,
    pub coins: Coin,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
    pub block_time: u64,
    pub block_height: u64,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum TxAction {
    Transfer { from: Addr, sender: Addr, recipient: Addr },
    Mint { minter: Addr, recipient: Addr },
    Burn { burner: Addr, owner: Addr },
    Deposit {},
    Redeem {},
}

/// Appends to the history of `address` and counts it in `account`, which the caller saves.
pub fn append(
    storage: &mut dyn Storage,
    address: &CanonicalAddr,
    account: &mut Account,
    tx: &StoredTx,
) -> StdResult<()> {
    entry(address, account.tx_count).save(storage, tx)?;
    account.tx_count += 1;
    if tx.kind == kind::TRANSFER {
        account.transfer_count += 1;
    }
    Ok(())
}

/// One page of all entries, the newest first, and how many there are.
pub fn transactions(
    storage: &dyn Storage,
    api: &dyn Api,
    symbol: &str,
    address: &CanonicalAddr,
    page: u32,
    page_size: u32,
) -> StdResult<(Vec<Tx>, u64)> {
    let account = Account::load(storage, address)?;
    let skipped = page.saturating_mul(page_size);
    let end = account.tx_count.saturating_sub(skipped);
    let start = end.saturating_sub(page_size);
    let txs = (start..end)
        .rev()
        .map(|index| entry(address, index).load(storage)?.into_tx(api, symbol))
        .collect::<StdResult<Vec<Tx>>>()?;
    Ok((txs, account.tx_count.into()))
}

/// One page of the transfers among the entries, the newest first, and how many there are.
///
/// Other entries in between have to be read to be passed over; an account that has none is paged directly.
pub fn transfers(
    storage: &dyn Storage,
    api: &dyn Api,
    symbol: &str,
    address: &CanonicalAddr,
    page: u32,
    page_size: u32,
) -> StdResult<(Vec<Transfer>, u64)> {
    let account = Account::load(storage, address)?;
    let mut to_skip = page.saturating_mul(page_size);
    let mut end = account.tx_count;
    if account.transfer_count == account.tx_count {
        end = end.saturating_sub(to_skip);
        to_skip = 0;
    }

    let mut found = Vec::new();
    for index in (0..end).rev() {
        if found.len() as u32 == page_size || to_skip >= account.transfer_count {
            break;
        }
        let tx = entry(address, index).load(storage)?;
        if tx.kind != kind::TRANSFER {
            continue;
        }
        if to_skip > 0 {
            to_skip -= 1;
            continue;
        }
        found.push(tx.into_transfer(api, symbol)?);
    }
    Ok((found, account.transfer_count.into()))
}

fn entry(address: &CanonicalAddr, index: u32) -> Item<'static, StoredTx> {
    ENTRIES.add_suffix(address.as_slice()).add_suffix(&index.to_be_bytes())
}

impl StoredTx {
    fn coins(&self, symbol: &str) -> Coin {
        let denom = match self.kind {
            kind::DEPOSIT | kind::REDEEM => NATIVE_DENOM,
            _ => symbol,
        };
        Coin {
            denom: denom.to_string(),
            amount: Uint128::new(self.amount),
        }
    }

    fn into_tx(self, api: &dyn Api, symbol: &str) -> StdResult<Tx> {
        let coins = self.coins(symbol);
        let human = |address: Vec<u8>| api.addr_humanize(&CanonicalAddr::from(address));
        let action = match self.kind {
            kind::TRANSFER => TxAction::Transfer {
                from: human(self.from)?,
                sender: human(self.sender)?,
                recipient: human(self.recipient)?,
            },
            kind::MINT => TxAction::Mint {
                minter: human(self.sender)?,
                recipient: human(self.recipient)?,
            },
            kind::BURN => TxAction::Burn {
                burner: human(self.sender)?,
                owner: human(self.from)?,
            },
            kind::DEPOSIT => TxAction::Deposit {},
            _ => TxAction::Redeem {},
        };
        Ok(Tx {
            id: self.id,
            action,
            coins,
            memo: self.memo,
            block_time: self.block_time,
            block_height: self.block_height,
        })
    }

    fn into_transfer(self, api: &dyn Api, symbol: &str) -> StdResult<Transfer> {
        let tx = self.into_tx(api, symbol)?;
        match tx.action {
            TxAction::Transfer { from, sender, recipient } => Ok(Transfer {
                id: tx.id,
                from,
                sender,
                receiver: recipient,
                coins: tx.coins,
                memo: tx.memo,
                block_time: tx.block_time,
                block_height: tx.block_height,
            }),
            _ => Err(StdError::generic_err("history entry is not a transfer")),
        }
    }
}
