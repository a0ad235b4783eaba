//! Entry points, the table from message to function, admin and curators.

use cosmwasm_std::{
    entry_point, to_binary, Addr, Binary, CosmosMsg, Deps, DepsMut, Env, MessageInfo, Response, StdError,
    StdResult,
};
use secret_toolkit::utils::{pad_handle_result, pad_query_result};
use shared::{authentication, receivers, BLOCK_SIZE};

use crate::msg::{ExecuteAnswer, ExecuteMsg, InstantiateMsg, QueryMsg, ResponseStatus::Success};
use crate::permissions::Permission;
use crate::state::{save_receiver_hash, Config};
use crate::{ledger, query as queries};

#[entry_point]
pub fn instantiate(
    mut deps: DepsMut,
    _env: Env,
    info: MessageInfo,
    msg: InstantiateMsg,
) -> StdResult<Response> {
    let admin = match &msg.admin {
        Some(admin) => deps.api.addr_validate(admin)?,
        None => info.sender.clone(),
    };
    let mut config = Config {
        admin: if msg.has_admin { Some(admin) } else { None },
        curators: addresses(deps.as_ref(), &msg.curators)?,
        token_ids: vec![],
    };
    ledger::curate(deps.branch(), &info.sender, &mut config, msg.initial_tokens)?;
    config.save(deps.storage)?;
    authentication::set_seed(deps.storage, &msg.entropy);
    Ok(Response::new())
}

#[entry_point]
pub fn execute(deps: DepsMut, env: Env, info: MessageInfo, msg: ExecuteMsg) -> StdResult<Response> {
    let mut calls = Vec::new();
    let answer = dispatch(deps, &env, info, msg, &mut calls);
    let response =
        answer.and_then(|answer| Ok(Response::new().set_data(to_binary(&answer)?).add_messages(calls)));
    pad_handle_result(response, BLOCK_SIZE)
}

#[entry_point]
pub fn query(deps: Deps, env: Env, msg: QueryMsg) -> StdResult<Binary> {
    pad_query_result(queries::answer(deps, env, msg).and_then(|answer| to_binary(&answer)), BLOCK_SIZE)
}

#[rustfmt::skip]
fn dispatch(
    mut deps: DepsMut,
    env: &Env,
    info: MessageInfo,
    msg: ExecuteMsg,
    calls: &mut Vec<CosmosMsg>,
) -> StdResult<ExecuteAnswer> {
    let (status, info) = (Success, &info);
    Ok(match msg {
        ExecuteMsg::CurateTokenIds { initial_tokens } => {
            let mut config = Config::load(deps.storage)?;
            if !config.curators.contains(&info.sender) {
                return Err(StdError::generic_err("Only curators are allowed to curate token_ids"));
            }
            ledger::curate(deps.branch(), &info.sender, &mut config, initial_tokens)?;
            config.save(deps.storage)?;
            ExecuteAnswer::CurateTokenIds { status }
        }
        ExecuteMsg::MintTokens { mint_tokens } => {
            ledger::mint(deps, info, mint_tokens)?;
            ExecuteAnswer::MintTokens { status }
        }
        ExecuteMsg::BurnTokens { burn_tokens } => {
            ledger::burn(deps, env, info, burn_tokens)?;
            ExecuteAnswer::BurnTokens { status }
        }
        ExecuteMsg::Transfer(action) => {
            ledger::transfer(&mut deps, env, info, &action)?;
            ExecuteAnswer::Transfer { status }
        }
        ExecuteMsg::BatchTransfer { actions } => {
            for action in &actions {
                ledger::transfer(&mut deps, env, info, action)?;
            }
            ExecuteAnswer::BatchTransfer { status }
        }
        ExecuteMsg::Send(action) => {
            calls.extend(ledger::send(&mut deps, env, info, action)?);
            ExecuteAnswer::Send { status }
        }
        ExecuteMsg::BatchSend { actions } => {
            for action in actions {
                calls.extend(ledger::send(&mut deps, env, info, action)?);
            }
            ExecuteAnswer::BatchSend { status }
        }
        ExecuteMsg::RegisterReceive { code_hash } => {
            receivers::check_code_hash(&code_hash)?;
            save_receiver_hash(deps.storage, info.sender.as_str(), &code_hash)?;
            ExecuteAnswer::RegisterReceive { status }
        }

        ExecuteMsg::GivePermission {
            allowed_address, token_id, view_balance, view_balance_expiry, view_private_metadata,
            view_private_metadata_expiry, transfer, transfer_expiry,
        } => {
            let allowed = deps.api.addr_validate(&allowed_address)?;
            let old = Permission::may_load(deps.storage, &info.sender, &token_id, &allowed)?.unwrap_or_default();
            let permission = Permission {
                view_balance_perm: view_balance.unwrap_or(old.view_balance_perm),
                view_balance_exp: view_balance_expiry.unwrap_or(old.view_balance_exp),
                view_pr_metadata_perm: view_private_metadata.unwrap_or(old.view_pr_metadata_perm),
                view_pr_metadata_exp: view_private_metadata_expiry.unwrap_or(old.view_pr_metadata_exp),
                trfer_allowance_perm: transfer.unwrap_or(old.trfer_allowance_perm),
                trfer_allowance_exp: transfer_expiry.unwrap_or(old.trfer_allowance_exp),
            };
            permission.save(deps.storage, &info.sender, &token_id, &allowed)?;
            ExecuteAnswer::GivePermission { status }
        }
        ExecuteMsg::RevokePermission { token_id, owner, allowed_address } => {
            let (owner, allowed) = (deps.api.addr_validate(&owner)?, deps.api.addr_validate(&allowed_address)?);
            if info.sender != owner && info.sender != allowed {
                let text = "Only the owner or the allowed address can revoke a permission";
                return Err(StdError::generic_err(text));
            }
            Permission::remove(deps.storage, &owner, &token_id, &allowed);
            ExecuteAnswer::RevokePermission { status }
        }

        ExecuteMsg::CreateViewingKey { entropy } => {
            let key = authentication::create_viewing_key(deps.storage, env, info, &entropy);
            ExecuteAnswer::CreateViewingKey { key }
        }
        ExecuteMsg::SetViewingKey { key } => {
            authentication::set_viewing_key(deps.storage, info, &key);
            ExecuteAnswer::SetViewingKey { status }
        }

        ExecuteMsg::AddCurators { add_curators } => {
            administer(deps, info, &add_curators, |config, added| {
                for curator in added {
                    if !config.curators.contains(&curator) {
                        config.curators.push(curator);
                    }
                }
                Ok(())
            })?;
            ExecuteAnswer::AddCurators { status }
        }
        ExecuteMsg::RemoveCurators { remove_curators } => {
            administer(deps, info, &remove_curators, |config, removed| {
                config.curators.retain(|curator| !removed.contains(curator));
                Ok(())
            })?;
            ExecuteAnswer::RemoveCurators { status }
        }
        ExecuteMsg::ChangeAdmin { new_admin } => {
            administer(deps, info, &[new_admin], |config, mut admin| {
                config.admin = admin.pop();
                Ok(())
            })?;
            ExecuteAnswer::ChangeAdmin { status }
        }
        ExecuteMsg::RemoveAdmin { current_admin } => {
            administer(deps, info, &[current_admin], |config, named| {
                if config.admin.as_ref() != named.first() {
                    return Err(StdError::generic_err("The current admin must be named to remove it"));
                }
                config.admin = None;
                Ok(())
            })?;
            ExecuteAnswer::RemoveAdmin { status }
        }
    })
}

fn addresses(deps: Deps, addresses: &[String]) -> StdResult<Vec<Addr>> {
    addresses.iter().map(|address| deps.api.addr_validate(address)).collect()
}

/// A change of the configuration, with these addresses, by the admin.
fn administer(
    deps: DepsMut,
    info: &MessageInfo,
    named: &[String],
    change: impl FnOnce(&mut Config, Vec<Addr>) -> StdResult<()>,
) -> StdResult<()> {
    let mut config = Config::load(deps.storage)?;
    if config.admin.as_ref() != Some(&info.sender) {
        return Err(StdError::generic_err("This is an admin function"));
    }
    change(&mut config, addresses(deps.as_ref(), named)?)?;
    config.save(deps.storage)
}
