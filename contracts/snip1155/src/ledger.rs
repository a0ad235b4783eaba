//! Every change of a balance: curating, minting, burning, transfers, sends.

use cosmwasm_std::{Addr, CosmosMsg, DepsMut, Env, MessageInfo, StdError, StdResult, Storage, Uint128};
use shared::receivers;

use crate::msg::{CurateTokenId, ReceiverMsg, SendAction, TokenAmount, TokenConfig, TransferAction};
use crate::permissions::spend;
use crate::state::{load_balance, load_receiver_hash, save_balance, Config, Token};

/// New tokens with their first balances. Who may do this was checked by the caller.
pub fn curate(
    deps: DepsMut,
    curator: &Addr,
    config: &mut Config,
    tokens: Vec<CurateTokenId>,
) -> StdResult<()> {
    for CurateTokenId { token_info, balances } in tokens {
        let id = token_info.token_id;
        if Token::may_load(deps.storage, &id)?.is_some() {
            return Err(StdError::generic_err(format!("token_id {} already exists", id)));
        }
        if let TokenConfig::Fungible { minters, .. } = &token_info.token_config {
            minters.iter().try_for_each(|minter| deps.api.addr_validate(minter).map(|_| ()))?;
        }
        let mut token = Token {
            name: token_info.name,
            symbol: token_info.symbol,
            config: token_info.token_config,
            public_metadata: token_info.public_metadata,
            private_metadata: token_info.private_metadata,
            curator: curator.clone(),
            supply: Uint128::zero(),
            owner: None,
        };
        for balance in balances {
            let owner = deps.api.addr_validate(&balance.address)?;
            issue(deps.storage, &id, &mut token, owner, balance.amount)?;
        }
        if token.is_unique() && token.supply != Uint128::new(1) {
            return Err(StdError::generic_err(format!(
                "token_id {} is an NFT; there can be only one NFT",
                id
            )));
        }
        token.save(deps.storage, &id)?;
        config.token_ids.push(id);
    }
    Ok(())
}

fn issue(
    storage: &mut dyn Storage,
    id: &str,
    token: &mut Token,
    owner: Addr,
    amount: Uint128,
) -> StdResult<()> {
    token.supply =
        token.supply.checked_add(amount).map_err(|_| StdError::generic_err("The supply would overflow"))?;
    // Cannot overflow: no balance is greater than the supply.
    let balance = load_balance(storage, &owner, id)? + amount;
    save_balance(storage, &owner, id, balance)?;
    if token.is_unique() {
        token.owner = Some(owner);
    }
    Ok(())
}

pub fn mint(deps: DepsMut, info: &MessageInfo, amounts: Vec<TokenAmount>) -> StdResult<()> {
    for TokenAmount { token_id, balances } in amounts {
        let mut token = Token::load(deps.storage, &token_id)?;
        let may = match &token.config {
            TokenConfig::Fungible { minters, enable_mint, .. } => {
                *enable_mint && minters.iter().any(|minter| minter == info.sender.as_str())
            }
            TokenConfig::Nft { .. } => false,
        };
        if !may {
            let text = format!("You may not mint token_id {}, or minting is not enabled", token_id);
            return Err(StdError::generic_err(text));
        }
        for balance in balances {
            let owner = deps.api.addr_validate(&balance.address)?;
            issue(deps.storage, &token_id, &mut token, owner, balance.amount)?;
        }
        token.save(deps.storage, &token_id)?;
    }
    Ok(())
}

/// From oneself, or with a permission to transfer.
pub fn burn(deps: DepsMut, env: &Env, info: &MessageInfo, amounts: Vec<TokenAmount>) -> StdResult<()> {
    for TokenAmount { token_id, balances } in amounts {
        let mut token = Token::load(deps.storage, &token_id)?;
        if !token.burn_enabled() {
            return Err(StdError::generic_err(format!("Burning is not enabled for token_id {}", token_id)));
        }
        for balance in balances {
            let owner = deps.api.addr_validate(&balance.address)?;
            spend(deps.storage, &env.block, &owner, &token_id, &info.sender, balance.amount)?;
            debit(deps.storage, &owner, &token_id, balance.amount)?;
            // Cannot underflow: no balance is greater than the supply.
            token.supply -= balance.amount;
            if token.is_unique() && token.supply.is_zero() {
                token.owner = None;
            }
        }
        token.save(deps.storage, &token_id)?;
    }
    Ok(())
}

fn debit(storage: &mut dyn Storage, owner: &Addr, token_id: &str, amount: Uint128) -> StdResult<()> {
    let balance = load_balance(storage, owner, token_id)?;
    let left = balance.checked_sub(amount).map_err(|_| StdError::generic_err("Insufficient funds"))?;
    save_balance(storage, owner, token_id, left)
}

/// Returns whose tokens they were, and who has them now.
pub fn transfer(
    deps: &mut DepsMut,
    env: &Env,
    info: &MessageInfo,
    action: &TransferAction,
) -> StdResult<(Addr, Addr)> {
    let TransferAction { token_id, from, recipient, amount } = action;
    let (from, recipient) = (deps.api.addr_validate(from)?, deps.api.addr_validate(recipient)?);
    let mut token = Token::load(deps.storage, token_id)?;
    if amount.is_zero() {
        return Err(StdError::generic_err("Cannot transfer nothing"));
    }
    spend(deps.storage, &env.block, &from, token_id, &info.sender, *amount)?;
    debit(deps.storage, &from, token_id, *amount)?;
    let balance = load_balance(deps.storage, &recipient, token_id)? + *amount;
    save_balance(deps.storage, &recipient, token_id, balance)?;
    if token.is_unique() {
        token.owner = Some(recipient.clone());
        token.save(deps.storage, token_id)?;
    }
    Ok((from, recipient))
}

/// Returns the call of the receiver, if it is known to be one.
pub fn send(
    deps: &mut DepsMut,
    env: &Env,
    info: &MessageInfo,
    action: SendAction,
) -> StdResult<Option<CosmosMsg>> {
    let SendAction { token_id, from, recipient, recipient_code_hash, amount, msg, memo } = action;
    let transferred = TransferAction { token_id, from, recipient, amount };
    let (from, recipient) = transfer(deps, env, info, &transferred)?;
    let code_hash = match recipient_code_hash {
        Some(code_hash) => Some(code_hash),
        None => load_receiver_hash(deps.storage, recipient.as_str())?,
    };
    let message = ReceiverMsg::Snip1155Receive {
        sender: &info.sender,
        token_id: &transferred.token_id,
        from: &from,
        amount,
        memo,
        msg,
    };
    code_hash.map(|code_hash| receivers::call(recipient.as_str(), &code_hash, &message)).transpose()
}
