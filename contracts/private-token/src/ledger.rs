//! Every change of a balance, with its entry in the history of each account it concerns.

use cosmwasm_std::{CanonicalAddr, Env, StdError, StdResult, Storage};

use crate::msg::ContractStatusLevel;
use crate::state::{Account, Head};
use crate::transaction_history::{append, kind, StoredTx};

/// The ledger while one message changes it. The head is read once, on `open`, and written once, on `close`.
pub struct Ledger<'a> {
    storage: &'a mut dyn Storage,
    head: Head,
    block_time: u64,
    block_height: u64,
}

impl<'a> Ledger<'a> {
    /// Fails when the admin has stopped what is about to happen; `worst_status` is the severest status in which it may.
    pub fn open(
        storage: &'a mut dyn Storage,
        env: &Env,
        worst_status: ContractStatusLevel,
    ) -> StdResult<Self> {
        let head = Head::load(storage)?;
        check_status(&head, worst_status)?;
        Ok(Self {
            storage,
            head,
            block_time: env.block.time.seconds(),
            block_height: env.block.height,
        })
    }

    pub fn close(self) -> StdResult<()> {
        self.head.save(self.storage)
    }

    /// The storage beneath, for what has to be looked up in between (allowances, receivers).
    pub fn storage(&mut self) -> &mut dyn Storage {
        self.storage
    }

    pub fn block_time(&self) -> u64 {
        self.block_time
    }

    /// Moves `amount` from `from` to `recipient`; `sender` is who asked for it, a spender or `from` itself.
    pub fn transfer(
        &mut self,
        sender: &CanonicalAddr,
        from: &CanonicalAddr,
        recipient: &CanonicalAddr,
        amount: u128,
        memo: Option<String>,
    ) -> StdResult<()> {
        let tx = self.next_tx(kind::TRANSFER, from, sender, recipient, amount, memo);

        let mut from_account = Account::load(self.storage, from)?;
        withdraw(&mut from_account, amount)?;
        append(self.storage, from, &mut from_account, &tx)?;
        if from == recipient {
            // Both sides are one account: it gets its amount back, and one entry is enough.
            from_account.balance += amount;
        }
        from_account.save(self.storage, from)?;

        if from != recipient {
            let mut recipient_account = Account::load(self.storage, recipient)?;
            deposit(&mut recipient_account, amount)?;
            append(self.storage, recipient, &mut recipient_account, &tx)?;
            recipient_account.save(self.storage, recipient)?;
        }
        if sender != from && sender != recipient {
            self.append_to(sender, &tx)?;
        }
        Ok(())
    }

    pub fn mint(
        &mut self,
        minter: &CanonicalAddr,
        recipient: &CanonicalAddr,
        amount: u128,
        memo: Option<String>,
    ) -> StdResult<()> {
        let tx = self.next_tx(kind::MINT, &nobody(), minter, recipient, amount, memo);
        self.create(recipient, amount, &tx)?;
        if minter != recipient {
            self.append_to(minter, &tx)?;
        }
        Ok(())
    }

    pub fn burn(
        &mut self,
        burner: &CanonicalAddr,
        owner: &CanonicalAddr,
        amount: u128,
        memo: Option<String>,
    ) -> StdResult<()> {
        let tx = self.next_tx(kind::BURN, owner, burner, &nobody(), amount, memo);
        self.destroy(owner, amount, &tx)?;
        if burner != owner {
            self.append_to(burner, &tx)?;
        }
        Ok(())
    }

    /// Credits native coins that the contract has received.
    pub fn deposit(&mut self, owner: &CanonicalAddr, amount: u128) -> StdResult<()> {
        let tx = self.next_tx(kind::DEPOSIT, &nobody(), owner, owner, amount, None);
        self.create(owner, amount, &tx)
    }

    /// Takes back what is going to be paid out in native coins.
    pub fn redeem(&mut self, owner: &CanonicalAddr, amount: u128) -> StdResult<()> {
        let tx = self.next_tx(kind::REDEEM, owner, owner, &nobody(), amount, None);
        self.destroy(owner, amount, &tx)
    }

    fn next_tx(
        &mut self,
        kind: u8,
        from: &CanonicalAddr,
        sender: &CanonicalAddr,
        recipient: &CanonicalAddr,
        amount: u128,
        memo: Option<String>,
    ) -> StoredTx {
        self.head.tx_count += 1;
        StoredTx {
            id: self.head.tx_count,
            kind,
            from: from.to_vec(),
            sender: sender.to_vec(),
            recipient: recipient.to_vec(),
            amount,
            memo,
            block_time: self.block_time,
            block_height: self.block_height,
        }
    }

    fn create(&mut self, owner: &CanonicalAddr, amount: u128, tx: &StoredTx) -> StdResult<()> {
        let total_supply = self.head.total_supply.checked_add(amount);
        self.head.total_supply = total_supply.ok_or_else(|| {
            StdError::generic_err("This would be more than the greatest total supply there can be")
        })?;
        let mut account = Account::load(self.storage, owner)?;
        deposit(&mut account, amount)?;
        append(self.storage, owner, &mut account, tx)?;
        account.save(self.storage, owner)
    }

    fn destroy(&mut self, owner: &CanonicalAddr, amount: u128, tx: &StoredTx) -> StdResult<()> {
        let mut account = Account::load(self.storage, owner)?;
        withdraw(&mut account, amount)?;
        append(self.storage, owner, &mut account, tx)?;
        account.save(self.storage, owner)?;
        // Cannot underflow: the supply is the sum of all balances.
        self.head.total_supply -= amount;
        Ok(())
    }

    /// For those who took part in something that left their balance as it was.
    fn append_to(&mut self, address: &CanonicalAddr, tx: &StoredTx) -> StdResult<()> {
        let mut account = Account::load(self.storage, address)?;
        append(self.storage, address, &mut account, tx)?;
        account.save(self.storage, address)
    }
}

/// The side of a history entry on which there is no account.
fn nobody() -> CanonicalAddr {
    CanonicalAddr::from(Vec::new())
}

/// Fails when the contract is stopped more severely than `worst_status`.
pub fn check_status(head: &Head, worst_status: ContractStatusLevel) -> StdResult<()> {
    if head.status()? > worst_status {
        return Err(StdError::generic_err(
            "This contract is stopped and this action is not allowed",
        ));
    }
    Ok(())
}

fn withdraw(account: &mut Account, amount: u128) -> StdResult<()> {
    let balance = account.balance;
    account.balance = balance.checked_sub(amount).ok_or_else(|| {
        StdError::generic_err(format!(
            "insufficient funds: balance={}, required={}",
            balance, amount
        ))
    })?;
    Ok(())
}

fn deposit(account: &mut Account, amount: u128) -> StdResult<()> {
    account.balance = account
        .balance
        .checked_add(amount)
        .ok_or_else(|| StdError::generic_err("This would be more than the greatest balance there can be"))?;
    Ok(())
}
