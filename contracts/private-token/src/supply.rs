//! What changes the total supply: deposits and redemptions of the native coin, mints and burns.

use cosmwasm_std::{coins, BankMsg, CosmosMsg, DepsMut, Env, MessageInfo, StdError, StdResult, Uint128};

use crate::allowances::spend_allowance;
use crate::ledger::Ledger;
use crate::msg::{BurnFromAction, ContractStatusLevel, MintAction};
use crate::state::{load_minters, Config, NATIVE_DENOM};

pub fn deposit(deps: DepsMut, env: &Env, info: &MessageInfo) -> StdResult<()> {
    if !Config::load(deps.storage)?.deposit_enabled {
        return Err(StdError::generic_err(
            "Deposit functionality is not enabled for this token.",
        ));
    }
    let mut amount = Uint128::zero();
    for coin in &info.funds {
        if coin.denom != NATIVE_DENOM {
            return Err(StdError::generic_err(format!(
                "Tried to deposit an unsupported coin: {}",
                coin.denom
            )));
        }
        amount += coin.amount;
    }
    if amount.is_zero() {
        return Err(StdError::generic_err("No funds were sent to be deposited"));
    }
    let owner = deps.api.addr_canonicalize(info.sender.as_str())?;
    let mut ledger = Ledger::open(deps.storage, env, ContractStatusLevel::NormalRun)?;
    ledger.deposit(&owner, amount.u128())?;
    ledger.close()
}

/// Returns the payment to the owner. Whether the contract has that many coins, the bank module says.
pub fn redeem(
    deps: DepsMut,
    env: &Env,
    info: &MessageInfo,
    amount: Uint128,
    denom: Option<String>,
) -> StdResult<CosmosMsg> {
    if !Config::load(deps.storage)?.redeem_enabled {
        return Err(StdError::generic_err(
            "Redeem functionality is not enabled for this token.",
        ));
    }
    if denom.map_or(false, |denom| denom != NATIVE_DENOM) {
        return Err(StdError::generic_err("Tried to redeem for an unsupported coin"));
    }
    let owner = deps.api.addr_canonicalize(info.sender.as_str())?;
    let mut ledger = Ledger::open(deps.storage, env, ContractStatusLevel::StopAllButRedeems)?;
    ledger.redeem(&owner, amount.u128())?;
    ledger.close()?;
    Ok(BankMsg::Send {
        to_address: info.sender.to_string(),
        amount: coins(amount.u128(), NATIVE_DENOM),
    }
    .into())
}

pub fn mint(deps: DepsMut, env: &Env, info: &MessageInfo, actions: Vec<MintAction>) -> StdResult<()> {
    if !Config::load(deps.storage)?.mint_enabled {
        return Err(StdError::generic_err(
            "Mint functionality is not enabled for this token.",
        ));
    }
    let api = deps.api;
    let minter = api.addr_canonicalize(info.sender.as_str())?;
    if !load_minters(deps.storage)?.contains(&minter) {
        return Err(StdError::generic_err("Minting is allowed to minter accounts only"));
    }
    let mut ledger = Ledger::open(deps.storage, env, ContractStatusLevel::NormalRun)?;
    for action in actions {
        let recipient = api.addr_canonicalize(&action.recipient)?;
        ledger.mint(&minter, &recipient, action.amount.u128(), action.memo)?;
    }
    ledger.close()
}

pub fn burn(
    deps: DepsMut,
    env: &Env,
    info: &MessageInfo,
    amount: Uint128,
    memo: Option<String>,
) -> StdResult<()> {
    check_burn_enabled(&deps)?;
    let owner = deps.api.addr_canonicalize(info.sender.as_str())?;
    let mut ledger = Ledger::open(deps.storage, env, ContractStatusLevel::NormalRun)?;
    ledger.burn(&owner, &owner, amount.u128(), memo)?;
    ledger.close()
}

pub fn burn_from(deps: DepsMut, env: &Env, info: &MessageInfo, actions: Vec<BurnFromAction>) -> StdResult<()> {
    check_burn_enabled(&deps)?;
    let api = deps.api;
    let spender = api.addr_canonicalize(info.sender.as_str())?;
    let mut ledger = Ledger::open(deps.storage, env, ContractStatusLevel::NormalRun)?;
    for action in actions {
        let amount = action.amount.u128();
        let owner = api.addr_canonicalize(&action.owner)?;
        spend_allowance(&mut ledger, &owner, &spender, amount)?;
        ledger.burn(&spender, &owner, amount, action.memo)?;
    }
    ledger.close()
}

fn check_burn_enabled(deps: &DepsMut) -> StdResult<()> {
    if !Config::load(deps.storage)?.burn_enabled {
        return Err(StdError::generic_err(
            "Burn functionality is not enabled for this token.",
        ));
    }
    Ok(())
}
