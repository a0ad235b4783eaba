//! Entry points, and the table from message to function.

use cosmwasm_std::{
    entry_point, to_binary, Binary, Deps, DepsMut, Env, MessageInfo, Response, StdError, StdResult,
};
use secret_toolkit::crypto::sha_256;
use secret_toolkit::utils::{pad_handle_result, pad_query_result};
use secret_toolkit::viewing_key::{ViewingKey, ViewingKeyStore};

use crate::ledger::Ledger;
use crate::msg::{
    BurnFromAction, ContractStatusLevel, ExecuteAnswer, ExecuteMsg, InstantiateMsg, MintAction, QueryMsg,
    ResponseStatus::Success, SendAction, SendFromAction, TransferAction, TransferFromAction,
};
use crate::state::{save_minters, Config, Head};
use crate::{admin, allowances, authentication, query as queries, receive, supply, transfers};

/// Answers are filled up with spaces to a multiple of this, so that their length says little.
pub const BLOCK_SIZE: usize = 256;

/// More would overflow 128 bits for amounts that people write in whole tokens.
const MAX_DECIMALS: u8 = 18;

#[entry_point]
pub fn instantiate(deps: DepsMut, env: Env, info: MessageInfo, msg: InstantiateMsg) -> StdResult<Response> {
    check_description(&msg)?;
    let admin = match &msg.admin {
        Some(admin) => deps.api.addr_canonicalize(admin)?,
        None => deps.api.addr_canonicalize(info.sender.as_str())?,
    };
    let settings = msg.config.unwrap_or_default();
    let config = Config {
        name: msg.name,
        symbol: msg.symbol,
        decimals: msg.decimals,
        admin: admin.to_vec(),
        public_total_supply: settings.public_total_supply.unwrap_or(false),
        deposit_enabled: settings.enable_deposit.unwrap_or(false),
        redeem_enabled: settings.enable_redeem.unwrap_or(false),
        mint_enabled: settings.enable_mint.unwrap_or(false),
        burn_enabled: settings.enable_burn.unwrap_or(false),
    };
    config.save(deps.storage)?;
    if config.mint_enabled {
        save_minters(deps.storage, std::slice::from_ref(&admin))?;
    }
    // Hashed because a seed may be empty, and an empty value cannot be stored.
    ViewingKey::set_seed(deps.storage, &sha_256(msg.prng_seed.as_slice()));

    Head::new().save(deps.storage)?;
    let mut ledger = Ledger::open(deps.storage, &env, ContractStatusLevel::NormalRun)?;
    for initial in msg.initial_balances.unwrap_or_default() {
        let recipient = deps.api.addr_canonicalize(&initial.address)?;
        let memo = Some("Initial Balance".to_string());
        ledger.mint(&admin, &recipient, initial.amount.u128(), memo)?;
    }
    ledger.close()?;
    Ok(Response::new())
}

#[entry_point]
pub fn execute(deps: DepsMut, env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {
    pad_handle_result(dispatch(deps, &env, info, msg), BLOCK_SIZE)
}

#[entry_point]
pub fn query(deps: Deps, env: Env, msg: QueryMsg) -> StdResult<Binary> {
    pad_query_result(queries::answer(deps, env, msg), BLOCK_SIZE)
}

/// A response that carries nothing but the answer.
pub fn success(answer: ExecuteAnswer) -> StdResult<Response> {
    Ok(Response::new().set_data(to_binary(&answer)?))
}

#[rustfmt::skip]
fn dispatch(deps: DepsMut, env: &Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {
    match msg {
        ExecuteMsg::Deposit { .. } => {
            supply::deposit(deps, env, &info)?;
            success(ExecuteAnswer::Deposit { status: Success })
        }
        ExecuteMsg::Redeem { amount, denom, .. } => {
            let payment = supply::redeem(deps, env, &info, amount, denom)?;
            Ok(success(ExecuteAnswer::Redeem { status: Success })?.add_message(payment))
        }

        ExecuteMsg::Transfer { recipient, amount, memo, .. } => {
            transfers::transfer(deps, env, &info, vec![TransferAction { recipient, amount, memo }])?;
            success(ExecuteAnswer::Transfer { status: Success })
        }
        ExecuteMsg::BatchTransfer { actions, .. } => {
            transfers::transfer(deps, env, &info, actions)?;
            success(ExecuteAnswer::BatchTransfer { status: Success })
        }
        ExecuteMsg::Send { recipient, recipient_code_hash, amount, msg, memo, .. } => {
            let action = SendAction { recipient, recipient_code_hash, amount, msg, memo };
            let calls = transfers::send(deps, env, &info, vec![action])?;
            Ok(success(ExecuteAnswer::Send { status: Success })?.add_messages(calls))
        }
        ExecuteMsg::BatchSend { actions, .. } => {
            let calls = transfers::send(deps, env, &info, actions)?;
            Ok(success(ExecuteAnswer::BatchSend { status: Success })?.add_messages(calls))
        }
        ExecuteMsg::Burn { amount, memo, .. } => {
            supply::burn(deps, env, &info, amount, memo)?;
            success(ExecuteAnswer::Burn { status: Success })
        }
        ExecuteMsg::RegisterReceive { code_hash, .. } => receive::register_receive(deps, info, code_hash),

        ExecuteMsg::CreateViewingKey { entropy, .. } => {
            authentication::create_viewing_key(deps, env, &info, entropy)
        }
        ExecuteMsg::SetViewingKey { key, .. } => authentication::set_viewing_key(deps, &info, &key),
        ExecuteMsg::RevokePermit { permit_name, .. } => {
            authentication::revoke_permit(deps, &info, &permit_name)
        }

        ExecuteMsg::IncreaseAllowance { spender, amount, expiration, .. } => {
            allowances::increase_allowance(deps, env, info, spender, amount, expiration)
        }
        ExecuteMsg::DecreaseAllowance { spender, amount, expiration, .. } => {
            allowances::decrease_allowance(deps, env, info, spender, amount, expiration)
        }
        ExecuteMsg::TransferFrom { owner, recipient, amount, memo, .. } => {
            let action = TransferFromAction { owner, recipient, amount, memo };
            transfers::transfer_from(deps, env, &info, vec![action])?;
            success(ExecuteAnswer::TransferFrom { status: Success })
        }
        ExecuteMsg::BatchTransferFrom { actions, .. } => {
            transfers::transfer_from(deps, env, &info, actions)?;
            success(ExecuteAnswer::BatchTransferFrom { status: Success })
        }
        ExecuteMsg::SendFrom { owner, recipient, recipient_code_hash, amount, msg, memo, .. } => {
            let action = SendFromAction { owner, recipient, recipient_code_hash, amount, msg, memo };
            let calls = transfers::send_from(deps, env, &info, vec![action])?;
            Ok(success(ExecuteAnswer::SendFrom { status: Success })?.add_messages(calls))
        }
        ExecuteMsg::BatchSendFrom { actions, .. } => {
            let calls = transfers::send_from(deps, env, &info, actions)?;
            Ok(success(ExecuteAnswer::BatchSendFrom { status: Success })?.add_messages(calls))
        }
        ExecuteMsg::BurnFrom { owner, amount, memo, .. } => {
            supply::burn_from(deps, env, &info, vec![BurnFromAction { owner, amount, memo }])?;
            success(ExecuteAnswer::BurnFrom { status: Success })
        }
        ExecuteMsg::BatchBurnFrom { actions, .. } => {
            supply::burn_from(deps, env, &info, actions)?;
            success(ExecuteAnswer::BatchBurnFrom { status: Success })
        }

        ExecuteMsg::Mint { recipient, amount, memo, .. } => {
            supply::mint(deps, env, &info, vec![MintAction { recipient, amount, memo }])?;
            success(ExecuteAnswer::Mint { status: Success })
        }
        ExecuteMsg::BatchMint { actions, .. } => {
            supply::mint(deps, env, &info, actions)?;
            success(ExecuteAnswer::BatchMint { status: Success })
        }

        ExecuteMsg::SetMinters { minters, .. } => {
            admin::set_minters(deps, &info, minters)?;
            success(ExecuteAnswer::SetMinters { status: Success })
        }
        ExecuteMsg::AddMinters { minters, .. } => {
            admin::add_minters(deps, &info, minters)?;
            success(ExecuteAnswer::AddMinters { status: Success })
        }
        ExecuteMsg::RemoveMinters { minters, .. } => {
            admin::remove_minters(deps, &info, minters)?;
            success(ExecuteAnswer::RemoveMinters { status: Success })
        }
        ExecuteMsg::ChangeAdmin { address, .. } => {
            admin::change_admin(deps, &info, address)?;
            success(ExecuteAnswer::ChangeAdmin { status: Success })
        }
        ExecuteMsg::SetContractStatus { level, .. } => {
            admin::set_contract_status(deps, &info, level)?;
            success(ExecuteAnswer::SetContractStatus { status: Success })
        }
    }
}

fn check_description(msg: &InstantiateMsg) -> StdResult<()> {
    if !(3..=30).contains(&msg.name.len()) {
        return Err(StdError::generic_err("name: expected 3 to 30 bytes of UTF-8"));
    }
    let is_symbol = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !(3..=20).contains(&msg.symbol.len()) || !msg.symbol.bytes().all(is_symbol) {
        return Err(StdError::generic_err(
            "symbol: expected 3 to 20 letters, digits or hyphens",
        ));
    }
    if msg.decimals > MAX_DECIMALS {
        return Err(StdError::generic_err("decimals: expected at most 18"));
    }
    Ok(())
}
