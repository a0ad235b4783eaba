//! Transfers and sends, of one's own tokens or with an allowance; the batch messages are the same in a loop.

use cosmwasm_std::{CosmosMsg, DepsMut, Env, MessageInfo, StdResult};

use crate::allowances::spend_allowance;
use crate::ledger::Ledger;
use crate::msg::{ContractStatusLevel, SendAction, SendFromAction, TransferAction, TransferFromAction};
use crate::receive::{notify, Notification};

pub fn transfer(deps: DepsMut, env: &Env, info: &MessageInfo, actions: Vec<TransferAction>) -> StdResult<()> {
    let api = deps.api;
    let sender = api.addr_canonicalize(info.sender.as_str())?;
    let mut ledger = Ledger::open(deps.storage, env, ContractStatusLevel::NormalRun)?;
    for action in actions {
        let recipient = api.addr_canonicalize(&action.recipient)?;
        ledger.transfer(&sender, &sender, &recipient, action.amount.u128(), action.memo)?;
    }
    ledger.close()
}

pub fn transfer_from(
    deps: DepsMut,
    env: &Env,
    info: &MessageInfo,
    actions: Vec<TransferFromAction>,
) -> StdResult<()> {
    let api = deps.api;
    let spender = api.addr_canonicalize(info.sender.as_str())?;
    let mut ledger = Ledger::open(deps.storage, env, ContractStatusLevel::NormalRun)?;
    for action in actions {
        let amount = action.amount.u128();
        let owner = api.addr_canonicalize(&action.owner)?;
        let recipient = api.addr_canonicalize(&action.recipient)?;
        spend_allowance(&mut ledger, &owner, &spender, amount)?;
        ledger.transfer(&spender, &owner, &recipient, amount, action.memo)?;
    }
    ledger.close()
}

/// Returns the calls of the receivers.
pub fn send(
    deps: DepsMut,
    env: &Env,
    info: &MessageInfo,
    actions: Vec<SendAction>,
) -> StdResult<Vec<CosmosMsg>> {
    let api = deps.api;
    let sender = api.addr_canonicalize(info.sender.as_str())?;
    let mut ledger = Ledger::open(deps.storage, env, ContractStatusLevel::NormalRun)?;
    let mut messages = Vec::new();
    for action in actions {
        let recipient = api.addr_canonicalize(&action.recipient)?;
        ledger.transfer(&sender, &sender, &recipient, action.amount.u128(), action.memo.clone())?;
        let notification = Notification {
            sender: &info.sender,
            from: info.sender.as_str(),
            amount: action.amount,
            memo: action.memo,
            msg: action.msg,
        };
        messages.extend(notify(
            ledger.storage(),
            action.recipient,
            &recipient,
            action.recipient_code_hash,
            notification,
        )?);
    }
    ledger.close()?;
    Ok(messages)
}

/// Returns the calls of the receivers.
pub fn send_from(
    deps: DepsMut,
    env: &Env,
    info: &MessageInfo,
    actions: Vec<SendFromAction>,
) -> StdResult<Vec<CosmosMsg>> {
    let api = deps.api;
    let spender = api.addr_canonicalize(info.sender.as_str())?;
    let mut ledger = Ledger::open(deps.storage, env, ContractStatusLevel::NormalRun)?;
    let mut messages = Vec::new();
    for action in actions {
        let amount = action.amount.u128();
        let owner = api.addr_canonicalize(&action.owner)?;
        let recipient = api.addr_canonicalize(&action.recipient)?;
        spend_allowance(&mut ledger, &owner, &spender, amount)?;
        ledger.transfer(&spender, &owner, &recipient, amount, action.memo.clone())?;
        let notification = Notification {
            sender: &info.sender,
            from: &action.owner,
            amount: action.amount,
            memo: action.memo,
            msg: action.msg,
        };
        messages.extend(notify(
            ledger.storage(),
            action.recipient,
            &recipient,
            action.recipient_code_hash,
            notification,
        )?);
    }
    ledger.close()?;
    Ok(messages)
}
