//! What an owner lets a spender take.

use cosmwasm_std::{Addr, CanonicalAddr, DepsMut, Env, MessageInfo, Response, StdError, StdResult, Uint128};

use crate::contract::success;
use crate::ledger::{check_status, Ledger};
use crate::msg::{ContractStatusLevel, ExecuteAnswer};
use crate::state::{Allowance, Head};

pub fn increase_allowance(
    deps: DepsMut,
    env: &Env,
    info: MessageInfo,
    spender: String,
    amount: Uint128,
    expiration: Option<u64>,
) -> StdResult<Response> {
    let change = |old: u128| old.saturating_add(amount.u128());
    let (owner, spender, allowance) = change_allowance(deps, env, info, spender, expiration, change)?;
    success(ExecuteAnswer::IncreaseAllowance {
        spender,
        owner,
        allowance,
    })
}

pub fn decrease_allowance(
    deps: DepsMut,
    env: &Env,
    info: MessageInfo,
    spender: String,
    amount: Uint128,
    expiration: Option<u64>,
) -> StdResult<Response> {
    let change = |old: u128| old.saturating_sub(amount.u128());
    let (owner, spender, allowance) = change_allowance(deps, env, info, spender, expiration, change)?;
    success(ExecuteAnswer::DecreaseAllowance {
        spender,
        owner,
        allowance,
    })
}

fn change_allowance(
    deps: DepsMut,
    env: &Env,
    info: MessageInfo,
    spender: String,
    expiration: Option<u64>,
    change: impl Fn(u128) -> u128,
) -> StdResult<(Addr, Addr, Uint128)> {
    check_status(&Head::load(deps.storage)?, ContractStatusLevel::NormalRun)?;
    let spender = deps.api.addr_validate(&spender)?;
    let owner_canonical = deps.api.addr_canonicalize(info.sender.as_str())?;
    let spender_canonical = deps.api.addr_canonicalize(spender.as_str())?;

    let mut allowance = Allowance::load(deps.storage, &owner_canonical, &spender_canonical)?;
    if allowance.is_expired_at(env.block.time.seconds()) {
        // Otherwise the forgotten remainder would come back with the new expiration.
        allowance = Allowance::default();
    }
    allowance.amount = change(allowance.amount);
    if expiration.is_some() {
        allowance.expiration = expiration;
    }
    allowance.save(deps.storage, &owner_canonical, &spender_canonical)?;
    Ok((info.sender, spender, Uint128::new(allowance.amount)))
}

/// Takes `amount` off the allowance, or fails.
pub fn spend_allowance(
    ledger: &mut Ledger,
    owner: &CanonicalAddr,
    spender: &CanonicalAddr,
    amount: u128,
) -> StdResult<()> {
    let mut allowance = Allowance::load(ledger.storage(), owner, spender)?;
    if allowance.is_expired_at(ledger.block_time()) {
        allowance.amount = 0;
    }
    let left = allowance.amount.checked_sub(amount).ok_or_else(|| {
        StdError::generic_err(format!(
            "insufficient allowance: allowance={}, required={}",
            allowance.amount, amount
        ))
    })?;
    allowance.amount = left;
    allowance.save(ledger.storage(), owner, spender)
}
